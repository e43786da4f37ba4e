"""Hands what a service of moto's sends over to the gateway, which delivers or reports it.

The trace header is that of the request which moto answers in the same thread: so a chain of calls goes on.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

PAGE = "/_lambent/deliveries"
ACCEPTED = 202
SECONDS = 60.0
"""Without an answer for so long, the gateway is gone."""
PAUSES = (0.1, 0.5)
"""Seconds before a further try, when the gateway can't be reached."""

_through: ContextVar[tuple[str, ...]] = ContextVar("through", default=())


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be delivered: `origin` and `target` are ARNs, `attributes` name -> (data type, value) as SQS has them,
    a binary one in Base64. With a `problem`, that is why there is nothing to deliver."""

    origin: str
    target: str
    body: str = ""
    attributes: dict[str, tuple[str, str]] = field(default_factory=dict)
    group: str = ""
    deduplication: str = ""
    dead_letter: str = ""
    problem: str = ""


@contextmanager
def behind(service: str) -> Iterator[None]:
    """What is handed over inside comes through `service` before it comes through the next one."""
    token = _through.set((*_through.get(), service))
    try:
        yield
    finally:
        _through.reset(token)


class Gateway:
    """The gateway at `url`, as moto's process sees it."""

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url).netloc

    def hand(self, service: str, message: Message) -> None:
        """Hand over what `service` (as ARNs name it) sends. Never raises: moto's caller has done its part."""
        document = {**asdict(message), "through": [*_through.get(), service], "trace": _trace()}
        body = json.dumps(document).encode()
        for pause in (*PAUSES, None):
            try:
                status = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                why = repr(error)
            else:
                if status == ACCEPTED:
                    return
                why = f"status {status}"
            if pause is not None:
                time.sleep(pause)
        print(f"lost: a message of {message.origin} to {message.target}: {why}", file=sys.stderr, flush=True)

    def _post(self, body: bytes) -> int:
        connection = http.client.HTTPConnection(self._where, timeout=SECONDS)
        try:
            connection.request("POST", PAGE, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()


def _trace() -> str:
    import flask

    return flask.request.headers.get("X-Amzn-Trace-Id", "") if flask.has_request_context() else ""
