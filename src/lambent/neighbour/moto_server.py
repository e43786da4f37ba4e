"""The process that runs moto, a program of its own: the server starts it, and takes constants from here alone.

Serves on the listening socket whose descriptor is its argument, writes one line when it can answer, and ends with
its parent: by signal on Linux, elsewhere when its standard input ends.
"""

import ctypes
import functools
import io
import os
import signal
import sys
import tempfile
import threading
from typing import Any

from lambent.neighbour import guard

READY = b"ready\n"
PR_SET_PDEATHSIG = 1
SERVICE = "x-lambent-service"
"""The header in which the gateway says what it took an unsigned request for, lest moto guess otherwise from a path."""
FORM = "application/x-www-form-urlencoded"


def main(argv: list[str]) -> None:
    """`argv`: the descriptor, the parent's process id, and the path of the gateway's socket if there is one."""
    descriptor, parent = int(argv[0]), int(argv[1])
    end_with(parent)
    if len(argv) > 2:
        _bridge(*argv[2:])
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import make_server

    application = _dispatcher(_memory())(create_backend_app)
    application.app_instances["s3"] = create_backend_app("s3")
    server = make_server("unix://", 0, application, threaded=True, request_handler=_handler(), fd=descriptor)
    server.server_address = ("127.0.0.1", 0)  # what the application is told of it
    guard.install(tempfile.gettempdir(), argv[2] if len(argv) > 2 else "")
    os.write(1, READY)
    server.serve_forever()


def end_with(parent: int) -> None:
    """This process ends when its parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    threading.Thread(target=_watch_stdin, daemon=True).start()


def _bridge(gateway: str) -> None:
    """What moto's services send shall reach the functions and queues behind the socket at `gateway`."""
    from lambent.neighbour.bridges import places

    places.install(gateway)


def _watch_stdin() -> None:
    os.read(0, 1)
    os._exit(0)


def _handler() -> Any:
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Handler(MotoRequestHandler):
        """Writes no line per request. Its clients have no address: the gateway speaks for them."""

        client_address = ("127.0.0.1", 0)

        def __init__(self, request: Any, _client_address: object, server: Any) -> None:
            super().__init__(request, self.client_address, server)

        def log_request(self, *args: object) -> None:
            pass

    return Handler


def _memory() -> Any:
    """What moto holds, for the server to keep."""
    from lambent.neighbour.memory.inside import Memory

    memory = Memory()
    memory.watch()
    return memory


def _dispatcher(memory: Any) -> Any:
    from urllib.parse import parse_qs

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    from lambent.neighbour.bridges import failing

    class Dispatcher(DomainDispatcherApplication):
        """Mends four things: presigned requests name their service in the query, an
        unsigned one for S3 is for S3 whatever its path looks like, a PUT is never a form, and a body that is read twice
        ends, rather than wait for more on the socket."""

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            if length := int(environ.get("CONTENT_LENGTH") or 0):
                environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
            if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(FORM):
                environ["CONTENT_TYPE"] = "binary/octet-stream"  # or Flask would take the object's bytes for fields
            answered = functools.partial(failing.answered, super().__call__)
            return memory.around(answered, environ, start_response)

        def infer_service_region_host(self, environ: dict[str, Any], path: str) -> Any:
            scope = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential")
            if scope and "HTTP_AUTHORIZATION" not in environ:
                environ = {**environ, "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope[0]}, "}
            unsigned = "HTTP_AUTHORIZATION" not in environ and "/.well-known/" not in path
            if unsigned and environ.get("HTTP_X_LAMBENT_SERVICE") == "s3":
                return None  # S3, moto's own default
            return super().infer_service_region_host(environ, path)

    return Dispatcher


if __name__ == "__main__":
    main(sys.argv[1:])
