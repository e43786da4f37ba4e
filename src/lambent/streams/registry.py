"""Which streams there are, by name and by ARN."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambent.model.scope import Scope
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource, Resources
from lambent.streams import config, errors
from lambent.streams.config import STREAM, Config

ATTEMPTS = 100


class Registry:
    """The streams' records. `new_id` makes revisions (UUIDs)."""

    def __init__(self, resources: Resources, new_id: Callable[[], str]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._read: dict[tuple[Scope, str], Config] = {}

    def find(self, scope: Scope, name: str) -> Config | None:
        """A stream, or None."""
        resource = self._resources.get(STREAM, scope, "", name)
        if resource is None:
            self._read.pop((scope, name), None)
            return None
        known = self._read.get((scope, name))
        if known is None or known.resource is not resource:
            known = self._read[(scope, name)] = config.read(resource)
        return known

    def get(self, scope: Scope, name: str) -> Config:
        """A stream. Raises StreamError."""
        found = self.find(scope, name)
        if found is None:
            raise errors.no_stream(name, scope.account)
        return found

    def by_arn(self, arn: str) -> Config | None:
        """The stream of its ARN or of one of its consumers', or None."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[2] != "kinesis" or not parts[5].startswith("stream/"):
            return None
        _, name, *rest = parts[5].split("/")
        stream = self.find(Scope(parts[4], parts[3]), name)
        if stream is None or not rest:
            return stream
        return stream if any(one["ConsumerARN"] == arn for one in stream.document["consumers"].values()) else None

    def all(self, scope: Scope) -> list[Config]:
        """The streams of an account and region, by name."""
        return [self.get(scope, resource.name) for resource in self._resources.all(STREAM, scope)]

    def __iter__(self) -> Iterator[Config]:
        found = [resource for resource in self._resources if resource.kind == STREAM]
        return (self.get(resource.scope, resource.name) for resource in found)

    async def add(self, scope: Scope, name: str, document: Mapping[str, Any]) -> Config:
        """A new stream. Raises RecordExists, StoreError."""
        await self._resources.insert(Resource(STREAM, scope, "", name, self._new_id(), dict(document)))
        return self.get(scope, name)

    async def change(self, stream: Config, change: Callable[[Config], Mapping[str, Any]]) -> Config:
        """Put what `change` answers into the record of the stream as it then is. Raises StreamError, StoreError."""
        for _ in range(ATTEMPTS):
            current = self.get(stream.scope, stream.name)
            if current.uid != stream.uid:
                break
            document = {**current.resource.document, **change(current)}
            try:
                await self._resources.replace(current.resource, current.resource.changed(self._new_id(), document))
            except RecordChanged:
                continue
            return self.get(stream.scope, stream.name)
        raise errors.no_stream(stream.name, stream.scope.account)

    async def remove(self, stream: Config) -> None:
        """Delete a record, whatever it says by then. Raises StreamError, StoreError."""
        while True:
            current = self.get(stream.scope, stream.name)
            if current.uid != stream.uid:
                raise errors.no_stream(stream.name, stream.scope.account)
            try:
                await self._resources.delete(current.resource)
            except RecordChanged:
                continue
            return
