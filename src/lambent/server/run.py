"""Start, serve, stop. `run` serves until SIGINT or SIGTERM."""

import asyncio
import contextlib
import errno
import faulthandler
import gc
import json
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from lambent import __version__
from lambent.model.limits import PROFILES
from lambent.sandbox import probe
from lambent.sandbox.errors import LevelUnavailable
from lambent.sandbox.spec import Level
from lambent.server import confined, machine
from lambent.server.base import Secure, open_base
from lambent.server.pages import able_now
from lambent.server.private import keep_private
from lambent.server.services import open_services
from lambent.server.tls import Authority
from lambent.settings import Settings, StartError
from lambent.store.errors import StoreBroken, StoreError, StoreFull, StoreInUse
from lambent.store.images import Sources
from lambent.store.open import Store, open_store
from lambent.store.registry import docker_logins

ASK_SECONDS = 2.0
"""How long who has our port may take to say who it is."""
MOVE_AWAY = "move it away, or choose another folder with --data-dir"
_IN_THE_WAY = (FileExistsError, IsADirectoryError, NotADirectoryError)


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit status. Raises StartError when it can't start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with contextlib.suppress(OSError, RuntimeError, ValueError):  # there is no stderr
        faulthandler.enable()  # libuv aborts, without a word, where the kernel has no more watches for its user
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
    new = not settings.data_dir.exists()
    async with AsyncExitStack() as stack:
        try:
            url, level, lost = await _open(stack, settings)
        except OSError as error:
            raise _unopened(settings, error) from error
        gc.freeze()  # what is there now stays: whenever it were looked through, everybody would wait 0.1 s
        gc.enable()
        with contextlib.suppress(OSError):  # nobody reads it
            _greet(settings, url, level, lost, new)
        await stop.wait()
    return 0


def _greet(settings: Settings, url: str, level: str, lost: list[str], new: bool) -> None:
    print(f"Lambent {__version__} is ready at {url} (isolation: {level}, data: {settings.data_dir})", flush=True)
    if new:
        print("It is a new data folder; --data-dir, LAMBENT_DATA_DIR or lambent.toml name another", flush=True)
    if lost:
        print(f"Not kept on this machine: {', '.join(lost)}. `lambent doctor` says why and what helps", flush=True)


def _unopened(settings: Settings, error: OSError) -> Exception:
    """Something in the data folder is not what it should be; anything else is a defect."""
    if error.filename is None or not Path(error.filename).is_relative_to(settings.data_dir):
        return error
    return StartError(f"{error.filename}: {error.strerror}: {MOVE_AWAY}")


async def _open(stack: AsyncExitStack, settings: Settings) -> tuple[str, str, list[str]]:
    """Open every part; answers the endpoint's URL, the level of isolation and which promises are not kept.

    Raises StartError.
    """
    here = await machine.look()
    try:
        level = probe.choose(settings.isolation, here.abilities)
    except LevelUnavailable as error:
        raise StartError(str(error)) from error
    door = _bind(settings.host, settings.port)
    stack.callback(door.close)
    store = await _open_store(stack, settings)
    secure = _secure(stack, settings) if settings.tls == "on" else None
    base = await open_base(stack, settings, door, level, secure)
    await open_services(stack, settings, store, base, here)
    keep_private(settings.data_dir)
    store.started()
    if secure is not None:
        port = secure.door.getsockname()[1]
        print(f"HTTPS at https://localhost:{port}, for clients that trust {secure.authority}", flush=True)
    return base.url, level.value, _lost(able_now(here.abilities, base), level, settings)


def _authority(settings: Settings) -> Authority:
    """Who vouches for HTTPS here. Raises StartError."""
    folder = settings.data_dir / "tls"
    try:
        return Authority(folder, settings.host_names)
    except ValueError as error:
        raise StartError(f"{folder}: {error}: {MOVE_AWAY}") from error


def _secure(stack: AsyncExitStack, settings: Settings) -> Secure:
    """HTTPS's listening socket and authority. Raises StartError."""
    authority = _authority(settings)
    door = _bind(settings.host, settings.tls_port, "--tls-port")
    stack.callback(door.close)
    return Secure(door, authority.context(), authority.path)


def _lost(abilities: probe.Abilities, level: Level, settings: Settings) -> list[str]:
    """The promises that this machine can't keep, in words; what the settings switch off is no loss."""
    wanted = {"outbound_network": settings.network != "none"}
    promises = confined.promises(abilities, level)
    return [name.replace("_", " ") for name, said in promises.items() if not said["kept"] and wanted.get(name, True)]


def _bind(host: str, port: int, flag: str = "--port") -> socket.socket:
    """The endpoint's listening socket. Raises StartError."""
    try:
        return socket.create_server((host, port), backlog=1024, family=_family(host))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(
                f"port {port} on {host} is in use{_by_whom(host, port)}: choose another with {flag}"
            ) from error
        raise StartError(f"{host} port {port} can't be bound: {error.strerror}") from error


def _by_whom(host: str, port: int) -> str:
    """Whose Lambent it is that answers there, if it is one."""
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/_lambent/health"
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=ASK_SECONDS) as answer:
            said = json.load(answer)
            return f" by {said['user']}'s Lambent, with its data in {said['data_dir']}"
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return ""


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _open_store(stack: AsyncExitStack, settings: Settings) -> Store:
    try:
        limits = PROFILES[settings.profile].with_concurrency(settings.concurrency)
        sources = Sources(docker_logins(_docker_config()), settings.reach, settings.image_folders)
        store = await open_store(settings.data_dir, settings.database, limits=limits, sources=sources)
    except StoreError as error:
        raise StartError(f"{settings.data_dir}: {error}{_advice(error)}") from error
    stack.push_async_callback(store.close)
    return store


def _advice(error: StoreError) -> str:
    """What to do about a data folder that can't be opened, where the error doesn't say it."""
    match error:
        case StoreInUse():
            return ": stop it, or choose another with --data-dir"
        case StoreFull():
            return ": free some space, or choose another with --data-dir"
        case StoreBroken() if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, _IN_THE_WAY):
            return ": choose another with --data-dir"
        case StoreBroken():
            return f": {MOVE_AWAY}"
    return ""


def _docker_config() -> Path:
    """Where `docker login` keeps the user's logins."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"
