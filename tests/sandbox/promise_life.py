"""The life of a sandbox."""

import asyncio
import json
import signal
from collections.abc import Awaitable

from kit import Kit
from leaks import descendants
from registry import BOTH, NAMESPACE, at

from lambent.sandbox import groups
from lambent.sandbox.errors import (
    SandboxGone,
)
from lambent.sandbox.spec import ExitStatus, Level


@at(BOTH)
async def exits_are_told(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert (await kit.run(sandbox, "end", HOW="exit"))[0] == ExitStatus(code=7)
        assert (await kit.run(sandbox, "end", HOW="signal"))[0] == ExitStatus(signal=signal.SIGSEGV)
        assert (await kit.run(sandbox, "end", HOW="raise"))[0] == ExitStatus(code=1)
        assert await kit.run(sandbox, "end", HOW="atexit") == (ExitStatus(code=0), b'"at exit"\n')


@at(BOTH)
async def a_sandbox_outlives_its_processes(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        first = await kit.ask(sandbox, "remember")
        second = await kit.ask(sandbox, "remember")
        third = await kit.ask(sandbox, "remember")
    assert [found[0] for found in (first, second, third)] == [1, 2, 3]
    assert len({found[1] for found in (first, second, third)}) == 3, "random is the same"
    assert len({found[2] for found in (first, second, third)}) == 3, "names of temporary files are the same"


@at(BOTH)
async def sandboxes_do_not_share_tmp(kit: Kit) -> None:
    async with kit.sandbox("one") as one, kit.sandbox("two") as two:
        assert (await kit.ask(one, "remember"))[0] == (await kit.ask(two, "remember"))[0] == 1


@at(BOTH)
async def what_a_process_leaves_behind_ends_with_it(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        assert await kit.ask(sandbox, "leave_children") == "left"
        assert descendants(sandbox.pid) == []


@at(BOTH)
async def a_process_can_be_killed(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
        process.kill()
        assert await process.exited == ExitStatus(signal=signal.SIGKILL)
        process.kill()
        assert (await kit.ask(sandbox, "remember"))[0] == 1


@at(BOTH)
async def each_of_several_processes_tells_its_end(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        started = [await kit.start(sandbox, "sleep") for _ in range(3)]
        for _, reader in started:
            await reader.readline()
        (first, _), (second, _), (third, _) = started
        first.kill()
        assert await asyncio.wait_for(first.exited, 5) == ExitStatus(signal=signal.SIGKILL)
        assert not second.exited.done() and not third.exited.done()
        assert (await kit.ask(sandbox, "remember"))[0] == 1
        second.terminate()
        assert await asyncio.wait_for(second.exited, 5) == ExitStatus(signal=signal.SIGTERM)
        sandbox.kill_processes()
        assert await asyncio.wait_for(third.exited, 5) == ExitStatus(signal=signal.SIGKILL)
        assert (await kit.ask(sandbox, "remember"))[0] == 2


@at(BOTH)
async def who_ignores_sigterm_ends_by_sigkill(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "ignore_sigterm")
        assert json.loads(await reader.readline()) == "ready"
        process.terminate()
        assert json.loads(await reader.readline()) == "ignored"
        assert not process.exited.done()
        process.kill()
        assert await asyncio.wait_for(process.exited, 5) == ExitStatus(signal=signal.SIGKILL)


@at(BOTH)
async def what_a_process_leaves_stays_while_another_runs(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        other, reader = await kit.start(sandbox, "sleep")
        await reader.readline()
        assert await kit.ask(sandbox, "leave_children") == "left"
        assert len(descendants(sandbox.pid)) == 4
        other.kill()
        await other.exited
        assert descendants(sandbox.pid) == []


@at(BOTH)
async def a_port_inside_can_be_connected_to(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        process, reader = await kit.start(sandbox, "answer_once")
        found = json.loads(await reader.readline())
        if kit.level is Level.NAMESPACE:
            assert found["names"] == ["127.0.0.1", "127.0.0.1"], found
        loop = asyncio.get_running_loop()
        with await asyncio.wait_for(sandbox.connect(found["port"]), 5) as sock:
            await loop.sock_sendall(sock, b"hello")
            assert await asyncio.wait_for(loop.sock_recv(sock, 100), 5) == b"you said hello"
        assert (await process.exited).code == 0
        await fails(sandbox.connect(found["port"]), ConnectionRefusedError)
        await sandbox.destroy()
        await fails(sandbox.connect(found["port"]), SandboxGone)


async def fails(attempt: Awaitable[object], error: type[Exception]) -> None:
    try:
        await asyncio.wait_for(attempt, 5)
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


@at(NAMESPACE)
async def a_connection_to_a_frozen_sandbox_waits(kit: Kit) -> None:
    async with kit.sandbox() as sandbox:
        _, reader = await kit.start(sandbox, "answer_once")
        found = json.loads(await reader.readline())
        sandbox.freeze()
        given_up = asyncio.create_task(sandbox.connect(found["port"]))
        waiting = asyncio.create_task(sandbox.connect(found["port"]))
        await asyncio.sleep(0.05)
        if groups.FREEZER in groups.find().controllers:
            assert not waiting.done()
        given_up.cancel()
        sandbox.thaw()
        with await asyncio.wait_for(waiting, 5) as sock:
            await asyncio.get_running_loop().sock_sendall(sock, b"bye")
