"""Buckets' objects on disk: an index of versions, multipart uploads, contents with how often they are used, and
messages that wait.

Every change is one item of a group commit. An item looks at what is there and says what changes: `decide` runs in the
database's thread, sees what the items before it in its group changed, and may raise, which undoes nothing of theirs.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from lambent.store.database import Database
from lambent.store.group_commit import GroupCommit
from lambent.store.object_tables import UNUSED_FILES
from lambent.store.object_tables import contents as _C
from lambent.store.object_tables import notices as _N
from lambent.store.object_tables import parts as _P
from lambent.store.object_tables import uploads as _U
from lambent.store.object_tables import versions as _V
from lambent.store.statements import Among, Statement

Pieces = list[list[int]]
"""[number of a content, where it starts, how many bytes]."""


class VersionRow(NamedTuple):
    """A version of an object, or a delete marker; `content` and `document` are JSON."""

    bucket: int
    key: bytes
    rank: int
    version: str
    marker: bool
    size: int
    etag: str
    modified: float
    listed: str
    content: str
    document: str


class ListedRow(NamedTuple):
    """Of a version what lists tell."""

    key: bytes
    rank: int
    version: str
    marker: bool
    size: int
    etag: str
    modified: float
    listed: str


class UploadRow(NamedTuple):
    """A multipart upload that is under way."""

    bucket: int
    key: bytes
    upload: str
    initiated: float
    document: str


class PartRow(NamedTuple):
    """A part of an upload."""

    upload: str
    part: int
    size: int
    etag: str
    modified: float
    content: str
    document: str


class Change(NamedTuple):
    """What one item changes. Versions are written over those of the same rank; `gone` are versions that go.

    `contents` are new ones (None: a file). Uses are counted here, from what comes and what goes.
    """

    versions: Sequence[VersionRow] = ()
    gone: Sequence[VersionRow] = ()
    contents: Sequence[tuple[int, bytes | None]] = ()
    uploads: Sequence[UploadRow] = ()
    uploads_gone: Sequence[UploadRow] = ()
    parts: Sequence[PartRow] = ()
    parts_gone: Sequence[PartRow] = ()
    notices: Sequence[tuple[int, bytes]] = ()
    notices_gone: Sequence[int] = ()


class Item:
    """One change to be decided. `keys` are (bucket, key) that it looks at, `frees` whether room comes of it; afterwards
    `result` is what `decide` answered beside the change, `error` what it raised, `notices` those that came with it."""

    __slots__ = ("decide", "error", "frees", "keys", "notices", "result", "unused")

    def __init__(
        self,
        decide: "Callable[[View], tuple[Change, Any]]",
        keys: Sequence[tuple[int, bytes]] = (),
        *,
        frees: bool = False,
    ) -> None:
        self.decide = decide
        self.keys = keys
        self.frees = frees
        self.result: Any = None
        self.error: Exception | None = None
        self.unused: list[int] = []
        self.notices: Sequence[tuple[int, bytes]] = ()


_AT = (_V.c.bucket == sa.bindparam("at_bucket")) & (_V.c.key == sa.bindparam("at_key"))
_COLUMNS = tuple(_V.c[name] for name in VersionRow._fields)
_OF_KEYS = Among(
    sa.select(*_COLUMNS).where(_V.c.bucket == sa.bindparam("at_bucket")).order_by(_V.c.key, _V.c.rank), _V.c.key
)
_FROM = (_V.c.bucket == sa.bindparam("at_bucket")) & (_V.c.key >= sa.bindparam("start"))
_BELOW = _V.c.key < sa.bindparam("end")
_LISTED = sa.select(*(_V.c[name] for name in ListedRow._fields)).order_by(_V.c.key, _V.c.rank)
_PAGE = Statement(_LISTED.where(_FROM).limit(sa.bindparam("most")))
_PAGE_BELOW = Statement(_LISTED.where(_FROM & _BELOW).limit(sa.bindparam("most")))
_INSERT_VERSION, _INSERT_CONTENT, _INSERT_NOTICE = (
    Statement(_V.insert()),
    Statement(_C.insert()),
    Statement(_N.insert()),
)
_INSERT_UPLOAD, _INSERT_PART = Statement(_U.insert()), Statement(_P.insert())
_DELETE_VERSION = Statement(_V.delete().where(_AT & (_V.c.rank == sa.bindparam("at_rank"))))
_DELETE_UPLOAD = Statement(
    _U.delete().where(
        (_U.c.bucket == sa.bindparam("at_bucket"))
        & (_U.c.key == sa.bindparam("at_key"))
        & (_U.c.upload == sa.bindparam("at_upload"))
    )
)
_DELETE_PART = Statement(
    _P.delete().where((_P.c.upload == sa.bindparam("at_upload")) & (_P.c.part == sa.bindparam("at_part")))
)
_USE = Statement(
    _C.update().where(_C.c.number == sa.bindparam("at_number")).values(uses=_C.c.uses + sa.bindparam("more"))
)
_DELETE_CONTENT = Statement(_C.delete().where(_C.c.number == sa.bindparam("at_number")))
_WAITING = Statement(
    sa.select(_N.c.number, _N.c.document)
    .where(_N.c.number > sa.bindparam("after"))
    .order_by(_N.c.number)
    .limit(sa.bindparam("most"))
)
_DATA = Among(sa.select(_C.c.number, _C.c.data), _C.c.number)
_UNUSED = Among(sa.select(_C.c.number, _C.c.data.is_(None)).where(_C.c.uses <= 0), _C.c.number)
_DELETE_NOTICE = Statement(_N.delete().where(_N.c.number == sa.bindparam("at_number")))


class View:
    """What an item sees, and what the items of a group change together."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._rows: dict[tuple[int, bytes], list[VersionRow]] = {}
        self._stored: set[tuple[int, bytes, int]] = set()
        self._versions: dict[tuple[int, bytes, int], VersionRow | None] = {}
        self._uses: defaultdict[int, int] = defaultdict(int)
        self._contents: dict[int, bytes | None] = {}
        self._notices: list[tuple[int, bytes]] = []
        self._notices_gone: list[int] = []

    def read(self, keys: set[tuple[int, bytes]]) -> None:
        """Load all versions of keys at once."""
        by_bucket: defaultdict[int, list[bytes]] = defaultdict(list)
        for bucket, key in keys:
            by_bucket[bucket].append(key)
            self._rows[bucket, key] = []
        for bucket, named in by_bucket.items():
            for row in _OF_KEYS.found(self.connection, named, {"at_bucket": bucket}):
                self._took(VersionRow._make(row))

    def _took(self, row: VersionRow) -> None:
        self._rows[row.bucket, row.key].append(row)
        self._stored.add((row.bucket, row.key, row.rank))

    def versions(self, bucket: int, key: bytes) -> list[VersionRow]:
        """All versions of a key, the latest first."""
        if (bucket, key) not in self._rows:
            self.read({(bucket, key)})
        return self._rows[bucket, key]

    def page(self, bucket: int, start: bytes, end: bytes | None, most: int) -> list[ListedRow]:
        """Up to `most` versions of keys from `start` on and below `end`, by key and rank."""
        asked: dict[str, Any] = {"at_bucket": bucket, "start": start, "most": most}
        if end is not None:
            asked["end"] = end
        found = (_PAGE if end is None else _PAGE_BELOW).found(self.connection, asked)
        return [ListedRow._make(row) for row in found]

    def uploads(self, bucket: int, start: bytes, end: bytes | None, most: int) -> list[UploadRow]:
        """Up to `most` uploads of keys from `start` on and below `end`, by key and id."""
        here = (_U.c.bucket == bucket) & (_U.c.key >= start)
        if end is not None:
            here &= _U.c.key < end
        found = sa.select(*(_U.c[name] for name in UploadRow._fields)).where(here)
        return [UploadRow(*row) for row in self.connection.execute(found.order_by(_U.c.key, _U.c.upload).limit(most))]

    def upload(self, bucket: int, key: bytes, upload: str) -> UploadRow | None:
        """An upload that is under way."""
        here = (_U.c.bucket == bucket) & (_U.c.key == key) & (_U.c.upload == upload)
        row = self.connection.execute(sa.select(*(_U.c[name] for name in UploadRow._fields)).where(here)).first()
        return UploadRow(*row) if row else None

    def parts(self, upload: str, part: int | None = None) -> list[PartRow]:
        """The parts of an upload (or one), by number."""
        here = _P.c.upload == upload
        if part is not None:
            here &= _P.c.part == part
        found = sa.select(*(_P.c[name] for name in PartRow._fields)).where(here).order_by(_P.c.part)
        return [PartRow(*row) for row in self.connection.execute(found)]

    def take(self, change: Change) -> None:
        """Carry out what one item decided, so that the next one sees it."""
        for number, data in change.contents:
            self._contents[number] = data
        for row in change.gone:
            self._versions[row.bucket, row.key, row.rank] = None
            self._rows[row.bucket, row.key].remove(row)
            self._count(row.content, -1)
        for row in change.versions:
            self._put(row)
        self._take_uploads(change)
        self._notices += change.notices
        self._notices_gone += change.notices_gone

    def _put(self, row: VersionRow) -> None:
        rows = self.versions(row.bucket, row.key)
        self._count(row.content, 1)
        for at, there in enumerate(rows):
            if there.rank == row.rank:
                self._count(there.content, -1)
                rows[at] = row
                break
        else:
            rows.append(row)
            rows.sort(key=lambda one: one.rank)
        self._versions[row.bucket, row.key, row.rank] = row

    def _take_uploads(self, change: Change) -> None:
        if not (change.uploads or change.uploads_gone or change.parts or change.parts_gone):
            return
        for part in change.parts_gone:
            self._count(part.content, -1)
        for part in change.parts:
            self._count(part.content, 1)
        _DELETE_PART.many(self.connection, [{"at_upload": p.upload, "at_part": p.part} for p in change.parts_gone])
        _INSERT_PART.many(self.connection, [part._asdict() for part in change.parts])
        gone = [{"at_bucket": u.bucket, "at_key": u.key, "at_upload": u.upload} for u in change.uploads_gone]
        _DELETE_UPLOAD.many(self.connection, gone)
        _INSERT_UPLOAD.many(self.connection, [upload._asdict() for upload in change.uploads])

    def _count(self, content: str, more: int) -> None:
        for number, _, _ in orjson.loads(content):
            self._uses[number] += more

    def flush(self) -> list[int]:
        """Write it all; answers the contents of files that nothing uses any more."""
        at = [
            {"at_bucket": bucket, "at_key": key, "at_rank": rank}
            for bucket, key, rank in self._versions
            if (bucket, key, rank) in self._stored
        ]
        _DELETE_VERSION.many(self.connection, at)
        _INSERT_VERSION.many(self.connection, [row._asdict() for row in self._versions.values() if row])
        unused = self._flush_contents()
        rows = [{"number": number, "document": document} for number, document in self._notices]
        _INSERT_NOTICE.many(self.connection, rows)
        _DELETE_NOTICE.many(self.connection, [{"at_number": number} for number in self._notices_gone])
        return unused

    def _flush_contents(self) -> list[int]:
        """A content that came and went within the group is never written; a file that did is unused."""
        new = [
            {"number": number, "uses": max(self._uses.pop(number, 0), 0), "data": data}
            for number, data in self._contents.items()
        ]
        _INSERT_CONTENT.many(self.connection, [row for row in new if row["uses"] or row["data"] is None])
        _USE.many(self.connection, [{"at_number": n, "more": more} for n, more in self._uses.items() if more])
        return self._drop_unused([n for n, more in self._uses.items() if more < 0]) + [
            int(str(row["number"])) for row in new if not row["uses"] and row["data"] is None
        ]

    def _drop_unused(self, fewer: list[int]) -> list[int]:
        found = _UNUSED.found(self.connection, fewer)
        _DELETE_CONTENT.many(self.connection, [{"at_number": n} for n, is_file in found if not is_file])
        return [number for number, is_file in found if is_file]


class ObjectStore:
    """The objects of all buckets. After the commit `unused` is told of files that nothing uses any more, `noticed` of
    notices that came."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._commit: GroupCommit[Item] = GroupCommit(database, _apply, frees=lambda item: item.frees)
        self.unused: Callable[[list[int]], None] = lambda numbers: None
        self.noticed: Callable[[Sequence[tuple[int, bytes]]], None] = lambda notices: None

    async def write(self, item: Item, then: Callable[[], None] = lambda: None) -> Any:
        """Come back when the change is on disk, with its result; `then` is called on the event loop at that moment.

        Raises what `decide` raised, StoreError.
        """

        def settle() -> None:
            if item.unused:
                self.unused(item.unused)
            if item.error is None:
                then()
                if item.notices:
                    self.noticed(item.notices)

        await self._commit.write(item, settle)
        if item.error is not None:
            raise item.error
        return item.result

    def write_soon(self, change: Change) -> None:
        """Write a change that nobody waits for: something goes."""
        self._commit.write_soon(Item(lambda _view: (change, None), frees=True))

    async def read(self, look: Callable[[View], Any]) -> Any:
        """What `look` finds. Raises what it raises, StoreError."""
        return await self.database.look(lambda connection: look(View(connection)))

    async def numbers(self) -> tuple[int, int]:
        """The highest number of a content, and of a rank or notice, that may be in use."""
        return await self.database.run(_numbers)

    async def unused_files(self) -> list[int]:
        """Files that nothing uses."""
        found = sa.select(_C.c.number).where(UNUSED_FILES)
        return await self.database.run(lambda c: list(c.execute(found).scalars()))

    async def known_files(self, numbers: Sequence[int]) -> set[int]:
        """Which of these contents there are."""
        return await self.database.run(lambda connection: _known(connection, numbers))

    async def forget_files(self, numbers: Sequence[int]) -> None:
        """The files are gone: so are their rows."""
        rows = [{"at_number": number} for number in numbers]
        await self.database.run(lambda connection: _DELETE_CONTENT.many(connection, rows), frees=True)

    async def waiting(self, after: int, most: int) -> list[tuple[int, bytes]]:
        """Notices behind a number, in order."""
        asked = {"after": after, "most": most}
        return await self.database.run(lambda c: [(number, document) for number, document in _WAITING.found(c, asked)])

    async def data(self, numbers: Sequence[int]) -> dict[int, bytes | None]:
        """Contents by number: their bytes, or None for a file."""
        return await self.database.look(lambda connection: data_of(connection, numbers))

    async def close(self) -> None:
        """Finish the writes under way."""
        await self._commit.close()


def _apply(connection: sa.Connection, items: Sequence[Item]) -> None:
    view = View(connection)
    keys = {key for item in items for key in item.keys}
    if keys:
        view.read(keys)
    for item in items:
        try:
            item.error = None
            change, item.result = item.decide(view)
        except Exception as error:
            item.error = error
        else:
            view.take(change)
            item.notices = change.notices
    if items:
        items[-1].unused = view.flush()


def data_of(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, bytes | None]:
    """Contents by number: their bytes, or None for a file."""
    return dict(_DATA.found(connection, numbers))


def _known(connection: sa.Connection, numbers: Sequence[int]) -> set[int]:
    return set(data_of(connection, numbers))


def _numbers(connection: sa.Connection) -> tuple[int, int]:
    tables = (_C, _N)
    highest = [connection.execute(sa.select(sa.func.max(table.c.number))).scalar() or 0 for table in tables]
    return highest[0], highest[1]
