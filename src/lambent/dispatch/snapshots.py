"""The snapshots of functions with SnapStart: one per published version, made when it is published.

A snapshot holds the version's package and layers for as long as it lives. It is forgotten with the server and made
again by the first environment that needs it.
"""

import asyncio
import logging
import socket
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lambent.dispatch.contents import Contents
from lambent.dispatch.credentials import Credentialed
from lambent.dispatch.launch import RUNTIME_API_PORT, Endpoint
from lambent.dispatch.pools import Key, key_of
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.observe.journal import Journal
from lambent.runtimes import snapstart
from lambent.runtimes.place import Around, Place
from lambent.runtimes.snapstart import SnapshotPlace
from lambent.sandbox.errors import LevelUnavailable, SnapshotUnfit
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import ZygoteSpec

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Taken:
    """A snapshot that is there; `zygote` is None for a version that can't have one."""

    zygote: ZygoteSpec | None
    end: Callable[[], Awaitable[None]]


class Snapshots:
    """Makes, finds and ends snapshots. `place` finds the runtime's own place; `journal` begins a log stream."""

    def __init__(
        self,
        host: SandboxHost,
        place: Callable[[FunctionVersion], Awaitable[Place]],
        contents: Contents,
        endpoint: Endpoint,
        credentials: Credentialed,
        journal: Callable[[FunctionVersion], Journal],
        report: Callable[[Finding], None],
    ) -> None:
        self._host = host
        self._place = place
        self._contents = contents
        self._endpoint = endpoint
        self._credentials = credentials
        self._journal = journal
        self._report = report
        self._taken: dict[Key, asyncio.Task[_Taken]] = {}

    async def place(self, function: FunctionVersion) -> Place:
        """How environments of `function` are run: from its snapshot, if it wants one and can have one.

        Raises SnapshotFailed when its initialisation fails, and what the runtime's own place raises.
        """
        base = await self._place(function)
        if not snapstart.is_wanted(function):
            return base
        key = key_of(function)
        task = self._taken.get(key)
        if task is None or (task.done() and task.exception() is not None):
            task = self._taken[key] = asyncio.create_task(self._take(function, base))
        taken = await asyncio.shield(task)
        return base if taken.zygote is None else SnapshotPlace(base, taken.zygote)

    async def forget(self, function: FunctionVersion) -> None:
        """The version is gone: so is its snapshot, with every environment of it."""
        task = self._taken.pop(key_of(function), None)
        if task is not None and not task.cancel() and not task.cancelled() and task.exception() is None:
            await task.result().end()

    async def close(self) -> None:
        """End all."""
        tasks, self._taken = list(self._taken.values()), {}
        for task in tasks:
            if not task.cancel() and not task.cancelled() and task.exception() is None:
                await task.result().end()

    async def _take(self, function: FunctionVersion, base: Place) -> _Taken:
        journal = self._journal(function)
        journal.init_start(base.version, function.runtime_version_arn)
        credentials = self._credentials.issue(function.scope)
        self._contents.hold(function)

        doors: list[asyncio.Task[asyncio.Server]] = []

        def open_doors(listeners: dict[int, socket.socket]) -> None:
            doors.extend(asyncio.create_task(self._serve(listener)) for listener in listeners.values())

        def give_back() -> None:
            for door in doors:
                door.add_done_callback(self._close_door)
            journal.close()
            self._credentials.revoke(credentials)
            self._contents.release(function)

        try:
            inside = f"http://127.0.0.1:{self._endpoint.port}"
            around = Around(f"127.0.0.1:{RUNTIME_API_PORT}", journal.stream, credentials, inside)
            folders = await self._contents.folders(function)
            name = f"snapshot-{uuid.uuid4().hex[:12]}"
            spec = snapstart.snapshot_spec(base, function, folders, around, name, (self._endpoint.port,))
            dead = await self._host.snapshot(spec, journal.pipes.writers, open_doors)
        except (SnapshotUnfit, LevelUnavailable) as unfit:
            give_back()
            self._explain(function, str(unfit))
            return _Taken(None, _nothing)
        except BaseException:
            give_back()
            raise

        async def end() -> None:
            await self._host.forget(spec)
            give_back()

        dead.add_done_callback(lambda _: self._taken.pop(key_of(function), None))
        return _Taken(spec, end)

    async def _serve(self, listener: socket.socket) -> asyncio.Server:
        return await self._endpoint.serve(listener)

    def _close_door(self, door: "asyncio.Task[asyncio.Server]") -> None:
        if not door.cancelled() and door.exception() is None:
            self._endpoint.forget(door.result())

    def _explain(self, function: FunctionVersion, reason: str) -> None:
        arn = f"{function.arn}:{function.version}"
        log.warning("%s can't have a snapshot: %s", arn, reason)
        message = f"SnapStart has no effect here, each environment initialises by itself: {reason}."
        hint = "On AWS the version is restored from a snapshot all the same."
        self._report(Finding("snapstart-plain-init", arn, message, hint))


async def _nothing() -> None:
    """The end of a snapshot that never was."""
