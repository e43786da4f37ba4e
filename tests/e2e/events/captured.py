"""A stand-in for AWS services that keeps what it is sent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Taken:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Captured:
    """What came, and what is answered: a status and a body by request."""

    taken: list[Taken] = field(default_factory=list)
    answer: Callable[[Taken], tuple[int, bytes]] = lambda _taken: (200, b"{}")
    url: str = ""


@contextmanager
def capturing() -> Iterator[Captured]:
    """A server on a free port."""
    captured = Captured()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            taken = Taken(self.command, self.path, headers, body)
            status, content = captured.answer(taken)
            captured.taken.append(taken)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _take

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    captured.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield captured
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
