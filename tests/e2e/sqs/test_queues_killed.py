"""kill -9 at random moments under load: what was acknowledged is received, deleted or still there.

LAMBENT_KILL_ROUNDS sets how often (20 by default).
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.sqs import victim

ROUNDS = int(os.environ.get("LAMBENT_KILL_ROUNDS", "20"))


@dataclass
class Told:
    """What the victims have said, over all their lives."""

    sent: set[str] = field(default_factory=set)
    deleting: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    received_after_deletion: list[str] = field(default_factory=list)

    def read(self, output: str) -> None:
        for line in output.splitlines():
            kind, _, rest = line.partition(" ")
            body, _, count = rest.partition(" ")
            if kind == "s":
                self.sent.add(body)
            elif kind == "d":
                self.deleting.add(body)
            elif kind == "D":
                self.deleted.add(body)
            elif kind == "r":
                self.counts[body].append(int(count))
                if body in self.deleted:
                    self.received_after_deletion.append(body)


def live_and_die(folder: Path, life: int, seconds: float) -> str:
    """One life of a victim; what it said, but for a line that the kill has cut off."""
    command = [sys.executable, "-m", "tests.e2e.sqs.victim", str(folder), str(life)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    ready = process.stdout.readline()
    assert ready == "ready\n", process.stderr.read()
    timer = _Killer(process, seconds)
    output = process.stdout.read()
    timer.join()
    process.stdout.close()
    process.stderr.close()
    return output.rpartition("\n")[0]


class _Killer:
    """Kills after some seconds, while someone else reads."""

    def __init__(self, process: "subprocess.Popen[str]", seconds: float) -> None:
        import threading

        self._process, self._seconds = process, seconds
        self._thread = threading.Thread(target=self._kill)
        self._thread.start()

    def _kill(self) -> None:
        time.sleep(self._seconds)
        self._process.send_signal(signal.SIGKILL)

    def join(self) -> None:
        self._thread.join()
        assert self._process.wait(10) == -signal.SIGKILL


async def left_over(folder: Path) -> dict[str, str]:
    """Every message that is on disk: its body and where."""
    store, env = await victim.open_victim(folder)
    found = {}
    for name in victim.QUEUES:
        queue = env.registry.get(victim.SCOPE, name)
        rows = await store.queues.load(queue.uid)
        said = await env.messages.contents([row.seq for row in rows])
        assert len(said) == len(rows), "a message without its content"
        for content in said.values():
            assert content.body not in found, f"{content.body} is there twice"
            found[content.body] = name
    await store.queues.close()
    await store.close()
    return found


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    told, chance = Told(), random.Random(7)
    for life in range(ROUNDS):
        told.read(live_and_die(tmp_path / "data", life, chance.uniform(0.05, 0.3)))
    found = asyncio.run(left_over(tmp_path / "data"))
    lost = told.sent - told.deleting - found.keys()
    print(f"{ROUNDS} kills: {len(told.sent)} sent, {len(told.deleted)} deleted, {len(found)} left, {len(lost)} lost")
    assert len(told.sent) > 20 * ROUNDS and told.deleted
    assert not lost
    assert not told.deleted & found.keys(), "deleted, and there"
    assert not told.received_after_deletion
    _check_receives(told, found)


def _check_receives(told: Told, found: dict[str, str]) -> None:
    for body, counts in told.counts.items():
        name = body.partition("/")[0]
        # A count that was handed out is on disk: it never comes twice, whatever was killed in between.
        assert counts == sorted(set(counts)), (body, counts)
        if name == "retry":
            assert counts[-1] <= victim.MOST_RECEIVES, (body, counts)
        else:
            assert len(counts) == 1, f"{body} was received while invisible: {counts}"
    assert {name for body, name in found.items() if body.startswith("retry/")} <= {"retry", "dead"}
    assert "dead" in found.values()
    _check_order([body for body in told.counts if body.startswith("order.fifo/")])


def _check_order(received: list[str]) -> None:
    """Within each group in the order of sending."""
    groups: dict[str, list[str]] = defaultdict(list)
    for body in received:
        match = re.fullmatch(r"order\.fifo/(.+)/(\d+)", body)
        assert match is not None
        groups[match[1]].append(match[2])
    assert groups
    for numbers in groups.values():
        assert numbers == sorted(numbers)
