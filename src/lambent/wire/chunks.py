"""Bodies in AWS's chunked coding (`aws-chunked`), with and without a signature per chunk.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
"""

import hmac
import re
from dataclasses import dataclass, field
from typing import IO

from lambent.wire.sigv4 import Verified, scope_of, sha256_hex, sign

HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")
_LONGEST_HEAD = 256
_LONGEST_TRAILERS = 1 << 16
SMALL, MOST_SMALL = 8_192, 10_000
"""Bytes that each chunk but the last one has at AWS at least, and how many smaller ones are read: more would keep
everybody waiting."""
TRAILER_SIGNATURE = "x-amz-trailer-signature"


class ChunkError(ValueError):
    """A body that isn't in the coding, or a chunk whose signature is wrong."""


@dataclass(frozen=True, slots=True)
class Chunked:
    """A body out of its coding. `trailers` are by lower-case name, the trailer's signature among them."""

    payload: bytes
    trailers: dict[str, str] = field(default_factory=dict)


def read_chunks(body: bytes, seed: Verified | None) -> Chunked:
    """The payload of `body`; `seed` is the verified request when its chunks are signed, else None.

    Raises ChunkError.
    """
    payload: list[bytes] = []
    at, previous = 0, seed.signature if seed else ""
    while True:
        chunk, signature, at = _chunk(body, at)
        if seed is not None:
            previous = _check(seed, previous, chunk, signature)
        if not chunk:
            break
        payload.append(chunk)
        _check_sizes(at, len(payload))
    trailers = _trailers(body[at:])
    if seed is not None and seed.payload.endswith("-TRAILER"):
        _check_trailers(seed, previous, trailers)
    return Chunked(b"".join(payload), trailers)


class ChunkReader:
    """A file in the coding, read without it; its chunks' signatures are passed over. `trailers` are there at its end.

    Raises ChunkError.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = 0
        self._chunks = 0
        self._ended = False
        self.trailers: dict[str, str] = {}

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes of the payload (without a number all), none at its end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        if not self._left and not self._ended:
            self._begin()
        if self._ended:
            return b""
        data = self._file.read(min(size, self._left))
        if not data:
            raise ChunkError("the body ends within a chunk")
        self._left -= len(data)
        if not self._left and self._file.read(2) != b"\r\n":
            raise ChunkError("a chunk does not end where it should")
        return data

    def _begin(self) -> None:
        line = self._file.readline(_LONGEST_HEAD)
        head = HEAD.fullmatch(line)
        if head is None:
            raise ChunkError("no chunk where one should begin")
        self._left = int(head[1], 16)
        self._chunks += 1
        _check_sizes(self._file.tell(), self._chunks)
        if not self._left:
            self._ended = True
            self.trailers = _trailers(self._file.read(_LONGEST_TRAILERS))


def _check_sizes(read: int, chunks: int) -> None:
    """Raises ChunkError where so many chunks are in so few bytes."""
    if chunks - read // SMALL > MOST_SMALL:
        raise ChunkError(f"only the last chunk is allowed to have a size less than {SMALL} bytes")


def _chunk(body: bytes, at: int) -> tuple[bytes, str, int]:
    """The chunk at `at`, its signature, and where the next one begins."""
    head = HEAD.match(body, at)
    if head is None:
        raise ChunkError(f"no chunk at byte {at}")
    size = int(head[1], 16)
    start, end = head.end(), head.end() + size
    signature = (head[2] or b"").decode()
    if size == 0:
        return b"", signature, end
    if body[end : end + 2] != b"\r\n":
        raise ChunkError(f"a chunk of {size} bytes doesn't end at byte {end}")
    return body[start:end], signature, end + 2


def _check(seed: Verified, previous: str, chunk: bytes, signature: str) -> str:
    parts = ("AWS4-HMAC-SHA256-PAYLOAD", seed.date, scope_of(seed.credential), previous)
    text = "\n".join((*parts, sha256_hex(b""), sha256_hex(chunk)))
    return _matching(sign(seed.key, text), signature)


def _check_trailers(seed: Verified, previous: str, trailers: dict[str, str]) -> None:
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()) if name != TRAILER_SIGNATURE)
    parts = ("AWS4-HMAC-SHA256-TRAILER", seed.date, scope_of(seed.credential), previous)
    text = "\n".join((*parts, sha256_hex(lines.encode())))
    _matching(sign(seed.key, text), trailers.get(TRAILER_SIGNATURE, ""))


def _matching(expected: str, signature: str) -> str:
    if not hmac.compare_digest(expected, signature):
        raise ChunkError("a chunk's signature does not match")
    return signature


def _trailers(rest: bytes) -> dict[str, str]:
    trailers = {}
    for line in rest.decode("utf-8", "replace").replace("\r", "\n").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return trailers
