"""The server's side of one zygote: started, waited for, spoken to, ended."""

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import SnapshotFailed, SnapshotUnfit, StepFailed, ZygoteFailed, ZygoteKilled
from lambent.sandbox.inside import wire
from lambent.sandbox.orders import HostSettings, zygote_order
from lambent.sandbox.spec import ZygoteSpec

PRELOAD_SECONDS = 60.0
SNAPSHOT_SECONDS = 130.0
"""Imports and the function's initialisation: what AWS grants to functions with SnapStart
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html)."""
END_SECONDS = 5.0
NOTICE_SECONDS = 0.05
"""How long after its forks an end of the zygote itself may be noticed."""
TURNS = 8
"""How many sandboxes are made at once: more would only wait for each other."""

_HERE = str(Path(__file__).parent)
_log = logging.getLogger("lambent.sandbox")


@dataclass(slots=True)
class _Start:
    """What is known while a zygote starts."""

    ready: "asyncio.Future[dict[str, Any]]"
    lost: "asyncio.Future[None]"
    importing: str = ""
    listening: "Listening | None" = None
    channel: Channel | None = None
    going: "asyncio.Task[None] | None" = None


Listening = Callable[[dict[int, socket.socket], int], Awaitable[None]]
"""Takes sockets by port, and the network namespace they are in, whose descriptor is then the taker's. The
initialisation begins when it is done."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a snapshot is given: descriptors, which stay the giver's (`stdio` by number inside, `joins` for its group),
    who takes its listening sockets (non-blocking, by port) before its initialisation begins, its own user outside."""

    stdio: Mapping[int, int] = field(default_factory=dict)
    joins: Sequence[int] = ()
    listening: Listening | None = None
    user: int = 0


@dataclass(slots=True)
class Zygote:
    """A running zygote. `skipped`: modules that could not be preloaded, and why."""

    process: "subprocess.Popen[bytes]"
    channel: Channel
    dead: "asyncio.Future[None]"
    """Resolved when it, its guard and at level NAMESPACE all its sandboxes have ended."""
    lost: "asyncio.Future[None]"
    """Resolved when it ends by itself, before its sandboxes have: what is frozen then must be thawed to end."""
    baseline_bytes: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS))

    @classmethod
    async def start(cls, spec: ZygoteSpec, settings: HostSettings, given: Given = Given()) -> "Zygote":
        """Raises ZygoteFailed, StepFailed; for a snapshot also SnapshotFailed, SnapshotUnfit.

        A module that can't be imported in a zygote (it ends the process, hangs, starts threads) is left out.
        """
        left_out: dict[str, str] = {}
        while True:
            kept = tuple(name for name in spec.preload if name not in left_out)
            try:
                zygote = await _launch(replace(spec, preload=kept), settings, given)
            except _Unfit as unfit:
                left_out[unfit.module] = unfit.reason
                continue
            zygote.skipped = {**left_out, **zygote.skipped}
            for name, reason in zygote.skipped.items():
                _log.info("zygote %s does not preload %s: %s", spec.interpreter, name, reason)
            return zygote

    async def settled(self) -> None:
        """Until it is known whether it still lives: a little after what it forked was found dead."""
        await asyncio.wait([self.lost], timeout=NOTICE_SECONDS)

    async def stop(self) -> None:
        """End it, and at level NAMESPACE every sandbox of it."""
        self.channel.close()
        try:
            await asyncio.wait_for(asyncio.shield(self.dead), END_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.dead


class _Unfit(Exception):
    """A module that the zygote can't preload."""

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(module)
        self.module = module
        self.reason = reason


async def _launch(spec: ZygoteSpec, settings: HostSettings, given: Given) -> Zygote:
    ours, theirs = Channel.pair()
    loop = asyncio.get_running_loop()
    start = _Start(loop.create_future(), loop.create_future(), listening=given.listening)
    channel = Channel(ours, lambda message: _on_message(start, message))
    start.channel = channel
    try:
        process = spawn(spec.interpreter, theirs.fileno())
    except OSError as failed:
        channel.close()
        raise ZygoteFailed(f"the interpreter {spec.interpreter} can't be started: {failed}") from failed
    finally:
        theirs.close()
    lifeline, held = os.pipe2(os.O_CLOEXEC)
    zygote = Zygote(process, channel, _watch(process, held), start.lost)
    try:
        users = [settings.users] if settings.users >= 0 else []
        await _make_ready(zygote, spec, settings, start, [lifeline, *users, *given.stdio.values(), *given.joins], given)
    except BaseException:
        await asyncio.shield(zygote.stop())
        raise
    return zygote


async def _make_ready(
    zygote: Zygote, spec: ZygoteSpec, settings: HostSettings, start: _Start, fds: list[int], given: Given
) -> None:
    try:
        with contextlib.suppress(ConnectionError):  # it has ended: the reader tells
            await zygote.channel.send(zygote_order(spec, settings, given.stdio, given.user), fds)
    finally:
        os.close(fds[0])
    try:
        ready = await asyncio.wait_for(start.ready, SNAPSHOT_SECONDS if spec.snapshot else PRELOAD_SECONDS)
    except TimeoutError:
        if start.importing:
            raise _Unfit(start.importing, "the import does not end") from None
        raise ZygoteFailed(f"{spec.interpreter} did not become ready in {PRELOAD_SECONDS:.0f} s") from None
    try:
        zygote.baseline_bytes, zygote.skipped = int(ready["baseline"]), dict(ready["skipped"])
        for note in ready["notes"]:
            _log.warning("zygote %s: %.1000s", spec.interpreter, note)
    except (LookupError, TypeError, ValueError) as strange:
        raise ZygoteFailed(f"{spec.interpreter} said what can't be understood: {strange!r}") from None


def spawn(interpreter: Path, fd: int, program: str = "boot") -> "subprocess.Popen[bytes]":
    """Start a program of `inside`. Nothing of our environment, session and descriptors is handed on."""
    script = f"import sys;sys.path.insert(0,{_HERE!r});from inside.{program} import main;del sys.path[0];main({fd})()"
    return subprocess.Popen(
        [interpreter, "-I", "-S", "-c", script],
        env={},
        cwd="/",
        pass_fds=(fd,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _watch(process: "subprocess.Popen[bytes]", lifeline: int) -> "asyncio.Future[None]":
    """Resolved when the guard has ended and is collected. Until then our end of its lifeline stays open."""
    loop = asyncio.get_running_loop()
    dead: asyncio.Future[None] = loop.create_future()
    pidfd = os.pidfd_open(process.pid)

    def ended() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        os.close(lifeline)
        process.wait()
        if not dead.done():
            dead.set_result(None)

    loop.add_reader(pidfd, ended)
    return dead


def _on_message(start: _Start, message: wire.Message | None) -> None:
    if start.ready.done():
        if message is None and not start.lost.done():
            start.lost.set_result(None)
    elif message is None:
        if start.importing:
            start.ready.set_exception(_Unfit(start.importing, "the process ended while importing it"))
        else:
            start.ready.set_exception(ZygoteKilled("the zygote ended before it was ready"))
    elif "importing" in message.body:
        start.importing = str(message.body["importing"])
    elif "listening" in message.body:
        if start.going is not None:
            raise ValueError("it listens twice")
        namespace = message.fds.pop(0)
        listeners = dict(zip(message.body["listening"], wire.take_sockets(message), strict=True))
        start.going = asyncio.get_running_loop().create_task(_let_go(start, listeners, namespace))
    elif "unfit" in message.body:
        start.ready.set_exception(SnapshotUnfit(str(message.body["unfit"])))
    elif "failed" in message.body:
        start.ready.set_exception(SnapshotFailed(str(message.body["failed"]), str(message.body["payload"])))
    elif "error" in message.body:
        start.ready.set_exception(_failure(message.body["error"]))
    else:
        start.ready.set_result(message.body)


async def _let_go(start: _Start, listeners: dict[int, socket.socket], namespace: int) -> None:
    """The snapshot has imported, or soon will have; its function's code begins when all around it stands."""
    assert start.listening is not None and start.channel is not None
    await start.listening(listeners, namespace)
    with contextlib.suppress(OSError):  # it has ended: the reader tells
        await start.channel.send({"go": True})


def _failure(error: dict[str, Any]) -> Exception:
    if error["step"] == "preload" and error["path"]:
        return _Unfit(error["path"], error["operation"])
    return StepFailed.of(error)
