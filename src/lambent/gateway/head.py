"""Status line and headers of a response, as bytes."""

import http
from collections.abc import Sequence
from email.utils import formatdate
from time import time

from lambent.wire.http import Response

NO_BODY = frozenset({204, 304})
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in http.HTTPStatus}
_BREAKS = str.maketrans("\r\n\0", "   ")
"""What a header's line can't have becomes a space (RFC 9110, section 5.5): a function may name its headers."""


class _Date:
    """The Date header's value, formatted once a second."""

    __slots__ = ("_line", "_second")

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        second = int(time())
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._line


_date = _Date()


def _whole(text: str) -> str:
    """Text that does not end a line."""
    if "\r" in text or "\n" in text or "\0" in text:
        return text.translate(_BREAKS)
    return text


def _lines(headers: Sequence[tuple[str, str]]) -> str:
    """The headers, a line each, whatever they hold."""
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if text.count("\r") == text.count("\n") == len(headers) and "\0" not in text:
        return text
    return "".join([f"{_whole(name)}: {_whole(value)}\r\n" for name, value in headers])


def _has_length(headers: Sequence[tuple[str, str]]) -> bool:
    return any([len(name) == 14 and name.lower() == "content-length" for name, _ in headers])  # noqa: C419  (no frame)


def head(response: Response, length: int | None, keep_alive: bool) -> bytes:
    """The head of a response whose body has `length` bytes (None: is sent in chunks)."""
    status = _STATUS_LINES.get(response.status) or b"HTTP/1.1 %d Unknown\r\n" % response.status
    lines = [status, _date.line(), response.head]
    if response.headers:
        lines.append(_lines(response.headers).encode())
    if length is None:
        lines.append(b"Transfer-Encoding: chunked\r\n")
    elif response.status not in NO_BODY and not _has_length(response.headers):
        lines.append(b"Content-Length: %d\r\n" % length)
    lines.append(b"\r\n" if keep_alive else b"Connection: close\r\n\r\n")
    return b"".join(lines)


def switching(response: Response) -> bytes:
    """The head of a response that gives the connection to another protocol (status 101)."""
    lines = [f"{_whole(name)}: {_whole(value)}\r\n" for name, value in response.headers]
    return b"".join((_STATUS_LINES[101], *(line.encode() for line in lines), b"\r\n"))
