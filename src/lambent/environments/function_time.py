"""Which functions are told the platform's time, and what is said of those that can't be."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.runtimes import told_time
from lambent.runtimes.installs import ClientError
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.nodejs import NodePlace
from lambent.runtimes.place import Place
from lambent.runtimes.python import PythonPlace
from lambent.sandbox.spec import Level

FINDING = "function-time-not-told"
_log = logging.getLogger(__name__)


class FunctionTime:
    """Tells functions the time of `dial`, by what is installed into `cache`."""

    def __init__(self, dial: Path, cache: Path, level: Level, report: Callable[[Finding], None]) -> None:
        self._dial = dial
        self._cache = cache
        self._level = level
        self._report = report
        self._folders: dict[str, Path] = {}
        self._problems: dict[str, str] = {}

    async def tell(self, function: FunctionVersion, place: Place) -> Place:
        """`place` with the platform's time; else as it is, and a finding says so."""
        if isinstance(place, NodePlace):
            return told_time.tell_node(place, self._dial, self._level)
        if not isinstance(place, PythonPlace):
            kind = "container images" if function.image else f"runtime {function.runtime}"
            self._untold(function, f"programs of {kind} ask the kernel themselves", "")
            return place
        folder = await self._installed(place.interpreter)
        if folder is not None:
            return told_time.tell_python(place, self._dial, folder, self._level)
        hint = "put it right and start the server again"
        self._untold(function, self._problems[place.interpreter.version], hint)
        return place

    async def _installed(self, interpreter: Interpreter) -> Path | None:
        """The folder of its time-machine; None when there is a problem. Asked once per server."""
        version = interpreter.version
        if version not in self._folders and version not in self._problems:
            try:
                self._folders[version] = await asyncio.to_thread(told_time.install, interpreter, self._cache)
            except ClientError as error:
                _log.warning("functions of CPython %s see the machine's time: %s", version, error)
                self._problems[version] = str(error)
        return self._folders.get(version)

    def _untold(self, function: FunctionVersion, why: str, hint: str) -> None:
        text = f"it sees the machine's time, not the platform's: {why}"
        self._report(Finding(FINDING, function.arn, text, hint))
