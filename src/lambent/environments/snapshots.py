"""The snapshots of functions with SnapStart: one per published version, made when it is published.

A snapshot holds the version's package and layers for as long as it lives. It is forgotten with the server and made
again by the first environment that needs it. It ends when its version is deleted and no environment of it is left.
"""

import asyncio
import logging
import socket
import uuid
from collections.abc import Awaitable, Callable

from lambent.environments.contents import Contents
from lambent.environments.extensions import AWS_FOLDER
from lambent.environments.launch import RUNTIME_API_PORT, Endpoint
from lambent.environments.revisions import Key, key_of
from lambent.environments.role_credentials import Credentialed
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.observe.journal import Journal
from lambent.runtime_api import errors
from lambent.runtimes import snapstart
from lambent.runtimes.place import Around, Place
from lambent.runtimes.snapstart import SnapshotPlace
from lambent.sandbox.errors import LevelUnavailable, SnapshotFailed, SnapshotUnfit, ZygoteFailed
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import ZygoteSpec

log = logging.getLogger(__name__)


class Snapshot:
    """One version's snapshot. `zygote` is None until it is taken, and for a version that can't have one."""

    def __init__(self, makers: "Snapshots", function: FunctionVersion) -> None:
        self.function = function
        self.zygote: ZygoteSpec | None = None
        self._makers = makers
        self._journal = makers.journal(function)
        self._credentials = makers.credentials.issue(function.scope, role=function.role, session=function.name)
        self._doors: list[asyncio.Task[asyncio.Server]] = []
        makers.contents.hold(function)

    async def take(self, base: Place, lost: Callable[[], None]) -> None:
        """Initialise the function; `lost` is called when the snapshot ends. Raises SnapshotFailed, SandboxError."""
        self._journal.init_start(base.version, self.function.runtime_version_arn)
        try:
            spec = await self._spec(base)
            ended = await self._makers.host.snapshot(spec, self._journal.pipes.writers, self._open_doors)
        except (SnapshotUnfit, LevelUnavailable) as unfit:
            self._give_back()
            self._explain(str(unfit))
        except SnapshotFailed:
            self._give_back()
            raise
        except ZygoteFailed as failed:
            self._give_back()
            raise SnapshotFailed(errors.EXITED, "") from failed
        except BaseException:
            self._give_back()
            raise
        else:
            self.zygote = spec
            ended.add_done_callback(lambda _: lost())

    async def _spec(self, base: Place) -> ZygoteSpec:
        inside = f"http://127.0.0.1:{self._makers.endpoint.port}"
        around = Around(f"127.0.0.1:{RUNTIME_API_PORT}", self._journal.stream, self._credentials, inside)
        folders = await self._makers.contents.folders(self.function)
        extensions = folders.find(AWS_FOLDER)
        if extensions is not None and extensions.is_dir():
            raise SnapshotUnfit("external extensions start with each environment")
        name = f"snapshot-{uuid.uuid4().hex[:12]}"
        return snapstart.snapshot_spec(base, self.function, folders, around, name, (self._makers.endpoint.port,))

    async def end(self) -> None:
        """End it, and every environment of it."""
        if self.zygote is not None:
            await self._makers.host.forget(self.zygote)
            self.zygote = None
            self._give_back()

    def _give_back(self) -> None:
        for door in self._doors:
            door.add_done_callback(self._close_door)
        self._journal.close()
        self._makers.credentials.revoke(self._credentials)
        self._makers.contents.release(self.function)

    def _open_doors(self, listeners: dict[int, socket.socket]) -> None:
        """The gateway is there for the initialisation, too."""
        self._doors.extend(asyncio.create_task(self._serve(listener)) for listener in listeners.values())

    async def _serve(self, listener: socket.socket) -> asyncio.Server:
        return await self._makers.endpoint.serve(listener, self._credentials.access_key, None)

    def _close_door(self, door: "asyncio.Task[asyncio.Server]") -> None:
        if not door.cancelled() and door.exception() is None:
            self._makers.endpoint.forget(door.result())

    def _explain(self, reason: str) -> None:
        arn = f"{self.function.arn}:{self.function.version}"
        log.warning("%s can't have a snapshot: %s", arn, reason)
        message = f"SnapStart has no effect here, each environment initialises by itself: {reason}."
        hint = "On AWS the version is restored from a snapshot all the same."
        self._makers.report(Finding("snapstart-plain-init", arn, message, hint))


class Snapshots:
    """Makes, finds and ends snapshots. `place` finds the runtime's own place; `journal` begins a log stream."""

    def __init__(
        self,
        host: SandboxHost,
        own_place: Callable[[FunctionVersion], Awaitable[Place]],
        contents: Contents,
        endpoint: Endpoint,
        credentials: Credentialed,
        journal: Callable[[FunctionVersion], Journal],
        report: Callable[[Finding], None],
    ) -> None:
        self.host = host
        self.contents = contents
        self.endpoint = endpoint
        self.credentials = credentials
        self.journal = journal
        self.report = report
        self._own_place = own_place
        self._taken: dict[Key, asyncio.Task[Snapshot]] = {}

    async def place(self, function: FunctionVersion) -> Place:
        """How environments of `function` are run: from its snapshot, if it wants one and can have one.

        Raises SnapshotFailed when its initialisation fails, and what the runtime's own place raises.
        """
        base = await self._own_place(function)
        if not snapstart.is_wanted(function):
            return base
        key = key_of(function)
        taken = _result(self._taken[key]) if key in self._taken else None
        if taken is not None and taken.zygote is not None and not self.host.stands(taken.zygote):
            del self._taken[key]  # it was killed; its own end comes when all its environments have ended
        if key not in self._taken:
            self._taken[key] = asyncio.create_task(self._take(function, base))
        zygote = (await asyncio.shield(self._taken[key])).zygote
        return base if zygote is None else SnapshotPlace(base, zygote)

    async def _take(self, function: FunctionVersion, base: Place) -> Snapshot:
        snapshot = Snapshot(self, function)

        task = asyncio.current_task()

        def lost() -> None:
            if self._taken.get(key_of(function)) is task:
                del self._taken[key_of(function)]

        try:
            await snapshot.take(base, lost)
        except BaseException:
            lost()
            raise
        return snapshot

    async def forget(self, scope: Scope, name: str, version: str | None) -> None:
        """A version, or with None all of a function, is gone: snapshots end when their last environment has."""
        for task in list(self._taken.values()):
            snapshot = _result(task)
            if snapshot is not None and _is_of(snapshot.function, scope, name, version):
                await self.contents.held_by_one(snapshot.function)
                await self._end(task)

    async def close(self) -> None:
        """End all."""
        for task in list(self._taken.values()):
            await self._end(task)

    async def _end(self, task: "asyncio.Task[Snapshot]") -> None:
        task.cancel()
        snapshot = _result(task)
        if snapshot is not None:
            self._taken.pop(key_of(snapshot.function), None)
            await snapshot.end()


def _is_of(function: FunctionVersion, scope: Scope, name: str, version: str | None) -> bool:
    return (function.scope, function.name) == (scope, name) and version in (None, function.version)


def _result(task: "asyncio.Task[Snapshot]") -> Snapshot | None:
    """What was taken; None while it is being taken, and when that failed."""
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None
