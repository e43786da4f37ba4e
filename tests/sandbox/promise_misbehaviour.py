"""Those who misbehave: everybody else goes on."""

import asyncio
import json
import signal

from kit import MB, Kit
from leaks import descendants
from registry import BOTH, MOST_WATCHING, NAMESPACE, ROOT, at

from lambent.sandbox import groups
from lambent.sandbox.spec import ExitStatus, Level


@at(BOTH)
async def a_fork_bomb_harms_nobody_else(kit: Kit) -> None:
    if kit.level is Level.PROCESS and groups.PIDS not in groups.find().controllers:
        return  # RLIMIT_NPROC counts the user's own processes too: nothing could be started beside it
    async with kit.sandbox("bomb", processes=100, cpus=0.2) as bomb, kit.sandbox("other") as other:
        process, reader = await kit.start(bomb, "bomb")
        await reader.readline()
        await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(kit.ask(other, "remember"), 10))[0] == 1
        process.kill()
        assert (await asyncio.wait_for(process.exited, 20)).signal == signal.SIGKILL
        assert descendants(bomb.pid) == []
        assert (await kit.ask(bomb, "remember"))[0] == 1


@at(BOTH)
async def a_daemon_ends_with_its_function(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert await kit.ask(sandbox, "daemonise") == "left"
        assert descendants(sandbox.pid) == []


@at(BOTH)
async def who_closes_all_descriptors_ends_as_any_other(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert await kit.run(sandbox, "close_everything") == (ExitStatus(code=3), b'"closing"\n')
        assert (await kit.ask(sandbox, "remember"))[0] == 1


@at(NAMESPACE)
async def a_full_tmp_harms_nobody_else(kit: Kit) -> None:
    async with kit.sandbox("full", tmp_bytes=4 * MB) as full, kit.sandbox("other", tmp_bytes=4 * MB) as other:
        assert await kit.ask(full, "fill_tmp", MEGABYTES="5") == "ENOSPC"
        assert (await kit.ask(other, "remember"))[0] == 1
        assert await kit.ask(full, "fill_tmp", MEGABYTES="3") == "done"


@at(NAMESPACE)
async def what_the_kernel_counts_by_user_is_counted_apart(kit: Kit) -> None:
    """Also of a sandbox's later processes, which are not forked ahead."""
    counts = []
    async with kit.sandbox("full") as full, kit.sandbox("other") as other:
        assert (await kit.ask(other, "remember"))[0] == 1
        for sandbox in (full, other, full):
            _, reader = await kit.start(sandbox, "queue_signals")
            counts.append(json.loads(await reader.readline()))
    assert kit.host.counts_apart
    assert bool(kit.host.users_problem) != ROOT
    assert counts == [50, 50, 0]


@at(NAMESPACE)
async def no_environment_has_all_that_is_counted_for_all(kit: Kit) -> None:
    """The kernel counts inotify instances of an ordinary user's namespaces to that user: each gets a share."""
    async with kit.sandbox("full") as full, kit.sandbox("other") as other:
        counts = []
        for sandbox in (full, other):
            _, reader = await kit.start(sandbox, "watch_all")
            counts.append(json.loads(await reader.readline()))
        assert counts == [MOST_WATCHING if ROOT else MOST_WATCHING // 4] * 2
        assert await kit.ask(full, "own_share") == ["EACCES", "EACCES"]


@at(NAMESPACE)
async def the_end_of_many_files_holds_nobody_up(kit: Kit) -> None:
    """They go with the last who has /tmp open, which is the server: its event loop turns meanwhile."""
    longest, loop = [0.0], asyncio.get_running_loop()

    async def turn() -> None:
        while True:
            began = loop.time()
            await asyncio.sleep(0.001)
            longest[0] = max(longest[0], loop.time() - began)

    sandbox = await kit.host.create(kit.spec("full", memory_bytes=1 << 30))
    assert await kit.ask(sandbox, "many_files", COUNT="150000") == "done"
    took = loop.time()
    turning = asyncio.create_task(turn())
    await sandbox.destroy()
    await asyncio.to_thread(lambda: None)
    turning.cancel()
    assert longest[0] < 0.1, (longest, loop.time() - took)
