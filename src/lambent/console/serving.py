"""Serve the console on a port of the loopback until it is told to stop."""

import socket
import threading
from collections.abc import Callable

import uvicorn

from lambent.console.app import application
from lambent.console.door import ENTER, NAME, Door
from lambent.console.site import Site

AT_ONCE = 200
"""Connections."""
END_SECONDS = 3
ASKED_FIRST = ("lambda", "cloudwatch", "sqs")
ASKED_LATER = ("logs", "events", "s3", "kinesis", "iam", "xray", "cloudformation")
"""Services whose clients are made before a page asks for them: reading a model takes longer than answering. The first
ones before the link is there, the others beside."""


def serve(site: Site, port: int, ready: Callable[[str, str], object]) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is given a link that may be used any number of times, and one for once.

    Raises OSError when the port can't be had.
    """
    with socket.create_server(("127.0.0.1", port)) as listening:
        door = Door()
        begin = f"http://{NAME}:{listening.getsockname()[1]}{ENTER}?token="
        config = uvicorn.Config(
            application(site, door),
            log_level="warning",
            access_log=False,
            limit_concurrency=AT_ONCE,
            timeout_graceful_shutdown=END_SECONDS,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
        )
        _make_clients(site, ASKED_FIRST)
        threading.Thread(target=_make_clients, args=(site, ASKED_LATER), daemon=True).start()
        ready(f"{begin}{door.token}", f"{begin}{door.ticket()}")
        uvicorn.Server(config).run([listening])


def _make_clients(site: Site, services: tuple[str, ...]) -> None:
    for service in services:
        site.api.client(service)
