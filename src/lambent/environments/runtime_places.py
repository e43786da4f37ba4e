"""How the functions of each runtime are run on this machine: found once, installed on first use, remembered.

See `runtimes.interpreters` and `runtimes.clients` for Python, `runtimes.nodes` and `runtimes.node_clients` for
Node.js.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from lambent.environments.function_time import FunctionTime
from lambent.model.function import FunctionVersion, Image
from lambent.runtimes import (
    clients,
    debugging,
    interpreters,
    node_clients,
    nodejs,
    nodes,
    programs,
    provided,
    python,
    table,
    trusted,
)
from lambent.runtimes.images import ImagePlace
from lambent.runtimes.interpreters import Interpreter
from lambent.runtimes.place import Place
from lambent.sandbox.spec import Level, Programs, ZygoteSpec
from lambent.store.images import Images


class Places:
    """The places of one machine. `mapping` sends a runtime to another version, by the user's own choice; with `time`
    functions are told the platform's; `programs` of this machine are found, or with none all; the certificate
    `authority` (PEM) is trusted."""

    def __init__(
        self,
        cache: Path,
        mapping: Mapping[str, str],
        found: Callable[[], Mapping[str, Interpreter]],
        level: Level,
        images: Images,
        time: FunctionTime | None = None,
        programs: Programs = (),
        authority: str = "",
    ) -> None:
        self._cache = cache
        self._mapping = mapping
        self._found = found
        self._level = level
        self._images = images
        self._time = time
        self._programs = programs
        self._authority = authority
        self._places: dict[str, Place] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def check(self, runtime: str) -> None:
        """Raises RuntimeUnsupported or InterpreterMissing for a runtime that can't be run here; installs nothing."""
        if table.lookup(runtime).family == "python":
            self.pick(runtime)

    def pick(self, runtime: str) -> Interpreter:
        """The interpreter for `runtime`. Raises what `interpreters.pick` raises."""
        return interpreters.pick(runtime, self._found(), self._mapping)

    async def place(self, function: FunctionVersion) -> Place:
        """The place for a function, everything that it needs installed.

        Raises RuntimeUnsupported, InterpreterMissing, ClientError, ImageError.
        """
        place = await self._untold(function)
        return place if self._time is None else await self._time.tell(function, place)

    async def _untold(self, function: FunctionVersion) -> Place:
        if function.image is not None:
            return await self._image(function.image)
        runtime = function.runtime
        if runtime not in self._places:
            async with self._locks.setdefault(runtime, asyncio.Lock()):
                if runtime not in self._places:
                    self._places[runtime] = await self._make(runtime)
        return self._places[runtime]

    async def debugged(self, function: FunctionVersion, port: int) -> Place:
        """The same for one environment, whose runtime waits for a debugger at `port` of its loopback.

        Raises NoDebugger as well.
        """
        place = await self.place(function)
        return await asyncio.to_thread(debugging.debug_place, place, function, port, self._cache, self._level)

    async def _make(self, runtime: str) -> Place:
        return await _MAKERS[table.lookup(runtime).family](self, runtime)

    async def _python(self, runtime: str) -> Place:
        interpreter = self.pick(runtime)
        client_dir = await asyncio.to_thread(clients.install, interpreter, self._cache)
        files = self._files(runtime)
        zygote = python.zygote_spec(interpreter, client_dir, self._level, files, self._programs)
        return python.PythonPlace(interpreter, zygote)

    def _files(self, runtime: str) -> tuple[tuple[str, str], ...]:
        return (*programs.files(table.lookup(runtime).os), *trusted.files(self._authority))

    def _bare(self, runtime: str) -> ZygoteSpec:
        return provided.bare_zygote(self._level, self._files(runtime), self._programs)

    async def _nodejs(self, runtime: str) -> Place:
        return await asyncio.to_thread(self._make_node, runtime)

    def _make_node(self, runtime: str) -> Place:
        found = nodes.find()
        wanted = nodes.wanted(runtime, self._mapping)
        node = found.get(wanted) or nodes.fetch(wanted, self._cache)
        runtime_dir = node_clients.install(node.major, nodes.npm(found, self._cache), self._cache)
        sdk = node_clients.sdk_folder(self._cache)
        zygote = nodejs.zygote_spec(node, runtime_dir, sdk, self._bare(runtime), self._level)
        return nodejs.NodePlace(nodes.wanted(runtime, {}), node, runtime_dir, sdk, zygote, self._level)

    async def _image(self, image: Image) -> Place:
        """Not remembered: what it takes is, and each function may say something else."""
        unpacked = await self._images.unpacked(image.uri, image.digest)
        return ImagePlace(
            root=unpacked.root,
            find=unpacked.find,
            entry_point=image.entry_point or unpacked.entry_point,
            command=image.command or unpacked.command,
            working_directory=image.working_directory or unpacked.working_directory,
            variables=unpacked.environment,
            zygote=provided.bare_zygote(self._level),
        )

    async def _provided(self, runtime: str) -> Place:
        return provided.ProvidedPlace(runtime, self._bare(runtime))


_MAKERS = {"python": Places._python, "nodejs": Places._nodejs, "provided": Places._provided}
