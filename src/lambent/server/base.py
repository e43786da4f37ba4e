"""What stands below the services: clock, logs, the neighbour, the sandbox host."""

import asyncio
import hashlib
import socket
import time
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lambent import clock
from lambent.clock import Clock
from lambent.dispatch.background import Background
from lambent.dispatch.environment import Clock as RealClock
from lambent.gateway.chain import Gateway
from lambent.gateway.listener import Listener
from lambent.neighbour.neighbour import Neighbour
from lambent.neighbour.process import MotoProcess
from lambent.observe.logstore import LogStore
from lambent.runtimes import installs
from lambent.sandbox.errors import LevelUnavailable
from lambent.sandbox.host import SandboxHost
from lambent.sandbox.spec import Level
from lambent.settings import Settings, StartError

CLOSE_SECONDS = 2.0
"""How long background work may take to end; what is left then dies with the zygotes."""
REAL = RealClock(time.monotonic, time.time)
"""What bounds a real process: everything else waits on the platform's clock (`lambent.clock`)."""


@dataclass(frozen=True, slots=True)
class Base:
    """What stands below the services."""

    clock: Clock
    background: Background
    logs: LogStore
    neighbour: Neighbour
    host: SandboxHost
    door: socket.socket
    url: str


async def open_base(stack: AsyncExitStack, settings: Settings, door: socket.socket, level: Level) -> Base:
    """What lives as long as `stack`. Raises StartError."""
    now = clock.make(settings.clock, settings.time_scale)
    background = Background()
    stack.push_async_callback(background.close, CLOSE_SECONDS)
    stack.callback(installs.stop)
    logs = await LogStore.open(settings.data_dir / "logs", now.wall)
    stack.push_async_callback(logs.close)
    host_name = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host_name}:{door.getsockname()[1]}"
    neighbour = Neighbour(settings.endpoints, MotoProcess(gateway=url))
    stack.push_async_callback(neighbour.close)
    background.spawn(neighbour.start())
    owner = hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:12]
    try:
        host = await SandboxHost.open(settings.data_dir / "sandboxes", level, owner, settings.network)
    except LevelUnavailable as error:
        raise StartError(str(error)) from error
    stack.push_async_callback(host.close)
    return Base(now, background, logs, neighbour, host, door, url)


class Doors:
    """The gateway and its listener as those see them that must be made first: the launcher, the operations."""

    gateway: Gateway
    listener: Listener

    async def serve(self, listening: socket.socket) -> asyncio.Server:
        """Answer on one more socket."""
        return await self.listener.serve(listening)

    def forget(self, server: asyncio.Server) -> None:
        """The environment of that socket is gone."""
        self.listener.forget(server)


def tells_time(settings: Settings) -> bool:
    """Whether functions go by a clock that is not the machine's."""
    return settings.function_time == "platform" and (settings.clock != "real" or settings.time_scale != 1)


def new_id() -> str:
    """A request id, a revision id, as AWS has them."""
    return str(uuid.uuid4())
