"""Versions of objects: put, delete, change, read.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html, DeletingObjectVersions.html and
AddingObjectstoVersionSuspendedBuckets.html (what versions come and go), object-lock.html.
"""

import json
import secrets
import string
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from lambent.clock import Clock
from lambent.objects import conditions, errors
from lambent.objects.buckets import ENABLED, Bucket, Registry
from lambent.objects.conditions import Conditions
from lambent.objects.contents import Contents, Kept, Opened, cut, data_for, pieces_of
from lambent.objects.names import key_bytes, key_text
from lambent.objects.notices import Asker, Notices
from lambent.store.errors import StoreFull
from lambent.store.objects import Change, Item, ObjectStore, Pieces, VersionRow, View

NULL = "null"
NOTHING = Conditions()
_LETTERS = string.ascii_letters + string.digits + "._"


class Made(NamedTuple):
    """A version that is to be there. `kept` are contents that are new with it."""

    size: int
    etag: str
    pieces: Pieces
    document: dict[str, Any]
    kept: tuple[Kept, ...] = ()
    modified: float | None = None


class Version(NamedTuple):
    """A version of an object, or a delete marker."""

    row: VersionRow
    document: dict[str, Any]
    data: dict[int, bytes | None]

    @property
    def id(self) -> str:
        """Its version id."""
        return self.row.version

    @property
    def key(self) -> str:
        """Its key."""
        return key_text(self.row.key)

    @property
    def pieces(self) -> Pieces:
        """What it consists of."""
        return pieces_of(self.row.content)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of a deletion: the marker that was made, or that went."""

    version: str = ""
    marker: bool = False


class Objects:
    """The objects of all buckets."""

    def __init__(
        self, store: ObjectStore, contents: Contents, registry: Registry, notices: Notices, clock: Clock
    ) -> None:
        self.store = store
        self.contents = contents
        self.registry = registry
        self.notices = notices
        self.clock = clock
        self._rank = 0

    # --- writes -------------------------------------------------------------------------------------------

    async def put(
        self,
        bucket: Bucket,
        key: str,
        made: Made,
        event: str,
        asker: Asker,
        asked: Conditions = NOTHING,
        more: Callable[[View], Change] | None = None,
    ) -> Version:
        """A new version; on disk when this comes back. `more` is what changes with it. Raises ObjectError."""
        raw = key_bytes(key)

        def decide(view: View) -> tuple[Change, Version]:
            self._check(bucket)
            rows = view.versions(bucket.uid, raw)
            conditions.check_write(asked, _live_etag(rows), key)
            row, gone = self._next(bucket, raw, made, rows)
            beside = more(view) if more else Change()
            sent = self.notices.of(bucket, event, row, asker)
            contents = [one for kept in made.kept for one in kept.rows]
            change = Change(
                [row], gone, contents, notices=sent, parts_gone=beside.parts_gone, uploads_gone=beside.uploads_gone
            )
            return change, Version(row, made.document, {})

        def arrived() -> None:
            for kept in made.kept:
                self.contents.arrived(kept)

        try:
            version: Version = await self.store.write(Item(decide, [(bucket.uid, raw)]), arrived)
        except (errors.ObjectError, StoreFull):
            for kept in made.kept:
                self.contents.forget(kept)
            raise
        return version

    async def delete(
        self,
        bucket: Bucket,
        key: str,
        version: str,
        asker: Asker,
        *,
        bypass: bool = False,
        asked: Conditions = NOTHING,
        event: str = "ObjectRemoved",
    ) -> Deleted:
        """A version goes, or without one, the object: by a marker where there are versions. Raises ObjectError."""
        raw = key_bytes(key)

        def decide(view: View) -> tuple[Change, Deleted]:
            self._check(bucket)
            rows = view.versions(bucket.uid, raw)
            if asked.match:
                conditions.check_write(asked, _live_etag(rows), key)
            if version:
                return self._delete_version(bucket, rows, version, asker, bypass, event)
            if bucket.versioning:
                return self._mark(bucket, raw, rows, asker, event)
            notices = [n for row in rows for n in self.notices.of(bucket, _removed(event, marker=False), row, asker)]
            return Change(gone=list(rows), notices=notices), Deleted()

        deleted: Deleted = await self.store.write(Item(decide, [(bucket.uid, raw)], frees=True))
        return deleted

    async def change(
        self,
        bucket: Bucket,
        key: str,
        version: str,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        event: str = "",
        asker: Asker | None = None,
        method: str = "PUT",
    ) -> Version:
        """Put what `change` answers into the document of a version. Raises ObjectError."""
        raw = key_bytes(key)

        def decide(view: View) -> tuple[Change, Version]:
            self._check(bucket)
            row = find(view.versions(bucket.uid, raw), key, version, method)
            document = change(json.loads(row.document))
            changed = row._replace(document=json.dumps(document), listed=listed_of(document))
            notices = self.notices.of(bucket, event, changed, asker) if event and asker else []
            return Change([changed], notices=notices), Version(changed, document, {})

        done: Version = await self.store.write(Item(decide, [(bucket.uid, raw)]))
        return done

    # --- reads --------------------------------------------------------------------------------------------

    async def get(
        self, bucket: Bucket, key: str, version: str = "", method: str = "GET", *, data: bool = False
    ) -> Version:
        """A version of an object, with its bytes where they lie in the store if `data`. Raises ObjectError."""
        raw = key_bytes(key)

        def look(view: View) -> Version:
            row = find(view.versions(bucket.uid, raw), key, version, method)
            there = data_for(view, pieces_of(row.content)) if data else {}
            return Version(row, json.loads(row.document), there)

        found: Version = await self.store.read(look)
        return found

    async def open(self, version: Version, start: int = 0, length: int | None = None) -> Opened:
        """The bytes of a version that was got with its data."""
        pieces = cut(version.pieces, start, version.row.size if length is None else length)
        return await self.contents.open_pieces(pieces, version.data)

    # --- what comes and goes --------------------------------------------------------------------------------

    def _check(self, bucket: Bucket) -> None:
        if bucket.uid in self.registry.leaving:
            raise errors.no_bucket(bucket.name)

    def _next(
        self, bucket: Bucket, key: bytes, made: Made, rows: Sequence[VersionRow], *, marker: bool = False
    ) -> tuple[VersionRow, list[VersionRow]]:
        """The row of a new version, and those that go for it."""
        versioned = bucket.versioning == ENABLED
        row = VersionRow(
            bucket.uid,
            key,
            self._next_rank(rows),
            _new_version() if versioned else NULL,
            marker,
            made.size,
            made.etag,
            self.clock.wall() if made.modified is None else made.modified,
            listed_of(made.document),
            orjson.dumps(made.pieces).decode(),
            json.dumps(made.document),
        )
        return row, [] if versioned else [one for one in rows if one.version == NULL]

    def _next_rank(self, rows: Sequence[VersionRow]) -> int:
        """Lower than all, also when the machine's clock was put back."""
        self._rank = min(self._rank - 1, -time.time_ns() // 1000)
        return min(self._rank, rows[0].rank - 1) if rows else self._rank

    def _mark(
        self, bucket: Bucket, key: bytes, rows: Sequence[VersionRow], asker: Asker, event: str
    ) -> tuple[Change, Deleted]:
        marker, gone = self._next(bucket, key, Made(0, "", [], {"owner": bucket.scope.account}), rows, marker=True)
        notices = self.notices.of(bucket, _removed(event, marker=True), marker, asker)
        return Change([marker], gone, notices=notices), Deleted(marker.version, marker=True)

    def _delete_version(
        self, bucket: Bucket, rows: Sequence[VersionRow], version: str, asker: Asker, bypass: bool, event: str
    ) -> tuple[Change, Deleted]:
        row = next((one for one in rows if one.version == version), None)
        if row is None:
            return Change(), Deleted(version)
        check_lock(json.loads(row.document), self.clock.wall(), bypass=bypass)
        notices = self.notices.of(bucket, _removed(event, marker=False), row, asker)
        return Change(gone=[row], notices=notices), Deleted(version, row.marker)


def listed_of(document: dict[str, Any]) -> str:
    """What lists tell of a document."""
    algorithm = next(iter(document.get("sums") or ()), "")
    return f"{document.get('class', 'STANDARD')}|{algorithm}|{document.get('sumtype', '')}"


def find(rows: Sequence[VersionRow], key: str, version: str, method: str) -> VersionRow:
    """The version that is asked for, of all of a key. Raises ObjectError."""
    if version:
        row = next((one for one in rows if one.version == version), None)
        if row is None:
            raise errors.no_version(key, version)
        if row.marker:
            error = errors.is_marker(method)
            error.members["marker"] = version
            raise error
        return row
    if not rows or rows[0].marker:
        error = errors.no_key(key)
        if rows:
            error.members["marker"] = rows[0].version
        raise error
    return rows[0]


def check_lock(document: dict[str, Any], now: float, *, bypass: bool) -> None:
    """Raises ObjectError for a version that may not go yet."""
    retention = document.get("retention") or {}
    held = document.get("hold") == "ON"
    governed = retention.get("Mode") == "GOVERNANCE" and bypass
    if held or (retention and retention["Until"] > now and not governed):
        raise errors.denied("Access Denied because object protected by object lock.")


def _live_etag(rows: Sequence[VersionRow]) -> str | None:
    return rows[0].etag if rows and not rows[0].marker else None


def _removed(event: str, *, marker: bool) -> str:
    if event == "LifecycleExpiration":
        return f"{event}:{'DeleteMarkerCreated' if marker else 'Delete'}"
    return f"ObjectRemoved:{'DeleteMarkerCreated' if marker else 'Delete'}"


def _new_version() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(32))
