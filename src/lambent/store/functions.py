"""Functions and their tags: durable in the database, read from memory.

Reads are dictionary look-ups on the event loop; writes are one transaction each, guarded by the revision that
the writer saw, and reach memory after their commit.
"""

import sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa

from lambent.model.function import LATEST
from lambent.model.scope import Scope
from lambent.store import schema
from lambent.store.changes import Changed, FunctionKey
from lambent.store.database import Database
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource, Resources, delete_with_function, put_resource

_F = schema.functions
_T = schema.tags

Tags = dict[str, str]
_Key = tuple[Scope, str, str]
_Place = tuple[str, int]
"""Where a version stands in a list: by name, $LATEST before the numbers."""


class Functions:
    """All function versions of all scopes."""

    def __init__(self, database: Database, resources: Resources) -> None:
        self._database = database
        self._resources = resources
        self._records: dict[_Key, FunctionRecord] = {}
        self._places: dict[Scope, list[_Place]] = {}
        self._counts: Counter[Scope] = Counter()
        self._tags: dict[tuple[Scope, str], Tags] = {}
        self._uses: Counter[str] = Counter()
        self._code_size: Counter[Scope] = Counter()
        self.unused: Callable[[], None] = lambda: None
        """Called when a record no longer refers to something."""

    async def load(self) -> None:
        """Read everything; once, before anything else."""
        await self._database.run(_select_all, self._fill)

    def _fill(self, rows: "_Rows") -> None:
        records, tags = rows
        for record in records:
            self._records[record.key] = record
            self._places.setdefault(record.scope, []).append((record.name, _number(record.version)))
            self._count(record, 1)
        for places in self._places.values():
            places.sort()
        for scope, name, key, value in tags:
            self._tags.setdefault((scope, name), {})[key] = value

    # --- reads -------------------------------------------------------------------------------------------

    def current(self, scope: Scope, name: str, version: str = LATEST) -> FunctionRecord | None:
        """The record as of the last commit, or None. A dictionary look-up."""
        return self._records.get((scope, name, version))

    def page(
        self, scope: Scope, after: tuple[str, str] | None, limit: int, version: str | None = LATEST
    ) -> list[FunctionRecord]:
        """Up to `limit` records behind the key `after` (name, version), by name, then version.

        `version` LATEST takes that of each function, None every one. The cost does not grow with the place of the page.
        """
        places = self._places.get(scope, [])
        at = bisect_right(places, (after[0], _number(after[1]))) if after else 0
        found: list[FunctionRecord] = []
        while at < len(places) and len(found) < limit:
            name, number = places[at]
            if version is None or number == 0:
                found.append(self._records[(scope, name, _version(number))])
            at = at + 1 if version is None else bisect_left(places, (name, sys.maxsize), at)
        return found

    def versions(self, scope: Scope, name: str, after: str = "", limit: int = sys.maxsize) -> list[FunctionRecord]:
        """Up to `limit` versions of one function behind the version `after`: $LATEST, then by number."""
        places = self._places.get(scope, [])
        start = bisect_right(places, (name, _number(after))) if after else bisect_left(places, (name, 0))
        end = bisect_left(places, (name, sys.maxsize), start)
        return [self._records[(scope, name, _version(number))] for _, number in places[start : min(end, start + limit)]]

    def tags(self, scope: Scope, name: str) -> Tags:
        """The tags of a function; a copy."""
        return dict(self._tags.get((scope, name), {}))

    def count(self, scope: Scope) -> int:
        """How many functions the scope holds."""
        return self._counts[scope]

    def code_size(self, scope: Scope) -> int:
        """Bytes of all packages, every version counted."""
        return self._code_size[scope]

    def uses(self, code: str) -> int:
        """How many records refer to a package."""
        return self._uses[code]

    def codes(self) -> set[str]:
        """Every package that a record refers to."""
        return {code for code, uses in self._uses.items() if uses}

    def __iter__(self) -> Iterator[FunctionRecord]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    # --- writes ------------------------------------------------------------------------------------------

    async def insert(
        self,
        record: FunctionRecord,
        tags: Mapping[str, str] | None = None,
        version: FunctionRecord | None = None,
        resource: Resource | None = None,
    ) -> None:
        """Add a function version with its tags, a `version` published from it, and a `resource` that goes with it.

        Raises RecordExists, StoreError.
        """
        kept = dict(tags or {})
        records = [record] if version is None else [record, version]

        def work(connection: sa.Connection) -> None:
            for one in records:
                _insert(connection, one)
            _put_tags(connection, record.scope, record.name, kept)
            if resource is not None:
                put_resource(connection, resource)

        def then(_: None) -> None:
            for one in records:
                self._put(one)
            if resource is not None:
                self._resources.took(resource)
            if kept:
                self._tags[(record.scope, record.name)] = kept

        await self._change((record.scope, record.name), resource, work, then)

    async def replace(
        self,
        old: FunctionRecord,
        new: FunctionRecord,
        tags: Mapping[str, str] | None = None,
        version: FunctionRecord | None = None,
    ) -> None:
        """Put `new` in the place of `old`, `tags` (if not None) in the place of its tags; add a `version` beside it.

        Raises RecordChanged when `old` is not the stored one any more, RecordExists, StoreError.
        """
        kept = None if tags is None else dict(tags)

        def work(connection: sa.Connection) -> None:
            _replace(connection, old, new)
            if version is not None:
                _insert(connection, version)
            if kept is not None:
                _delete_tags(connection, new.scope, new.name)
                _put_tags(connection, new.scope, new.name, kept)

        def then(_: None) -> None:
            self._put(new)
            if version is not None:
                self._put(version)
            if kept is not None:
                self._tags[(new.scope, new.name)] = kept

        await self._change((new.scope, new.name), None, work, then)

    async def delete_version(self, record: FunctionRecord) -> None:
        """Remove one version. Raises RecordChanged when it is not the stored one any more."""

        def work(connection: sa.Connection) -> None:
            if not connection.execute(_F.delete().where(_stored(record))).rowcount:
                raise RecordChanged(record.name)

        await self._change((record.scope, record.name), None, work, lambda _: self._drop(record), frees=True)

    async def delete(
        self, scope: Scope, name: str, remember: Resource | None = None, latest: FunctionRecord | None = None
    ) -> None:
        """Remove a function: all its versions, its tags and every resource of it. `remember` is put in their place.

        Raises RecordChanged if there is none, and when `latest` is given and not the stored one any more.
        """

        def work(connection: sa.Connection) -> None:
            if latest is not None and connection.execute(sa.select(_F.c.name).where(_stored(latest))).first() is None:
                raise RecordChanged(name)
            where = (_F.c.account == scope.account) & (_F.c.region == scope.region) & (_F.c.name == name)
            if not connection.execute(_F.delete().where(where)).rowcount:
                raise RecordChanged(name)
            _delete_tags(connection, scope, name)
            delete_with_function(connection, scope, name)
            if remember is not None:
                put_resource(connection, remember)

        def then(_: None) -> None:
            self._resources.forget_function(scope, name)
            if remember is not None:
                self._resources.took(remember)
            self._tags.pop((scope, name), None)
            for record in self.versions(scope, name):
                self._drop(record)

        await self._change((scope, name), remember, work, then, frees=True)

    async def _change(
        self,
        key: FunctionKey,
        resource: Resource | None,
        work: Callable[[sa.Connection], None],
        then: Callable[[None], None],
        *,
        frees: bool = False,
    ) -> None:
        changed = Changed((key,), () if resource is None else (resource.key,))
        try:
            await self._database.change(work, then, changed, frees=frees)
        except (RecordExists, RecordChanged):
            await self.reread(changed)
            raise

    async def reread(self, changed: Changed) -> None:
        """Bring into memory what the database has of these functions and resources, whoever wrote it."""
        for key in changed.functions:
            await self._reread(key)
        await self._resources.reread(changed.resources)

    async def _reread(self, key: FunctionKey) -> None:
        await self._database.run(
            lambda connection: _select_function(connection, key), lambda rows: self._heard(key, rows)
        )

    def _heard(self, key: FunctionKey, rows: "_Rows") -> None:
        records, tags = rows
        found = {record.key for record in records}
        for gone in [one for one in self.versions(*key) if one.key not in found]:
            self._drop(gone)
        for record in records:
            there = self._records.get(record.key)
            if there is None or there.revision != record.revision:
                self._put(record)
        self._tags.pop(key, None)
        if tags:
            self._tags[key] = {name: value for _, _, name, value in tags}
        if not records:
            self._resources.forget_function(*key)

    def _put(self, record: FunctionRecord) -> None:
        old = self._records.get(record.key)
        if old is None:
            insort(self._places.setdefault(record.scope, []), (record.name, _number(record.version)))
        else:
            self._count(old, -1)
        self._records[record.key] = record
        self._count(record, 1)

    def _drop(self, record: FunctionRecord) -> None:
        del self._records[record.key]
        places = self._places[record.scope]
        del places[bisect_left(places, (record.name, _number(record.version)))]
        self._count(record, -1)

    def _count(self, record: FunctionRecord, by: int) -> None:
        for digest in record.packages:
            self._uses[digest] += by
        if by < 0:
            self.unused()
        self._counts[record.scope] += by * (record.version == LATEST)
        self._code_size[record.scope] += by * int(record.configuration["CodeSize"])


def _number(version: str) -> int:
    """The number of a version, 0 for $LATEST."""
    return 0 if version == LATEST else int(version)


def _version(number: int) -> str:
    return str(number) if number else LATEST


_Rows = tuple[list[FunctionRecord], list[tuple[Scope, str, str, str]]]
"""Functions, and tags: scope, function, key, value."""


def _select_all(connection: sa.Connection) -> _Rows:
    return _select(connection, sa.true(), sa.true())


def _select_function(connection: sa.Connection, key: FunctionKey) -> _Rows:
    scope, name = key
    function = (_F.c.account == scope.account) & (_F.c.region == scope.region) & (_F.c.name == name)
    return _select(connection, function, _tagged(scope, name))


def _select(connection: sa.Connection, which: sa.ColumnElement[bool], tagged: sa.ColumnElement[bool]) -> _Rows:
    scopes: dict[tuple[str, str], Scope] = {}

    def scope(account: str, region: str) -> Scope:
        return scopes.setdefault((account, region), Scope(account, region))

    columns = (_F.c.account, _F.c.region, _F.c.name, _F.c.version, _F.c.created, _F.c.document)
    records = [
        FunctionRecord.load(scope(account, region), name, version, created, document)
        for account, region, name, version, created, document in connection.execute(sa.select(*columns).where(which))
    ]
    tags = sa.select(_T.c.account, _T.c.region, _T.c.resource, _T.c.key, _T.c.value).where(tagged)
    return records, [(scope(row[0], row[1]), row[2], row[3], row[4]) for row in connection.execute(tags)]


def _insert(connection: sa.Connection, record: FunctionRecord) -> None:
    row = {
        "account": record.scope.account,
        "region": record.scope.region,
        "name": record.name,
        "version": record.version,
        "revision": record.revision,
        "created": record.created,
        "document": record.dump(),
    }
    try:
        connection.execute(_F.insert().values(row))
    except sa.exc.IntegrityError as error:
        raise RecordExists(record.name) from error


def _replace(connection: sa.Connection, old: FunctionRecord, new: FunctionRecord) -> None:
    change = _F.update().where(_stored(old)).values(revision=new.revision, document=new.dump())
    if not connection.execute(change).rowcount:
        raise RecordChanged(old.name)


def _stored(record: FunctionRecord) -> sa.ColumnElement[bool]:
    """The row of `record`, as long as it is the current one."""
    return (
        (_F.c.account == record.scope.account)
        & (_F.c.region == record.scope.region)
        & (_F.c.name == record.name)
        & (_F.c.version == record.version)
        & (_F.c.revision == record.revision)
    )


def _put_tags(connection: sa.Connection, scope: Scope, name: str, tags: Mapping[str, str]) -> None:
    rows = [
        {"account": scope.account, "region": scope.region, "resource": name, "key": key, "value": value}
        for key, value in tags.items()
    ]
    if rows:
        connection.execute(_T.insert(), rows)


def _delete_tags(connection: sa.Connection, scope: Scope, name: str) -> None:
    connection.execute(_T.delete().where(_tagged(scope, name)))


def _tagged(scope: Scope, name: str) -> sa.ColumnElement[bool]:
    return (_T.c.account == scope.account) & (_T.c.region == scope.region) & (_T.c.resource == name)
