"""Checksums of objects and parts, as S3 has them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html: a multipart
upload's is composite (a checksum of its parts' checksums, "-" and their number) or of the full object.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from awscrt import checksums as crt

HASHES: dict[str, Callable[[], Any]] = {
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
}
CRCS: dict[str, tuple[Callable[[bytes, int], int], Callable[[int, int, int], int], int]] = {
    "CRC32": (zlib.crc32, crt.combine_crc32, 4),
    "CRC32C": (crt.crc32c, crt.combine_crc32c, 4),
    "CRC64NVME": (crt.crc64nvme, crt.combine_crc64nvme, 8),
}
ALGORITHMS = (*CRCS, *HASHES)
DEFAULT = "CRC64NVME"
"""What S3 computes of every object that came with none."""
FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
PIECE = 1 << 20


class Digests:
    """The MD5 of what goes by, and further checksums by name."""

    def __init__(self, names: Iterable[str]) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._hashes = {name: HASHES[name]() for name in names if name in HASHES}
        self._crcs = dict.fromkeys((name for name in names if name in CRCS), 0)
        self.size = 0

    def update(self, data: bytes) -> None:
        """Some more bytes."""
        self.size += len(data)
        self._md5.update(data)
        for one in self._hashes.values():
            one.update(data)
        for name, value in self._crcs.items():
            self._crcs[name] = CRCS[name][0](data, value)

    @property
    def md5(self) -> str:
        """In hex."""
        return self._md5.hexdigest()

    def values(self) -> dict[str, str]:
        """Each in Base64."""
        found = {name: _base64(one.digest()) for name, one in self._hashes.items()}
        found.update({name: _of_crc(name, value) for name, value in self._crcs.items()})
        return found

    def hex(self, name: str) -> str:
        """A hash in hex."""
        return str(self._hashes[name].hexdigest())


def etag_of_parts(md5s: Sequence[str]) -> str:
    """The ETag of a completed upload: MD5 of the parts' MD5s, and their number."""
    whole = hashlib.md5(b"".join(bytes.fromhex(one) for one in md5s), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(md5s)}"


def composite(name: str, parts: Sequence[str]) -> str:
    """Of checksums of parts, in Base64."""
    raw = b"".join(base64.b64decode(one) for one in parts)
    digests = Digests((name,))
    digests.update(raw)
    return f"{digests.values()[name]}-{len(parts)}"


def full(name: str, parts: Sequence[tuple[str, int]]) -> str:
    """The CRC of the whole, from those of its parts and their sizes."""
    _, combine, _ = CRCS[name]
    value = 0
    for one, size in parts:
        value = combine(value, int.from_bytes(base64.b64decode(one), "big"), size)
    return _of_crc(name, value)


def is_one(name: str, value: str) -> bool:
    """Whether a text may be such a checksum."""
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return len(raw) == (CRCS[name][2] if name in CRCS else HASHES[name]().digest_size)


def _of_crc(name: str, value: int) -> str:
    return _base64(value.to_bytes(CRCS[name][2], "big"))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
