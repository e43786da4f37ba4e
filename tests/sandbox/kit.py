"""The scenarios' tools. Standard library and lambent.sandbox alone: also run by an ordinary user's interpreter."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.sandbox.host import Process, Sandbox, SandboxHost
from lambent.sandbox.spec import Bind, ExitStatus, Level, ProcessSpec, SandboxSpec, ZygoteSpec

MB = 1 << 20


@dataclass
class Kit:
    """One host and how to use it."""

    host: SandboxHost
    level: Level
    code: Path
    interpreter: Path
    transports: list[asyncio.ReadTransport] = field(default_factory=list)

    @property
    def zygote(self) -> ZygoteSpec:
        return ZygoteSpec(self.interpreter, paths=(str(self.code),), preload=("probes",))

    def spec(self, name: str = "one", **changes: Any) -> SandboxSpec:
        defaults: dict[str, Any] = {"zygote": self.zygote, "binds": (Bind(self.code, "/var/task"),)}
        return SandboxSpec(id=name, **(defaults | changes))

    @asynccontextmanager
    async def sandbox(self, name: str = "one", **changes: Any) -> AsyncIterator[Sandbox]:
        sandbox = await self.host.create(self.spec(name, **changes))
        try:
            yield sandbox
        finally:
            await sandbox.destroy()

    async def start(self, sandbox: Sandbox, probe: str, **environment: str) -> tuple[Process, asyncio.StreamReader]:
        """A started probe and what it writes."""
        read, write = os.pipe()
        try:
            entry = probe if ":" in probe else f"probes:{probe}"
            spec = ProcessSpec(environment, entry=entry, cwd=sandbox.inside("/var/task"), fds={1: write})
            process = await sandbox.start(spec)
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        return process, await self.reader(read)

    async def reader(self, read: int) -> asyncio.StreamReader:
        """What comes through a pipe, whose descriptor is the reader's from now on."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read, "rb"))
        self.transports.append(transport)
        return reader

    async def ask(self, sandbox: Sandbox, probe: str, **environment: str) -> Any:
        """What a probe says, after its end."""
        status, said = await self.run(sandbox, probe, **environment)
        assert status.code == 0, (status, said)
        return json.loads(said)

    async def run(self, sandbox: Sandbox, probe: str, **environment: str) -> tuple[ExitStatus, bytes]:
        process, reader = await self.start(sandbox, probe, **environment)
        status = await asyncio.wait_for(process.exited, 30)
        return status, await reader.read()


@asynccontextmanager
async def opened(level: str, place: Path, owner: str = "test", network: str = "none") -> AsyncIterator[Kit]:
    """A kit. `place` holds `code`; the state folder is made beside it."""
    host = await SandboxHost.open(place / f"state-{owner}", Level(level), owner, network)
    kit = Kit(host, host.level, place / "code", Path(sys.executable).resolve())  # noqa: ASYNC240
    try:
        yield kit
    finally:
        await host.close()
        for transport in kit.transports:
            transport.close()
        await asyncio.sleep(0.01)
