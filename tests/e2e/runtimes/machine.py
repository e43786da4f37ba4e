"""A launcher with everything below it, without a server: what a function's environment is like, seen from inside."""

import asyncio
import json
import os
import secrets
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.environments.contents import Contents
from lambent.environments.file_systems import FileSystems
from lambent.environments.launch import Endpoint, Launched, Launcher
from lambent.environments.live_folders import LiveFolders
from lambent.environments.role_credentials import Credentialed
from lambent.environments.runtime_places import Places
from lambent.model.function import FunctionVersion
from lambent.model.scope import Scope
from lambent.runtime_api.server import RuntimeInvocation
from lambent.runtimes import interpreters
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import Level
from lambent.store.images import Sources
from lambent.store.open import Store, open_store
from tests.e2e.runtimes.harness import ARN, CACHE, Recorder
from tests.unit.store.zips import zip_entries

Files = Mapping[str, str]


@dataclass
class Running:
    """One environment with its runtime started; `invoke` waits for what the runtime says of an event."""

    launched: Launched
    heard: Recorder
    process: Any
    output: int
    deadline_ms: int = 4_102_444_800_000

    async def invoke(self, event: Any = None, request_id: str = "r-1") -> tuple[Any, ...]:
        said = await self.heard.hear("next")
        body = json.dumps(event).encode()
        self.launched.api.deliver(RuntimeInvocation(request_id, body, self.deadline_ms, ARN, "Root=1-0"))
        said = await asyncio.wait_for(self.heard.said.get(), 20)
        return said

    async def answer(self, event: Any = None) -> Any:
        """The response, which must be one."""
        said = await self.invoke(event)
        assert said[0] == "response", said
        return json.loads(said[2])

    def written(self) -> str:
        """What was written to standard output and error so far."""
        try:
            return os.read(self.output, 1 << 20).decode()
        except BlockingIOError:
            return ""


class Machine:
    """One store, one sandbox host, one launcher."""

    def __init__(self, host: SandboxHost, store: Store, places: Places) -> None:
        async def serve(_listening: Any, _inside: str, _tls: Any) -> asyncio.Server:
            return await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)

        endpoint = Endpoint(4566, "http://127.0.0.1:4566", serve, lambda server: server.close())
        self.host, self.store, self.places = host, store, places
        contents = Contents(store.blobs, store.layers, store.images, LiveFolders(), FileSystems({}, Path("/nowhere")))
        self.launcher = Launcher(host, endpoint, Credentialed(), places.place, contents)

    async def put(self, files: Files) -> str:
        """A package in the store. A name that ends in `*` is executable."""
        entries = [
            (name.rstrip("*"), text.encode(), stat.S_IFREG | (0o755 if name.endswith("*") else 0o644))
            for name, text in files.items()
        ]
        async with self.store.blobs.keep(zip_entries(entries)) as blob:
            return blob.digest

    async def function(
        self, runtime: str, files: Files, *layers: Files, handler: str = "app.handler", **more: Any
    ) -> FunctionVersion:
        digests = tuple([await self.put(layer) for layer in layers])
        code = await self.put(files)
        return FunctionVersion(
            Scope(), "f", "$LATEST", runtime, handler, code, "r", secrets.token_hex(4), layers=digests, **more
        )

    @asynccontextmanager
    async def running(self, function: FunctionVersion) -> AsyncIterator[Running]:
        heard = Recorder()
        launched = await self.launcher.launch(function, heard, f"2026/01/01/[$LATEST]{secrets.token_hex(16)}")
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(write, True)
        frames_read, frames_write = os.pipe()
        try:
            process = await launched.start_runtime({1: write, 2: write, 3: frames_write})
            yield Running(launched, heard, process, read)
        finally:
            await launched.destroy()
            for fd in (read, write, frames_read, frames_write):
                os.close(fd)


@asynccontextmanager
async def machine(folder: Path, level: Level = Level.NAMESPACE) -> AsyncIterator[Machine]:
    host = await SandboxHost.open(folder / "run", level, secrets.token_hex(4))
    store = await open_store(folder / "data", sources=Sources(folders=[folder]))
    found = interpreters.find()
    try:
        yield Machine(host, store, Places(CACHE, {}, lambda: found, level, store.images))
    finally:
        await host.close()
        await store.close()
