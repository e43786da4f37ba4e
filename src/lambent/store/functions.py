"""Functions and their tags: durable in the database, read from memory.

Reads are dictionary look-ups on the event loop; writes are one transaction each, guarded by the revision that
the writer saw, and reach memory after their commit.
"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from lambent.model.function import LATEST
from lambent.model.scope import Scope
from lambent.store import schema
from lambent.store.database import Database
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resources, delete_with_function

_F = schema.functions
_T = schema.tags

Tags = dict[str, str]
_Key = tuple[Scope, str, str]


class Functions:
    """All function versions of all scopes."""

    def __init__(self, database: Database, resources: Resources) -> None:
        self._database = database
        self._resources = resources
        self._records: dict[_Key, FunctionRecord] = {}
        self._keys: dict[Scope, list[tuple[str, str]]] = {}
        self._tags: dict[tuple[Scope, str], Tags] = {}
        self._uses: Counter[str] = Counter()
        self._code_size: Counter[Scope] = Counter()

    async def load(self) -> None:
        """Read everything; once, before anything else."""
        await self._database.run(_select_all, self._fill)

    def _fill(self, rows: tuple[list[FunctionRecord], list[tuple[Scope, str, str, str]]]) -> None:
        records, tags = rows
        for record in records:
            self._records[record.key] = record
            self._keys.setdefault(record.scope, []).append((record.name, record.version))
            self._count(record, 1)
        for keys in self._keys.values():
            keys.sort()
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

        `version` None takes every version. The cost does not grow with the place of the page.
        """
        keys = self._keys.get(scope, [])
        found: list[FunctionRecord] = []
        for at in range(bisect_right(keys, after) if after else 0, len(keys)):
            if len(found) == limit:
                break
            if version is None or keys[at][1] == version:
                found.append(self._records[(scope, *keys[at])])
        return found

    def versions(self, scope: Scope, name: str) -> list[FunctionRecord]:
        """Every version of one function."""
        keys = self._keys.get(scope, [])
        found = []
        for at in range(bisect_right(keys, (name, "")), len(keys)):
            if keys[at][0] != name:
                break
            found.append(self._records[(scope, *keys[at])])
        return found

    def tags(self, scope: Scope, name: str) -> Tags:
        """The tags of a function; a copy."""
        return dict(self._tags.get((scope, name), {}))

    def count(self, scope: Scope) -> int:
        """How many functions the scope holds."""
        return sum(1 for _name, version in self._keys.get(scope, []) if version == LATEST)

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

    async def insert(self, record: FunctionRecord, tags: Mapping[str, str] | None = None) -> None:
        """Add a function version with its tags. Raises RecordExists, StoreError."""
        kept = dict(tags or {})

        def work(connection: sa.Connection) -> None:
            _insert(connection, record)
            _put_tags(connection, record.scope, record.name, kept)

        def then(_: None) -> None:
            self._put(record)
            if kept:
                self._tags[(record.scope, record.name)] = kept

        await self._database.run(work, then)

    async def replace(self, old: FunctionRecord, new: FunctionRecord, tags: Mapping[str, str] | None = None) -> None:
        """Put `new` in the place of `old`, and `tags` (if not None) in the place of its tags.

        Raises RecordChanged when `old` is not the stored one any more, StoreError.
        """
        kept = None if tags is None else dict(tags)

        def work(connection: sa.Connection) -> None:
            _replace(connection, old, new)
            if kept is not None:
                _delete_tags(connection, new.scope, new.name)
                _put_tags(connection, new.scope, new.name, kept)

        def then(_: None) -> None:
            self._put(new)
            if kept is not None:
                self._tags[(new.scope, new.name)] = kept

        await self._database.run(work, then)

    async def delete_version(self, record: FunctionRecord) -> None:
        """Remove one version. Raises RecordChanged when it is not the stored one any more."""

        def work(connection: sa.Connection) -> None:
            if not connection.execute(_F.delete().where(_stored(record))).rowcount:
                raise RecordChanged(record.name)

        await self._database.run(work, lambda _: self._drop(record))

    async def delete(self, scope: Scope, name: str) -> None:
        """Remove a function: all its versions, its tags and every resource of it.

        Raises RecordChanged if there is none.
        """

        def work(connection: sa.Connection) -> None:
            where = (_F.c.account == scope.account) & (_F.c.region == scope.region) & (_F.c.name == name)
            if not connection.execute(_F.delete().where(where)).rowcount:
                raise RecordChanged(name)
            _delete_tags(connection, scope, name)
            delete_with_function(connection, scope, name)

        def then(_: None) -> None:
            self._resources.forget_function(scope, name)
            self._tags.pop((scope, name), None)
            for record in self.versions(scope, name):
                self._drop(record)

        await self._database.run(work, then)

    def _put(self, record: FunctionRecord) -> None:
        old = self._records.get(record.key)
        if old is None:
            insort(self._keys.setdefault(record.scope, []), (record.name, record.version))
        else:
            self._count(old, -1)
        self._records[record.key] = record
        self._count(record, 1)

    def _drop(self, record: FunctionRecord) -> None:
        del self._records[record.key]
        self._keys[record.scope].remove((record.name, record.version))
        self._count(record, -1)

    def _count(self, record: FunctionRecord, by: int) -> None:
        for digest in record.packages:
            self._uses[digest] += by
        self._code_size[record.scope] += by * int(record.configuration["CodeSize"])


def _select_all(
    connection: sa.Connection,
) -> tuple[list[FunctionRecord], list[tuple[Scope, str, str, str]]]:
    scopes: dict[tuple[str, str], Scope] = {}

    def scope(account: str, region: str) -> Scope:
        return scopes.setdefault((account, region), Scope(account, region))

    functions = connection.execute(
        sa.select(_F.c.account, _F.c.region, _F.c.name, _F.c.version, _F.c.created, _F.c.document)
    )
    records = [
        FunctionRecord.load(scope(account, region), name, version, created, document)
        for account, region, name, version, created, document in functions
    ]
    tags = connection.execute(sa.select(_T.c.account, _T.c.region, _T.c.resource, _T.c.key, _T.c.value))
    return records, [(scope(account, region), name, key, value) for account, region, name, key, value in tags]


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
    where = (_T.c.account == scope.account) & (_T.c.region == scope.region) & (_T.c.resource == name)
    connection.execute(_T.delete().where(where))
