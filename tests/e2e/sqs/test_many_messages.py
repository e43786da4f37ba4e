"""A hundred thousand messages: the start does not wait for them, and memory does not hold what they say."""

import asyncio
import time
from pathlib import Path

from lambent.queues.content import Content
from lambent.store.queues import Changes, MessageRow
from tests.e2e.sqs import victim

MANY = 100_000
MEMORY_MB = 60
"""The contents alone are 100 MB."""
SECONDS = 2.0
"""Of the processor: what else this machine does is not ours."""


def resident() -> float:
    """MB of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


async def fill(folder: Path) -> None:
    store, env = await victim.open_victim(folder)
    uid, now = env.registry.get(victim.SCOPE, "keep").uid, time.time()
    said = Content("id", "x" * 1000, "md5", "sender", {}).encode()
    for start in range(1, MANY, 10_000):
        seqs = range(start, start + 10_000)
        rows = [MessageRow(uid, seq, now, 0.0, 0, 0.0, 0.0, "") for seq in seqs]
        await store.queues.write(Changes(messages=rows, contents=[(seq, said) for seq in seqs]))
    await store.close()


async def use(folder: Path) -> None:
    before, began = resident(), time.process_time()
    store, env = await victim.open_victim(folder)
    queue = env.registry.get(victim.SCOPE, "keep")
    first = await env.messages.receive(queue, 10, 0, 30)
    assert len(first) == 10 and first[0].content.body == "x" * 1000
    took = time.process_time() - began
    for _ in range(200):
        found = await env.messages.receive(queue, 10, 0, 30)
        await env.messages.delete(queue, [one.handle for one in found])
    grown = resident() - before
    await store.queues.close()
    await store.close()
    print(f"{took:.2f} s to the first of {MANY} messages, {grown:.0f} MB")
    assert took < SECONDS
    assert grown < MEMORY_MB


def test_a_hundred_thousand_messages_cost_little(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "data"))
    asyncio.run(use(tmp_path / "data"))
