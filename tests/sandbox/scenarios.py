"""What is tested, once as root and once as an ordinary user: `python scenarios.py NAME LEVEL [TOOL] PLACE`.

Run by test_scenarios.py in a process of its own, so that descriptors and children can be counted.
"""

import asyncio
import importlib
import os
import sys
import traceback
from pathlib import Path

import outbound
from kit import Kit, opened
from leaks import adopting_orphans, assert_same, census
from registry import SCENARIOS, USER
from world import World

from lambent.sandbox import network

PROMISES = (
    "promise_identity",
    "promise_limits",
    "promise_misbehaviour",
    "promise_life",
    "promise_folders",
    "promise_roots",
    "promise_ends",
    "promise_snapshots",
)  # fmt: skip
"""The files with the scenarios, by what they hold Lambent to."""
for promise in PROMISES:
    importlib.import_module(promise)


# --- the server that is killed: the test kills this process while it waits


async def wait_to_be_killed(kit: Kit) -> None:
    """Sandboxes that run, stand still, wait and are being made."""
    await kit.host.create(kit.spec("idle"))
    running = await kit.host.create(kit.spec("running"))
    frozen = await kit.host.create(kit.spec("frozen"))
    for sandbox in (running, frozen):
        _, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
    frozen.freeze()
    making = [asyncio.create_task(kit.host.create(kit.spec(f"making{number}"))) for number in range(3)]
    await asyncio.sleep(0.003)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.wait(making)
    await asyncio.sleep(60)


PLAYED = "played to its end"
"""What is said at last: a script that does nothing ends well, too."""


async def main(place: Path, name: str, level: str, tool: str = "") -> None:
    """`tool`: the program that an ordinary user's way out goes through."""
    if name == "wait_to_be_killed":
        async with opened(level, place, "killed") as kit:
            await wait_to_be_killed(kit)
        return
    owner = f"test{os.getpid()}"
    with adopting_orphans():
        if name in outbound.SCENARIOS:
            await _in_a_world(name, place, owner, tool)
            return
        before = census(owner, place)
        async with opened(level, place, owner) as kit:
            await SCENARIOS[name][0](kit)
        assert_same(before, owner, place)


async def _in_a_world(name: str, place: Path, owner: str, tool: str) -> None:
    world = World(place)
    left = world.left()
    if tool:
        os.chown(place, USER, USER)
        world.become(USER)
        network.TOOLS = (tool,)
    before = census(owner, place)
    async with opened("namespace", place, owner, "nat") as kit:
        await outbound.SCENARIOS[name](kit, world)
    assert_same(before, owner, place)
    if not tool:
        assert world.left() == left


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[-1]), *sys.argv[1:-1]))
        print(PLAYED)
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
