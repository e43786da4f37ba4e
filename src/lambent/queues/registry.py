"""Which queues there are, by name and by ARN."""

from collections.abc import Callable, Iterator, Mapping

from lambent.model.scope import Scope
from lambent.queues import config, errors
from lambent.queues.config import QUEUE, Config
from lambent.queues.names import from_arn
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource, Resources

ATTEMPTS = 100


class Registry:
    """The queues' records. `new_id` makes revisions (UUIDs)."""

    def __init__(self, resources: Resources, new_id: Callable[[], str]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._read: dict[tuple[Scope, str], Config] = {}

    def find(self, scope: Scope, name: str) -> Config | None:
        """A queue, or None."""
        resource = self._resources.get(QUEUE, scope, "", name)
        if resource is None:
            self._read.pop((scope, name), None)
            return None
        known = self._read.get((scope, name))
        if known is None or known.resource is not resource:
            known = self._read[(scope, name)] = config.read(resource)
        return known

    def get(self, scope: Scope, name: str) -> Config:
        """A queue. Raises QueueError."""
        found = self.find(scope, name)
        if found is None:
            raise errors.no_queue()
        return found

    def by_arn(self, arn: str) -> Config | None:
        """The queue of an ARN, or None."""
        where = from_arn(arn)
        return self.find(*where) if where else None

    def all(self, scope: Scope) -> list[Config]:
        """The queues of an account and region, by name."""
        return [self.get(scope, resource.name) for resource in self._resources.all(QUEUE, scope)]

    def __iter__(self) -> Iterator[Config]:
        return (self.get(one.scope, one.name) for one in self._resources.of_kind(QUEUE))

    def sources(self, queue: Config) -> list[Config]:
        """The queues whose dead letters go to `queue`."""
        return [one for one in self.all(queue.scope) if one.dead_letters == queue.arn]

    async def add(
        self, scope: Scope, name: str, uid: int, attributes: Mapping[str, str], tags: Mapping[str, str], now: float
    ) -> Config:
        """A new queue. Raises RecordExists, StoreError."""
        document = {"uid": uid, "created": now, "modified": now, "attributes": dict(attributes), "tags": dict(tags)}
        await self._resources.insert(Resource(QUEUE, scope, "", name, self._new_id(), document))
        return self.get(scope, name)

    async def change(self, queue: Config, change: Callable[[Config], Mapping[str, object]]) -> Config:
        """Put what `change` answers into the record of the queue as it then is. Raises QueueError, StoreError."""
        for _ in range(ATTEMPTS):
            current = self.get(queue.scope, queue.name)
            document = {**current.resource.document, **change(current)}
            try:
                await self._resources.replace(current.resource, current.resource.changed(self._new_id(), document))
            except RecordChanged:
                continue
            return self.get(queue.scope, queue.name)
        raise errors.no_queue()

    async def remove(self, queue: Config) -> None:
        """Delete a record, whatever it says by then. Raises QueueError, StoreError."""
        while True:
            current = self.get(queue.scope, queue.name)
            if current.uid != queue.uid:
                raise errors.no_queue()
            try:
                await self._resources.delete(current.resource)
            except RecordChanged:
                continue
            return
