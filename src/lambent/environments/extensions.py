"""External extensions of one execution environment: the files in /opt/extensions, and their processes.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html (where they are, their environment
variables); texts of failures are answers of AWS seen in public reports.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from lambent.environments.launch import Launched
from lambent.runtime_api import errors, extensions
from lambent.runtime_api.extensions import MAX_EXTENSIONS, Extensions, State
from lambent.sandbox.errors import SandboxError
from lambent.sandbox.spec import ExitStatus, ProcessSpec

log = logging.getLogger(__name__)

FOLDER = "extensions"
AWS_FOLDER = "/opt/extensions"

WITHHELD = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Variables of the runtime that extensions don't get; those that begin with an underscore neither."""

NOT_STARTED = {126: "exec format error", 127: "no such file or directory"}
"""How a process ends that could not be executed (`sandbox.inside.starting`); an extension that ends so before it has
registered is taken for one."""


class Process(Protocol):
    """An extension's process, as the sandbox gives it."""

    exited: "asyncio.Future[ExitStatus]"

    def kill(self) -> None: ...


class ExternalExtensions:
    """Starts them, and tells how they end.

    `failed(error type, reason)` is told of one that could not be started or ended by itself, `gone()` of the end of
    the last one.
    """

    def __init__(self, registry: Extensions, failed: Callable[[str, str], None], gone: Callable[[], None]) -> None:
        self._registry = registry
        self._failed = failed
        self._gone = gone
        self._running: dict[str, Process] = {}
        self._generation = 0

    async def start(self, launched: Launched, names: Sequence[str], writers: dict[int, int]) -> None:
        """Start those of `names` (see `find`), which write to `writers`."""
        self._generation += 1
        generation = self._generation
        for name in names[: MAX_EXTENSIONS + 1]:
            self._registry.launch(name)
        if len(names) > MAX_EXTENSIONS:
            self._not_launched(names[MAX_EXTENSIONS], "TooManyExtensions", "ErrTooManyExtensions")
            return
        environment = variables(launched.environment)
        for name in names:
            if not _executable(launched, name):
                self._not_launched(name, "PermissionDenied", f"fork/exec {AWS_FOLDER}/{name}: permission denied")
                return
            argv = (f"{launched.folders.opt_root}/{FOLDER}/{name}",)
            spec = ProcessSpec(environment=environment, argv=argv, cwd="/", fds=writers)
            try:
                process = await launched.sandbox.start(spec)
            except SandboxError as error:
                if generation == self._generation:
                    self._not_launched(name, "UnknownError", f"fork/exec {AWS_FOLDER}/{name}: {error}")
                return
            if generation != self._generation:
                process.kill()
                return
            self._watch(name, process)

    def kill_unless(self, subscribed: frozenset[str]) -> None:
        """SIGKILL to all but those named."""
        for name, process in tuple(self._running.items()):
            if name not in subscribed:
                process.kill()

    def forget(self) -> list[Process]:
        """All are being killed: how they end is no news. Those that have not ended yet."""
        self._generation += 1
        running = list(self._running.values())
        self._running.clear()
        return running

    @property
    def alive(self) -> bool:
        """Whether one runs."""
        return bool(self._running)

    def _watch(self, name: str, process: Process) -> None:
        self._running[name] = process
        process.exited.add_done_callback(lambda exited: self._on_exit(name, process, exited))

    def _on_exit(self, name: str, process: Process, exited: "asyncio.Future[ExitStatus]") -> None:
        if exited.cancelled() or self._running.get(name) is not process:
            return
        del self._running[name]
        status = exited.result()
        state = next((one.state for one in self._registry if one.name == name), None)
        if state is State.STARTED and status.code in NOT_STARTED:
            self._not_launched(name, "UnknownError", f"fork/exec {AWS_FOLDER}/{name}: {NOT_STARTED[status.code]}")
        else:
            kind = self._registry.first_error or extensions.CRASH
            self._failed(kind, errors.extension_reason(status.code, status.signal))
        if not self._running:
            self._gone()

    def _not_launched(self, name: str, error_type: str, reason: str) -> None:
        self._registry.launch_failed(name, error_type)
        self._failed(extensions.LAUNCH_ERROR, reason)


def find(launched: Launched) -> list[str]:
    """The names of the files in /opt/extensions, in order; nearly always none."""
    folder = launched.folders.find(AWS_FOLDER)
    if folder is None or not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if not _is_folder(launched, entry.name))


def variables(environment: dict[str, str]) -> dict[str, str]:
    """An extension's environment variables, of the runtime's."""
    return {name: value for name, value in environment.items() if name not in WITHHELD and not name.startswith("_")}


def _is_folder(launched: Launched, name: str) -> bool:
    file = launched.folders.find(f"{AWS_FOLDER}/{name}")
    return file is not None and file.is_dir()


def _executable(launched: Launched, name: str) -> bool:
    file = launched.folders.find(f"{AWS_FOLDER}/{name}")
    try:
        return file is None or bool(file.stat().st_mode & 0o111)
    except OSError:
        return True  # a link that leads somewhere inside only: the attempt tells
