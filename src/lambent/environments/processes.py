"""What runs in one environment: its sandbox, the runtime and the external extensions in it, and the APIs they speak to.

Everything here runs on the event loop; only making and destroying the sandbox and starting processes takes a task.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from lambent.engine.environment import Crew, Event, Failure, Phase, Reason
from lambent.environments import extensions as external
from lambent.environments.extensions import ExternalExtensions
from lambent.environments.launch import EnvironmentEvents, Launched, Launcher, RuntimeProcess
from lambent.environments.reports import Reports
from lambent.environments.running import Clocks
from lambent.environments.telemetry import Telemetry
from lambent.model.function import FunctionVersion
from lambent.model.trouble import Trouble
from lambent.observe.journal import Journal
from lambent.runtime_api import errors, metadata, telemetry
from lambent.runtime_api.conversation import Refusal
from lambent.runtime_api.extensions import SHUTDOWN, Extensions, Reply, shutdown_event
from lambent.runtime_api.server import Request, RestoreEvents
from lambent.runtimes.place import InvalidEntrypoint
from lambent.sandbox.errors import SandboxGone
from lambent.sandbox.usage import Usage

log = logging.getLogger(__name__)

Spawn = Callable[..., "asyncio.Task[None]"]


class Owner(EnvironmentEvents, RestoreEvents, Protocol):
    """The environment, which is told what happens."""

    @property
    def phase(self) -> Phase: ...

    def happened(self, event: Event, said: Any = None, crew: Crew | None = None) -> None: ...

    def retire(self) -> None: ...


class Processes:
    """Makes the sandbox, starts and ends what runs in it, and tells `owner`.

    `lost` is set when it could not be made for a reason that is ours. Attempts to start are counted: what was begun by
    an earlier one is killed when it is there.
    """

    def __init__(
        self,
        owner: Owner,
        function: FunctionVersion,
        launcher: Launcher,
        extensions: Extensions,
        reports: Reports,
        journal: Journal,
        clock: Clocks,
        spawn: Spawn,
        initialization: str,
    ) -> None:
        self._owner = owner
        self._function = function
        self._launcher = launcher
        self._extensions = extensions
        self._reports = reports
        self._journal = journal
        self._clock = clock
        self._spawn = spawn
        self._initialization = initialization
        self.lost = False
        self.launched: Launched | None = None
        self._attempt = 0
        self._preparing: asyncio.Task[None] | None = None
        self._process: RuntimeProcess | None = None
        self._former: list[RuntimeProcess | external.Process] = []
        self._external = ExternalExtensions(extensions, self._on_extension_failed, self._on_extensions_gone)
        self._telemetry: Telemetry | None = None
        self._restored = False

    def peak_bytes(self) -> int | None:
        """The most memory that has been used; None without a sandbox."""
        return None if self.launched is None else self.launched.peak_bytes()

    def usage(self) -> Usage | None:
        """What has been used so far; None without a sandbox."""
        return None if self.launched is None else self.launched.usage()

    # --- the sandbox

    def prepare(self) -> None:
        """Make the sandbox, or wait until nothing runs any more in the one there is; then STARTED."""
        self._attempt += 1
        self._preparing = self._spawn(self._make_ready(self._attempt))

    async def _make_ready(self, attempt: int) -> None:
        try:
            if self.launched is not None and self.launched.lost.done():
                await self._leave(self.launched)
            again = self.launched is not None
            launched = self.launched or await self._launch()
            self._reports.begin_init(launched.runtime_version, launched.runtime_arn, again, self._restored)
            while self._former:
                await asyncio.shield(self._former.pop().exited)
            names = external.find(launched)
        except Exception as error:
            self._could_not_start(error)
            return
        if attempt == self._attempt:
            self._begin(launched, bool(names))

    def _begin(self, launched: Launched, with_extensions: bool) -> None:
        if self._restored:
            launched.api.restore(self._owner)
        if self._restored and self._owner.phase is Phase.INIT:
            self._owner.happened(Event.RESTORING)
        else:
            self._owner.happened(Event.STARTED, crew=Crew(external=True) if with_extensions else None)

    async def _launch(self) -> Launched:
        stream, how = self._journal.stream, self._initialization
        launched = self.launched = await self._launcher.launch(self._function, self._owner, stream, how)
        launched.lost.add_done_callback(lambda _: self._owner.retire())
        self._restored = launched.restored
        self._attach(launched)
        return launched

    async def _leave(self, launched: Launched) -> None:
        """Its sandbox was killed from outside; the next one, of the same name, is made when nothing is left of it."""
        self.launched = None
        if self._telemetry is not None:
            self._telemetry.close()
        await launched.destroy()

    def _attach(self, launched: Launched) -> None:
        """The other APIs, which stand beside the Runtime API."""
        self._telemetry = Telemetry(
            self._journal,
            self._identify,
            launched.sandbox.connect,
            self._clock.monotonic,
            self._clock.wall,
            self._spawn,
        )
        telemetry_routes = dict.fromkeys(_TELEMETRY_PATHS, self._answer_telemetry)
        launched.api.attach(self._extensions, {**telemetry_routes, metadata.PATH: launched.metadata})

    def _identify(self, identifier: str) -> str | Refusal:
        extension = self._extensions.identified(identifier)
        return extension if isinstance(extension, Refusal) else extension.name

    def _answer_telemetry(self, request: Request) -> Reply:
        assert self._telemetry is not None
        method, path = request.method.decode("latin-1"), request.path.decode("latin-1")
        status, headers, body = self._telemetry.handle(method, path, request.headers, request.body)
        return Reply(status, body, tuple(item for item in headers.items() if item[0].lower() != "content-type"))

    def _could_not_start(self, error: Exception) -> None:
        lost = self.launched is not None and self.launched.lost.done()
        if lost and isinstance(error, SandboxGone) and self._owner.phase is not Phase.ENDING:
            self.prepare()  # nothing of the function has run: once more, in another sandbox
            return
        trouble = error if isinstance(error, Trouble) else None
        if self._owner.phase is not Phase.ENDING:  # else it was given up meanwhile
            self.lost = True
            text = "environment %s of %s could not be started: %s"
            told = None if trouble else error
            log.error(text, self._journal.stream, self._function.arn, error, exc_info=told)
        self._owner.happened(Event.FAILED, trouble)

    # --- starting

    def start_extensions(self) -> None:
        self._spawn(self._launch_extensions(self._attempt))

    async def _launch_extensions(self, attempt: int) -> None:
        launched = self.launched
        assert launched is not None
        try:
            await self._external.start(launched, external.find(launched), self._journal.extension_writers)
        except Exception as error:
            if attempt == self._attempt:
                self._could_not_start(error)

    def start_runtime(self) -> None:
        self._reports.expect_runtime(True)
        self._spawn(self._launch_runtime(self._attempt))

    async def _launch_runtime(self, attempt: int) -> None:
        launched = self.launched
        assert launched is not None
        try:
            process = await launched.start_runtime(self._journal.pipes.writers)
        except InvalidEntrypoint as invalid:
            self._owner.happened(Event.INIT_ERROR, _nothing_to_start(invalid, self._reports.request_id))
            return
        except Exception as error:
            if attempt == self._attempt:
                self._could_not_start(error)
            return
        if attempt != self._attempt:
            self._former.append(process)
            process.kill()
            return
        self._process = process
        process.exited.add_done_callback(lambda _: self._on_exit(process))

    # --- how they end by themselves

    def _on_exit(self, process: RuntimeProcess) -> None:
        if process is not self._process or process.exited.cancelled():
            return
        self._process = None
        status = process.exited.result()
        if status.out_of_memory:
            kind, event = errors.OUT_OF_MEMORY, Event.OUT_OF_MEMORY
        else:
            kind, event = self._extensions.first_error or errors.EXITED, self._unless_lost(Event.EXITED)
        failure = Failure(kind, code=status.code, signal=status.signal, out_of_memory=status.out_of_memory)
        self._owner.happened(event, failure)

    def _on_extension_failed(self, error_type: str, reason: str) -> None:
        self._owner.happened(self._unless_lost(Event.EXTENSION_FAILED), Failure(error_type, line=reason))

    def _unless_lost(self, event: Event) -> Event:
        """LOST in its place if everything was ended from outside (zygote, guard or keeper killed) before the runtime
        had read what it was to do."""
        launched = self.launched
        lost = launched is not None and launched.lost.done() and launched.api.unread
        return Event.LOST if lost else event

    def _on_extensions_gone(self) -> None:
        if self._owner.phase is Phase.LEAVING:
            self._owner.happened(Event.EXTENSIONS_GONE)

    # --- stopping

    def crash(self) -> None:
        """The runtime is killed, and what follows is as if nobody here had done so."""
        if self._process is not None:
            self._process.kill()

    def terminate_runtime(self) -> None:
        if self._process is not None:
            self._process.terminate()
        else:  # it is just being started; KILL_ALL comes later
            asyncio.get_running_loop().call_soon(self._owner.happened, Event.EXITED)

    def kill_runtime(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._former.append(process)
            process.kill()

    def shutdown_extensions(self, reason: Reason, deadline: float) -> None:
        """`deadline` is on the monotonic clock."""
        left = max(deadline - self._clock.monotonic(), 0.0)
        deadline_ms = int((self._clock.wall() + left) * 1000)
        if self._telemetry is not None:
            self._telemetry.hurry()
        self._extensions.send(SHUTDOWN, shutdown_event(reason.value, deadline_ms))
        self._external.kill_unless(frozenset(one.name for one in self._extensions.subscribed(SHUTDOWN)))
        if not self._external.alive:
            asyncio.get_running_loop().call_soon(self._on_extensions_gone)

    def kill_all(self) -> None:
        self._attempt += 1
        self._reports.expect_runtime(False)
        self._former += self._external.forget()
        process, self._process = self._process, None
        if process is not None:
            self._former.append(process)
        if self.launched is not None:
            if self._former:
                self.launched.sandbox.kill_processes()
            self.launched.api.reset()
        if self._telemetry is not None:
            self._telemetry.clear()

    # --- between invocations, and the end

    def end_subscriptions(self) -> None:
        """Nobody can subscribe to telemetry any more: the Init phase is over."""
        if self._telemetry is not None:
            self._telemetry.turn_off()

    def freeze(self) -> None:
        if self._telemetry is not None and self._telemetry.pending:
            self._spawn(self._freeze_later(self._telemetry))
        else:
            self._freeze_now()

    async def _freeze_later(self, subscribers: Telemetry) -> None:
        """Once the telemetry of the last invocation has been delivered."""
        await subscribers.flush()
        if self._owner.phase is Phase.FROZEN:
            self._freeze_now()

    def _freeze_now(self) -> None:
        if self.launched is not None:
            self._journal.flush()
            self.launched.sandbox.freeze()
        if self._telemetry is not None:
            self._telemetry.freeze()

    def thaw(self) -> None:
        if self.launched is not None:
            self.launched.sandbox.thaw()
        if self._telemetry is not None:
            self._telemetry.thaw()

    def forget(self) -> None:
        """How they end is no news any more."""
        self._process = None
        self._external.forget()

    async def close(self) -> None:
        """Nothing is left afterwards."""
        if self._preparing is not None:  # it was given up while its sandbox was made
            await asyncio.wait([self._preparing])
        # First, so that what a runtime says about losing its Runtime API is in no log.
        if self._telemetry is not None:
            self._telemetry.close()
        self._journal.close()
        launched, self.launched = self.launched, None
        if launched is not None:
            await launched.destroy()


def _nothing_to_start(invalid: InvalidEntrypoint, request_id: str) -> Failure:
    """For the function that is a failed init."""
    payload = errors.invalid_entrypoint_payload(request_id, str(invalid), invalid.error_type)
    return Failure(invalid.error_type, payload, f"{invalid}\n{invalid.error_type}")


_TELEMETRY_PATHS = tuple(path.encode() for path in telemetry.PATHS)
