"""Pages of keys, versions and uploads, with prefixes, delimiters and where to go on.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: keys in the order of their UTF-8 bytes;
what lies between the prefix and the first delimiter behind it is rolled up into one common prefix, which counts as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from lambent.store.objects import ListedRow, UploadRow, View


class Keyed(Protocol):
    """A row that has a key."""

    @property
    def key(self) -> bytes: ...


R = TypeVar("R", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is listed: `start` is the first key that may be told; a common prefix up to `seen` was told before."""

    prefix: bytes = b""
    delimiter: bytes = b""
    start: bytes = b""
    seen: bytes = b""
    most: int = 1_000

    @property
    def end(self) -> bytes | None:
        """The first key behind all that have the prefix."""
        return successor(self.prefix) if self.prefix else None


@dataclass(slots=True)
class Page(Generic[R]):
    """What was found. `last` is the last that was told: a row, or a common prefix."""

    rows: list[R] = field(default_factory=list)
    prefixes: list[bytes] = field(default_factory=list)
    truncated: bool = False
    last: bytes = b""

    def __len__(self) -> int:
        return len(self.rows) + len(self.prefixes)


def keys(view: View, bucket: int, asked: Asked) -> "Page[ListedRow]":
    """Objects: of each key the latest version, if that is no marker."""
    last: list[bytes] = []

    def wanted(row: ListedRow) -> bool:
        if last and row.key == last[0]:
            return False
        last[:] = [row.key]
        return not row.marker

    return walk(lambda start, most: view.page(bucket, start, asked.end, most), asked, wanted)


def versions(view: View, bucket: int, asked: Asked, after: str) -> "Page[ListedRow]":
    """All versions and markers; of the key `asked.start` those behind the version `after`."""
    passed = [not after]

    def wanted(row: ListedRow) -> bool:
        if not passed[0] and row.key == asked.start:
            passed[0] = row.version == after
            return False
        return True

    return walk(lambda start, most: view.page(bucket, start, asked.end, most), asked, wanted)


def uploads(view: View, bucket: int, asked: Asked, after: str) -> "Page[UploadRow]":
    """Uploads under way; of the key `asked.start` those behind the id `after`."""

    def wanted(row: UploadRow) -> bool:
        return not after or row.key != asked.start or row.upload > after

    return walk(lambda start, most: view.uploads(bucket, start, asked.end, most), asked, wanted)


def walk(fetch: Callable[[bytes, int], Sequence[R]], asked: Asked, wanted: Callable[[R], bool]) -> "Page[R]":
    """A page; `fetch` gives rows from a key on, all rows of the last key at once where that has many."""
    page: Page[R] = Page()
    if asked.most <= 0:
        return page
    start = max(asked.start, asked.prefix)
    while True:
        size = asked.most + 2  # one that shows that there is more, and one whose versions may be cut off
        rows = fetch(start, size)
        while len(rows) == size and rows[0].key == rows[-1].key:
            size *= 4
            rows = fetch(start, size)
        whole = len(rows) < size
        if not whole:  # the last key may have more: it has its turn again
            again = rows[-1].key
            rows = [row for row in rows if row.key != again]
            start = again
        skip = _take(page, rows, asked, wanted)
        if page.truncated or whole:
            return page
        if skip is not None and skip > start:
            start = skip


def _take(page: "Page[R]", rows: Sequence[R], asked: Asked, wanted: Callable[[R], bool]) -> bytes | None:
    """Put rows on the page until it is full; answers where to go on when the last one was rolled up."""
    skip: bytes | None = None
    plain = not asked.delimiter
    for row in rows:
        if skip is not None and row.key < skip:
            continue
        skip = None
        if not wanted(row):
            continue
        rolled = None if plain else _rolled(row.key, asked)
        if rolled is not None and rolled <= asked.seen:
            skip = successor(rolled)
            continue
        if len(page.rows) + len(page.prefixes) >= asked.most:
            page.truncated = True
            return None
        if rolled is None:
            page.rows.append(row)
            page.last = row.key
        else:
            page.prefixes.append(rolled)
            page.last = rolled
            skip = successor(rolled)
    return skip


def _rolled(key: bytes, asked: Asked) -> bytes | None:
    at = key.find(asked.delimiter, len(asked.prefix))
    return None if at < 0 else key[: at + len(asked.delimiter)]


def successor(prefix: bytes) -> bytes | None:
    """The first key behind all with a prefix; None when there is none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
