"""What a trial's account holds, and what counts when a trial is over: tables with their items, buckets with their
objects. They are made after another account's, looked at, and put back between two trials."""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from lambent.cli.trial_source import Clients, Source

AT_ONCE = 4
"""How many items and objects are on their way to the server."""
_TABLE = ("TableName", "KeySchema", "AttributeDefinitions")
_INDEX = ("IndexName", "KeySchema", "Projection")

Items = dict[str, list[dict[str, Any]]]
Objects = dict[str, list[dict[str, str]]]


@dataclass(slots=True)
class TrialState:
    """Of one account. `aliases` are the names that its buckets have: names of buckets are everybody's."""

    own: Clients
    source: Source
    account: str
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Table -> the names of its keys."""
    aliases: dict[str, str] = field(default_factory=dict)
    _seen: tuple[Items, Objects] | None = None
    """What was there when it was looked at last, as long as nothing has run since."""

    def make(self) -> None:
        """Make all of it."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            works = [pool.submit(work) for work in (*self._tables(), *self._buckets())]
            for work in works:
                work.result()

    def _tables(self) -> Iterable[Callable[[], Any]]:
        for name, (about, items) in self.source.tables.items():
            params = {key: about[key] for key in _TABLE}
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
                if about.get(kind):
                    params[kind] = [{key: index[key] for key in _INDEX} for index in about[kind]]
            own = self.own("dynamodb")
            own.create_table(**params, BillingMode="PAY_PER_REQUEST")
            self.keys[name] = tuple(key["AttributeName"] for key in about["KeySchema"])
            yield from (_later(own, "put_item", TableName=name, Item=item) for item in items)

    def _buckets(self) -> Iterable[Callable[[], Any]]:
        for place, (name, held) in enumerate(self.source.buckets.items()):
            alias = self.aliases[name] = f"lambent-trial-{self.account}-{place}"
            own = self.own("s3")
            own.create_bucket(Bucket=alias)
            yield from (_later(own, "put_object", Bucket=alias, Key=key, Body=body) for key, body in held.items())

    def clear(self) -> None:
        """Nothing of it is left."""
        for name in self.keys:
            self.own("dynamodb").delete_table(TableName=name)
        for alias in self.aliases.values():
            client = self.own("s3")
            keys = [entry["Key"] for entry in self.own.pages("s3", "list_objects_v2", "Contents", Bucket=alias)]
            for some in (keys[first : first + 1000] for first in range(0, len(keys), 1000)):
                client.delete_objects(Bucket=alias, Delete={"Objects": [{"Key": key} for key in some]})
            client.delete_bucket(Bucket=alias)

    def disturbed(self) -> None:
        """Something may have changed it."""
        self._seen = None

    def look(self, tables: set[str], buckets: set[str]) -> tuple[Items, Objects]:
        """Items and objects that are there now."""
        items = {name: list(self.own.pages("dynamodb", "scan", "Items", TableName=name)) for name in sorted(tables)}
        objects = {
            name: [
                {"Key": entry["Key"], "ETag": entry["ETag"]}
                for entry in self.own.pages("s3", "list_objects_v2", "Contents", Bucket=self.aliases[name])
            ]
            for name in sorted(buckets)
        }
        self._seen = items, objects
        return items, objects

    def put_back(self, tables: set[str], buckets: set[str]) -> None:
        """All as it was at the start."""
        seen, self._seen = self._seen, None
        if seen is None or not (tables <= seen[0].keys() and buckets <= seen[1].keys()):
            seen = self.look(tables, buckets)
        for name in tables:
            self._put_back_table(name, seen[0][name])
        for name in buckets:
            self._put_back_bucket(name, seen[1][name])
        self._seen = None

    def _put_back_table(self, name: str, items: list[dict[str, Any]]) -> None:
        client, keys = self.own("dynamodb"), self.keys[name]
        there = {_key(item, keys): item for item in items}
        wanted = {_key(item, keys): item for item in self.source.tables[name][1]}
        for key, item in there.items():
            if key not in wanted:
                client.delete_item(TableName=name, Key={one: item[one] for one in keys})
        for key, item in wanted.items():
            if there.get(key) != item:
                client.put_item(TableName=name, Item=item)

    def _put_back_bucket(self, name: str, objects: list[dict[str, str]]) -> None:
        client, alias, wanted = self.own("s3"), self.aliases[name], self.source.buckets[name]
        there = {entry["Key"]: entry["ETag"].strip('"') for entry in objects}
        for key in there.keys() - wanted.keys():
            client.delete_object(Bucket=alias, Key=key)
        for key, tag in self.source.tags(name).items():
            if there.get(key) != tag:
                client.put_object(Bucket=alias, Key=key, Body=wanted[key])


def _later(client: Any, operation: str, **params: Any) -> Callable[[], Any]:
    return lambda: getattr(client, operation)(**params)


def _key(item: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return json.dumps([item[key] for key in keys], sort_keys=True, default=repr)
