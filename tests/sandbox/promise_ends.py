"""Many, and how they end."""

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from kit import MB, Kit
from leaks import census
from registry import BOTH, NAMESPACE, at

from lambent.sandbox import groups
from lambent.sandbox.errors import (
    SandboxError,
    StepFailed,
)
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.inside import plan
from lambent.sandbox.spec import ZygoteSpec


@at(BOTH)
async def many_are_made_at_once(kit: Kit) -> None:
    async def one(number: int) -> int:
        async with kit.sandbox(f"many{number}") as sandbox:
            return int((await kit.ask(sandbox, "remember"))[0])

    assert await asyncio.gather(*(one(number) for number in range(24))) == [1] * 24


@at(BOTH)
async def cancelled_creations_leave_nothing(kit: Kit) -> None:
    await kit.host.warm(kit.zygote)
    for pause in (0, 0.0005, 0.001, 0.002, 0.004):
        tasks = [asyncio.create_task(kit.host.create(kit.spec(f"cancelled{number}"))) for number in range(4)]
        await asyncio.sleep(pause)
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(found, BaseException):
                await found.destroy()


@at(NAMESPACE)
async def a_dead_zygote_is_replaced(kit: Kit) -> None:
    async with kit.sandbox("before") as before:
        _, reader = await kit.start(before, "tick")
        await reader.readline()
        before.freeze()
        os.kill(_zygote(), signal.SIGKILL)
        await asyncio.wait_for(asyncio.shield(before.gone), 5)
        async with kit.sandbox("after") as after:
            assert (await kit.ask(after, "remember"))[0] == 1


@at(BOTH)
async def what_can_not_be_preloaded_is_left_out(kit: Kit) -> None:
    names = ("broken", "missing_module", "thready", "deadly", "probes")
    skipped = await kit.host.warm(ZygoteSpec(kit.interpreter, paths=(str(kit.code),), preload=names))
    assert set(skipped) == set(names[:4]), skipped
    assert "broken on purpose" in skipped["broken"] and "threads" in skipped["thready"], skipped


@at(BOTH)
async def a_missing_interpreter_is_named(kit: Kit) -> None:
    try:
        await kit.host.warm(ZygoteSpec(Path("/nothing/python")))
    except SandboxError as failed:
        assert "/nothing/python" in str(failed)
    else:
        raise AssertionError("started an interpreter that is not there")


@at(BOTH)
async def every_failing_step_is_named_and_leaves_nothing(kit: Kit) -> None:
    """Fail the first step, the second, ... of every plan."""
    level = kit.level.value
    await kit.host.warm(kit.zygote)
    async with kit.sandbox("before"):
        pass
    held = await _held_by_zygote(-1)
    await fail_each(kit, ["control_group", *steps_of(plan.SOURCES[level], plan.SANDBOX[level])], _make_one)
    await fail_each(kit, steps_of(plan.FORK[level], plan.BLANK[level]), _make_one)
    await fail_each(kit, steps_of(plan.STARTED), _start_one)
    assert await _held_by_zygote(held) == held
    await fail_each(kit, steps_of(plan.GUARD[level], plan.ZYGOTE[level]), _warm_another)


def _zygote() -> int:
    """Its process id. What it forks ahead has its name, too, but not the guard for a parent."""
    names = {int(line.split()[0]): line.split()[1] for line in census("none")["processes"]}
    for pid in (pid for pid, name in names.items() if name == "lambent-zygote"):
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        if names.get(int(parent)) == "lambent-guard":
            return pid
    raise AssertionError(f"no zygote: {names}")


async def _held_by_zygote(expected: int) -> int:
    """How many descriptors the zygote has, once it has made its next keeper ahead: when it stays so for a while."""
    zygote = _zygote()
    seen: list[int] = []
    for _ in range(60):
        await asyncio.sleep(0.05)
        try:
            seen.append(len(os.listdir(f"/proc/{zygote}/fd")))
        except PermissionError:  # it runs in a user namespace
            return 0
        if seen[-1] == expected or (expected < 0 and len(seen) >= 8 and len(set(seen[-8:])) == 1):
            break
    return seen[-1]


def steps_of(*plans: tuple[object, ...]) -> list[str]:
    return [step.__name__.rpartition(".")[2] for steps in plans for step in steps]  # type: ignore[attr-defined]


async def fail_each(kit: Kit, steps: list[str], act: Callable[[Kit, str], Awaitable[None]]) -> None:
    for step in steps:
        try:
            await act(kit, step)
        except StepFailed as failed:
            assert (failed.step, failed.operation, failed.errno) == (step, "injected", errno.EIO), failed
        else:
            raise AssertionError(f"{step} did not fail")
        finally:
            kit.host.fail_step = ""
        async with kit.sandbox("after") as sandbox:
            assert (await kit.ask(sandbox, "remember"))[0] == 1, step


async def _make_one(kit: Kit, step: str) -> None:
    await kit.host.warm(kit.zygote)
    kit.host.fail_step = step
    async with kit.sandbox("failing"):
        pass


async def _start_one(kit: Kit, step: str) -> None:
    async with kit.sandbox("failing") as sandbox:
        sandbox.fail_step = step
        try:
            await kit.start(sandbox, "remember")
        finally:
            sandbox.fail_step = ""
            assert (await kit.ask(sandbox, "remember"))[0] == 1


async def _warm_another(kit: Kit, step: str) -> None:
    kit.host.fail_step = step
    await kit.host.warm(ZygoteSpec(kit.interpreter, paths=("/another",), preload=("json",)))


@at(BOTH)
async def leftovers_are_swept(kit: Kit) -> None:
    """As after a server and a guard that were both killed."""
    owner = f"swept{os.getpid()}"
    state = kit.code.parent / f"state-{owner}"
    tree = groups.find()
    tree.create(f"lambent-{owner}-old-one", groups.Limits(MB * 64, 10))
    (state / f"lambent-{owner}-old-one" / "tmp").mkdir(parents=True)
    host = await SandboxHost.open(state, kit.level, owner)
    assert not any(owner in name for folder in tree.folders for name in os.listdir(folder))
    assert list(state.iterdir()) == []
    await host.close()
