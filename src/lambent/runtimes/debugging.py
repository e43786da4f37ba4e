"""Functions under a debugger: the runtime's process waits until one attaches, before anything of the function's runs.

Python has debugpy (https://github.com/microsoft/debugpy), which speaks the Debug Adapter Protocol; Node.js its own
inspector (https://nodejs.org/en/learn/getting-started/debugging).
"""

import platform
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lambent.model.function import FunctionVersion
from lambent.runtimes import clients
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.nodejs import NodePlace
from lambent.runtimes.place import Around, Folders, Place
from lambent.runtimes.python import PythonPlace
from lambent.sandbox.spec import Bind, Level, ProcessSpec, ZygoteSpec

DEBUGPY = ("debugpy>=1.8,<2",)
INSIDE_DIR = "/var/debugpy"
"""Where a sandbox shows debugpy."""

Process = Callable[[dict[str, str], Folders, dict[int, int]], ProcessSpec]


class NoDebugger(Exception):
    """There is no debugger for functions of this kind; the text names it."""


@dataclass(slots=True)
class DebugPlace:
    """`base` with its first process under a debugger.

    The first alone: when it fails to initialise, the runtime is started once more inside the invocation, and that one
    shall answer rather than wait for a debugger that has gone.
    """

    base: Place
    zygote: ZygoteSpec
    waiting: Process
    begun: bool = field(default=False)

    @property
    def version(self) -> str:
        """The runtime's."""
        return self.base.version

    @property
    def forked(self) -> bool:
        """As without a debugger."""
        return self.base.forked

    def environment(self, function: FunctionVersion, around: Around) -> dict[str, str]:
        """As without a debugger."""
        return self.base.environment(function, around)

    def process(self, environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        """The process that waits, then those that don't."""
        make = self.base.process if self.begun else self.waiting
        self.begun = True
        return make(environment, folders, fds)


def debug_place(place: Place, function: FunctionVersion, port: int, cache: Path, level: Level) -> DebugPlace:
    """`place` for one environment that waits for a debugger at `port` of its own loopback.

    Blocks, for seconds when debugpy has to be installed. Raises NoDebugger, ClientError.
    """
    if isinstance(place, PythonPlace):
        return _python(place, port, cache, level)
    if isinstance(place, NodePlace):
        return DebugPlace(place, place.zygote, replace(place, inspect=f"127.0.0.1:{port}").process)
    kind = "container images" if function.image else f"runtime {function.runtime}"
    raise NoDebugger(f"there is no debugger for {kind}: Python and Node.js functions have one")


def _python(place: PythonPlace, port: int, cache: Path, level: Level) -> DebugPlace:
    folder = clients.ensure(place.interpreter, _folder(place.interpreter, cache), DEBUGPY, "debugpy")
    zygote, seen = place.zygote, str(folder)
    if level is Level.NAMESPACE:
        # A zygote of its own: what sandboxes see at fixed places is the zygote's, and others shall not see this.
        zygote, seen = replace(zygote, binds=(*zygote.binds, Bind(folder, INSIDE_DIR))), INSIDE_DIR
    asked = {"LAMBENT_DEBUG_PORT": str(port), "LAMBENT_DEBUGPY": seen}

    def waiting(environment: dict[str, str], folders: Folders, fds: dict[int, int]) -> ProcessSpec:
        return place.process(environment | asked, folders, fds)

    return DebugPlace(place, zygote, waiting)


def _folder(interpreter: Interpreter, cache: Path) -> Path:
    return cache / "clients" / f"debugpy-{interpreter.version}-{platform.machine()}"
