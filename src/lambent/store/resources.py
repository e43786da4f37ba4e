"""What else an account holds (aliases, layers, event source mappings, …): durable, read from memory.

A resource is a document under a key. Reads are dictionary look-ups on the event loop; writes are one transaction
each and reach memory after their commit. Which kinds there are, and what a document says, is the services' affair.
"""

import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from lambent.model.scope import Scope
from lambent.store import schema
from lambent.store.changes import Changed, ResourceKey
from lambent.store.database import Database
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.statements import Statement

_R = schema.resources
ATTEMPTS = 100
"""Changes by others that may get in between."""

Key = ResourceKey


@dataclass(frozen=True, eq=False)
class Resource:
    """One document. Never changed in place: a change makes another one.

    `parent` groups resources of one kind ("" when there is nothing to group by), `name` tells them apart within it.
    `function` is the function that it belongs to: it is removed with it; "" for what outlives functions. `revision`
    is new with every change: the guard of `replace`. A document's member `package` is the digest of a package in the
    blob store that must stay as long as the resource.
    """

    kind: str
    scope: Scope
    parent: str
    name: str
    revision: str
    document: dict[str, Any]
    function: str = ""

    @property
    def key(self) -> Key:
        """What finds it."""
        return (self.kind, self.scope, self.parent, self.name)

    @property
    def package(self) -> str:
        """The package that it needs, "" for none."""
        return str(self.document.get("package", ""))

    def changed(self, revision: str, document: dict[str, Any]) -> "Resource":
        """The same resource with another document."""
        return replace(self, revision=revision, document=document)


class Resources:
    """All resources of all scopes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_key: dict[Key, Resource] = {}
        self._names: dict[tuple[str, Scope], list[tuple[str, str]]] = {}
        self._packages: Counter[str] = Counter()
        self.unused: Callable[[], None] = lambda: None
        """Called when a resource no longer needs its package."""

    async def load(self) -> None:
        """Read everything; once, before anything else."""
        await self._database.run(_select_all, self._fill)

    def _fill(self, found: list[Resource]) -> None:
        for resource in found:
            self._by_key[resource.key] = resource
            self._packages[resource.package] += 1
            self._names.setdefault((resource.kind, resource.scope), []).append((resource.parent, resource.name))
        for names in self._names.values():
            names.sort()

    # --- reads -------------------------------------------------------------------------------------------

    def get(self, kind: str, scope: Scope, parent: str, name: str) -> Resource | None:
        """The resource as of the last commit, or None."""
        return self._by_key.get((kind, scope, parent, name))

    def anywhere(self, kind: str, parent: str, name: str) -> Resource | None:
        """The first resource of that key in any scope: for names that are unique in all of them."""
        for known, scope in self._names:
            if known == kind and (found := self._by_key.get((kind, scope, parent, name))):
                return found
        return None

    def children(self, kind: str, scope: Scope, parent: str) -> list[Resource]:
        """Every resource of one parent, by name."""
        names = self._names.get((kind, scope), [])
        start = bisect_left(names, (parent, ""))
        found = []
        for at in range(start, len(names)):
            if names[at][0] != parent:
                break
            found.append(self._by_key[(kind, scope, *names[at])])
        return found

    def page(self, kind: str, scope: Scope, after: tuple[str, str] | None, limit: int) -> list[Resource]:
        """Up to `limit` resources behind the key `after` (parent, name), in that order."""
        names = self._names.get((kind, scope), [])
        start = bisect_right(names, after) if after else 0
        return [self._by_key[(kind, scope, *name)] for name in names[start : start + limit]]

    def all(self, kind: str, scope: Scope) -> list[Resource]:
        """Every resource of a kind in one scope, by parent, then name."""
        return [self._by_key[(kind, scope, *name)] for name in self._names.get((kind, scope), [])]

    def of_kind(self, kind: str) -> list[Resource]:
        """Every resource of a kind in all scopes."""
        return [
            self._by_key[(kind, scope, *name)]
            for known, scope in self._names
            if known == kind
            for name in self._names[(kind, scope)]
        ]

    def uses(self, package: str) -> int:
        """How many resources need a package."""
        return self._packages[package]

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._by_key.values()))

    # --- writes ------------------------------------------------------------------------------------------

    async def insert(self, resource: Resource) -> None:
        """Add one. Raises RecordExists, StoreError."""
        await self.write(inserts=(resource,))

    async def replace(self, old: Resource, new: Resource) -> None:
        """Put `new` in the place of `old`. Raises RecordChanged when `old` is not the stored one any more."""
        await self.write(replaces=((old, new),))

    async def delete(self, resource: Resource) -> None:
        """Remove one. Raises RecordChanged when it is not the stored one any more."""
        await self.write(deletes=(resource,))

    async def put(self, resource: Resource) -> None:
        """Put `resource` in the place of the one that is there, or add it: the last one wins. Raises StoreError."""
        for _ in range(ATTEMPTS):
            there = self.get(*resource.key)
            try:
                if there is None:
                    await self.insert(resource)
                else:
                    await self.replace(there, resource)
            except (RecordExists, RecordChanged):
                continue
            return
        raise RecordChanged(resource.name)

    async def discard(self, resource: Resource) -> bool:
        """Remove the resource of that key, however it has changed; False if there is none. Raises StoreError."""
        for _ in range(ATTEMPTS):
            there = self.get(*resource.key)
            if there is None:
                return False
            try:
                await self.delete(there)
            except RecordChanged:
                continue
            return True
        raise RecordChanged(resource.name)

    async def write(
        self,
        inserts: Sequence[Resource] = (),
        replaces: Sequence[tuple[Resource, Resource]] = (),
        deletes: Sequence[Resource] = (),
        *,
        light: bool = False,
    ) -> None:
        """Several changes in one transaction: all or none; `light` as in `Database.run`. Raises RecordExists,
        RecordChanged, StoreError."""

        def work(connection: sa.Connection) -> None:
            _delete_all(connection, deletes)
            for old, new in replaces:
                _replace(connection, old, new)
            for resource in inserts:
                _insert(connection, resource)

        def then(_: None) -> None:
            for resource in deletes:
                self._drop(resource)
            for old, new in replaces:
                self._packages[old.package] -= 1
                self._packages[new.package] += 1
                self._by_key[new.key] = new
            for resource in inserts:
                self._add(resource)

        keys = tuple(one.key for one in (*inserts, *deletes, *(new for _, new in replaces)))
        frees = not (inserts or replaces)
        try:
            await self._database.change(work, then, Changed(resources=keys), light=light, frees=frees)
        except (RecordExists, RecordChanged):
            await self.reread(keys)
            raise

    async def reread(self, keys: Sequence[Key]) -> None:
        """Bring into memory what the database has under these keys, whoever wrote it."""
        await self._database.run(lambda c: [_select(c, key) for key in keys], lambda found: self._heard(keys, found))

    def _heard(self, keys: Sequence[Key], found: Sequence[Resource | None]) -> None:
        for key, resource in zip(keys, found, strict=True):
            there = self._by_key.get(key)
            if there is not None and resource is not None and there.revision == resource.revision:
                continue
            if there is not None:
                self._drop(there)
            if resource is not None:
                self._add(resource)

    def forget_function(self, scope: Scope, function: str) -> None:
        """Drop from memory what was removed together with a function (see `delete_with_function`)."""
        for resource in list(self._by_key.values()):
            if resource.function == function and resource.scope == scope:
                self._drop(resource)

    def took(self, resource: Resource) -> None:
        """Take into memory what was written in another transaction (see `put_resource`)."""
        self._drop(resource)
        self._add(resource)

    def _add(self, resource: Resource) -> None:
        self._by_key[resource.key] = resource
        self._packages[resource.package] += 1
        insort(self._names.setdefault((resource.kind, resource.scope), []), (resource.parent, resource.name))

    def _drop(self, resource: Resource) -> None:
        there = self._by_key.pop(resource.key, None)
        if there is not None:
            self._packages[there.package] -= 1
            if there.package:
                self.unused()
            names = self._names[(resource.kind, resource.scope)]
            del names[bisect_left(names, (resource.parent, resource.name))]


def delete_with_function(connection: sa.Connection, scope: Scope, function: str) -> None:
    """Remove what goes with a function, inside the transaction that removes the function."""
    where = (_R.c.function == function) & (_R.c.account == scope.account) & (_R.c.region == scope.region)
    connection.execute(_R.delete().where(where))


def put_resource(connection: sa.Connection, resource: Resource) -> None:
    """Write a resource, over the one that is there if one is, inside another transaction."""
    connection.execute(_R.delete().where(_at(resource.key)))
    _insert(connection, resource)


_COLUMNS = (_R.c.kind, _R.c.account, _R.c.region, _R.c.parent, _R.c.name, _R.c.revision, _R.c.document, _R.c.function)


def _select_all(connection: sa.Connection) -> list[Resource]:
    return [_read(*row) for row in connection.execute(sa.select(*_COLUMNS))]


def _select(connection: sa.Connection, key: Key) -> Resource | None:
    row = connection.execute(sa.select(*_COLUMNS).where(_at(key))).one_or_none()
    return None if row is None else _read(*row)


def _read(
    kind: str, account: str, region: str, parent: str, name: str, revision: str, document: str, function: str
) -> Resource:
    return Resource(kind, Scope(account, region), parent, name, revision, orjson.loads(document), function)


def _insert(connection: sa.Connection, resource: Resource) -> None:
    row = {
        "kind": resource.kind,
        "account": resource.scope.account,
        "region": resource.scope.region,
        "parent": resource.parent,
        "name": resource.name,
        "function": resource.function,
        "revision": resource.revision,
        "document": orjson.dumps(resource.document).decode(),
    }
    try:
        _INSERT.many(connection, [row])
    except (sa.exc.IntegrityError, sqlite3.IntegrityError) as error:
        raise RecordExists(resource.name) from error


def _replace(connection: sa.Connection, old: Resource, new: Resource) -> None:
    assert old.key == new.key
    values = {"revision": new.revision, "document": orjson.dumps(new.document).decode()}
    if not _UPDATE.many(connection, [{**_names(old), **values}]):
        raise RecordChanged(old.name)


_CURRENT = (
    (_R.c.kind == sa.bindparam("of_kind"))
    & (_R.c.account == sa.bindparam("of_account"))
    & (_R.c.region == sa.bindparam("of_region"))
    & (_R.c.parent == sa.bindparam("of_parent"))
    & (_R.c.name == sa.bindparam("of_name"))
    & (_R.c.revision == sa.bindparam("of_revision"))
)
_INSERT = Statement(_R.insert())
_UPDATE = Statement(_R.update().where(_CURRENT))
_DELETE = Statement(_R.delete().where(_CURRENT))


def _names(resource: Resource) -> dict[str, str]:
    """What finds it in the database, as it is known."""
    return {
        "of_kind": resource.kind,
        "of_account": resource.scope.account,
        "of_region": resource.scope.region,
        "of_parent": resource.parent,
        "of_name": resource.name,
        "of_revision": resource.revision,
    }


def _delete_all(connection: sa.Connection, resources: Sequence[Resource]) -> None:
    """Many in one statement, where the database tells how many rows that met."""
    if len(resources) < 2 or not connection.dialect.supports_sane_multi_rowcount:
        for resource in resources:
            _delete(connection, resource)
        return
    if _DELETE.many(connection, [_names(one) for one in resources]) != len(resources):
        raise RecordChanged(resources[0].name)


def _delete(connection: sa.Connection, resource: Resource) -> None:
    if not _DELETE.many(connection, [_names(resource)]):
        raise RecordChanged(resource.name)


def _at(key: Key) -> sa.ColumnElement[bool]:
    kind, scope, parent, name = key
    return (
        (_R.c.kind == kind)
        & (_R.c.account == scope.account)
        & (_R.c.region == scope.region)
        & (_R.c.parent == parent)
        & (_R.c.name == name)
    )
