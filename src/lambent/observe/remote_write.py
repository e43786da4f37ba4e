"""The platform's figures as Prometheus' remote write 1.0 sends them: a WriteRequest in protobuf, compressed by Snappy.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ (labels are sorted by name, times are milliseconds since
1970). The message is so small that it is written out here; Snappy is cramjam's, which an extra brings.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from lambent.observe.prometheus import Family

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
SERIES_AT_ONCE = 2_000
"""Series of one request, as Prometheus sends them."""
_DOUBLE, _VARINT, _BYTES = 1, 0, 2
"""Wire types: https://protobuf.dev/programming-guides/encoding/"""


def bodies(families: Sequence[Family], at: float, more: Mapping[str, str]) -> Iterator[bytes]:
    """The requests that say all of it. `at` is seconds since 1970, `more` the labels that every series has (`job`,
    `instance`)."""
    import cramjam

    series = list(_series(families, round(at * 1000), more))
    for start in range(0, len(series), SERIES_AT_ONCE):
        yield bytes(cramjam.snappy.compress_raw(b"".join(series[start : start + SERIES_AT_ONCE])))


def _series(families: Sequence[Family], at: int, more: Mapping[str, str]) -> Iterator[bytes]:
    for family in families:
        for point in family.points:
            labels = {"__name__": f"{family.name}{point.suffix}", **more, **point.labels}
            said = b"".join(_field(1, _label(name, value)) for name, value in sorted(labels.items()) if value)
            yield _field(1, said + _field(2, _sample(point.value, at)))


def _label(name: str, value: str) -> bytes:
    return _field(1, name.encode()) + _field(2, value.encode())


def _sample(value: float, at: int) -> bytes:
    return bytes([1 << 3 | _DOUBLE]) + struct.pack("<d", value) + bytes([2 << 3 | _VARINT]) + _varint(at)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | _BYTES]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
