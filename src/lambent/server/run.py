"""Start, serve, stop. `run` serves until SIGINT or SIGTERM."""

import asyncio
import errno
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from lambent import __version__
from lambent.model.limits import PROFILES
from lambent.sandbox import probe
from lambent.sandbox.errors import LevelUnavailable
from lambent.server.base import open_base
from lambent.server.services import open_services
from lambent.settings import Settings, StartError
from lambent.store.errors import StoreError
from lambent.store.open import Store, open_store
from lambent.store.registry import docker_logins


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status. Raises StartError when it can't start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        url, level = await _open(stack, settings)
        print(f"Lambent {__version__} is ready at {url} (isolation: {level}, data: {settings.data_dir})", flush=True)
        await stop.wait()
    return 0


async def _open(stack: AsyncExitStack, settings: Settings) -> tuple[str, str]:
    """Open every part; answers the endpoint's URL and the level of isolation. Raises StartError."""
    abilities = await asyncio.to_thread(probe.probe, outbound=False)
    try:
        level = probe.choose(settings.isolation, abilities)
    except LevelUnavailable as error:
        raise StartError(str(error)) from error
    door = _bind(settings.host, settings.port)
    stack.callback(door.close)
    store = await _open_store(stack, settings)
    base = await open_base(stack, settings, door, level)
    await open_services(stack, settings, store, base, abilities)
    return base.url, level.value


def _bind(host: str, port: int) -> socket.socket:
    """The endpoint's listening socket. Raises StartError."""
    try:
        return socket.create_server((host, port), backlog=1024, family=_family(host))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {port} on {host} is in use: choose another with --port") from error
        raise StartError(f"{host} port {port} can't be bound: {error.strerror}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _open_store(stack: AsyncExitStack, settings: Settings) -> Store:
    try:
        limits = PROFILES[settings.profile].with_concurrency(settings.concurrency)
        store = await open_store(settings.data_dir, limits=limits, logins=docker_logins(_docker_config()))
    except StoreError as error:
        raise StartError(f"{settings.data_dir}: {error}") from error
    stack.push_async_callback(store.close)
    return store


def _docker_config() -> Path:
    """Where `docker login` keeps the user's logins."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"
