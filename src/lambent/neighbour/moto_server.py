"""The process that runs moto. Started by `process`, never imported by it.

Serves on the listening socket whose descriptor is its argument, writes one line when it can answer, and ends with
its parent: by signal on Linux, elsewhere when its standard input ends.
"""

import ctypes
import io
import os
import signal
import sys
import threading
from typing import Any

READY = b"ready\n"
PR_SET_PDEATHSIG = 1
FORM = "application/x-www-form-urlencoded"


def main(argv: list[str]) -> None:
    """`argv`: the descriptor, the parent's process id, and the URL of the gateway if there is one."""
    descriptor, parent = int(argv[0]), int(argv[1])
    _end_with(parent)
    if len(argv) > 2:
        _bridge(argv[2])
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import make_server

    application = _dispatcher()(create_backend_app)
    application.app_instances["s3"] = create_backend_app("s3")
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_handler(), fd=descriptor)
    os.write(1, READY)
    server.serve_forever()


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    threading.Thread(target=_watch_stdin, daemon=True).start()


def _bridge(gateway: str) -> None:
    """What moto's services send shall reach the functions and queues at `gateway`."""
    from lambent.neighbour.bridges import places

    places.install(gateway)


def _watch_stdin() -> None:
    os.read(0, 1)
    os._exit(0)


def _handler() -> Any:
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Handler(MotoRequestHandler):
        """Writes no line per request, and does not let small packets wait for one another."""

        disable_nagle_algorithm = True

        def log_request(self, *args: object) -> None:
            pass

    return Handler


def _dispatcher() -> Any:
    from urllib.parse import parse_qs

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    class Dispatcher(DomainDispatcherApplication):
        """Mends three things: presigned requests name their service in the query, a PUT is never a form, and a body
        that is read twice ends, rather than wait for more on the socket."""

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            if length := int(environ.get("CONTENT_LENGTH") or 0):
                environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
            if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(FORM):
                environ["CONTENT_TYPE"] = "binary/octet-stream"  # or Flask would take the object's bytes for fields
            return super().__call__(environ, start_response)

        def infer_service_region_host(self, environ: dict[str, Any], path: str) -> Any:
            scope = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential")
            if scope and "HTTP_AUTHORIZATION" not in environ:
                environ = {**environ, "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope[0]}, "}
            return super().infer_service_region_host(environ, path)

    return Dispatcher


if __name__ == "__main__":
    main(sys.argv[1:])
