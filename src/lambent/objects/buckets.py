"""Which buckets there are. Their names are one namespace for all accounts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.model.scope import Scope
from lambent.objects import errors
from lambent.objects.names import bucket_arn
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource, Resources

BUCKET = "s3-bucket"
ATTEMPTS = 100
ENABLED, SUSPENDED = "Enabled", "Suspended"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as its record says. `settings` are its configurations by the name of what puts them, as boto3 has them
    (JSON)."""

    resource: Resource
    uid: int
    created: float
    versioning: str
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return self.resource.name

    @property
    def scope(self) -> Scope:
        """Its owner, and its region."""
        return self.resource.scope

    @property
    def arn(self) -> str:
        """Its ARN."""
        return bucket_arn(self.name)

    @property
    def locks(self) -> bool:
        """Whether its objects may be locked."""
        return "ObjectLock" in self.settings


class Registry:
    """The buckets' records. `new_id` makes revisions (UUIDs)."""

    def __init__(self, resources: Resources, new_id: Callable[[], str]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._buckets = {one.name: _read(one) for one in resources if one.kind == BUCKET}
        self._claimed: set[str] = set()
        self.leaving: set[int] = set()
        """Buckets that take nothing more."""

    def find(self, name: str) -> Bucket | None:
        """A bucket, or None."""
        return self._buckets.get(name)

    def get(self, name: str) -> Bucket:
        """A bucket. Raises ObjectError."""
        found = self._buckets.get(name)
        if found is None:
            raise errors.no_bucket(name)
        return found

    def all(self, account: str) -> list[Bucket]:
        """The buckets of an account, by name."""
        return sorted((one for one in self if one.scope.account == account), key=lambda one: one.name)

    def __iter__(self) -> Iterator[Bucket]:
        return iter(tuple(self._buckets.values()))

    async def add(self, scope: Scope, name: str, uid: int, now: float, settings: Mapping[str, Any]) -> Bucket:
        """A new bucket. Raises ObjectError when there is one, StoreError."""
        there = self._buckets.get(name)
        if there is not None:
            raise errors.bucket_is_yours(name) if there.scope.account == scope.account else errors.bucket_exists(name)
        if name in self._claimed:
            raise errors.ObjectError(
                "OperationAborted",
                "A conflicting conditional operation is currently in progress against this resource. Please try again.",
                409,
            )
        document = {"uid": uid, "created": now, "versioning": "", "settings": dict(settings)}
        if "ObjectLock" in settings:
            document["versioning"] = ENABLED
        resource = Resource(BUCKET, scope, "", name, self._new_id(), document)
        self._claimed.add(name)
        try:
            await self._resources.insert(resource)
        finally:
            self._claimed.discard(name)
        self._buckets[name] = bucket = _read(resource)
        return bucket

    async def change(self, bucket: Bucket, change: Callable[[Bucket], Mapping[str, Any]]) -> Bucket:
        """Put what `change` answers into the record of the bucket as it then is. Raises ObjectError, StoreError."""
        for _ in range(ATTEMPTS):
            current = self.get(bucket.name)
            if current.uid != bucket.uid:
                raise errors.no_bucket(bucket.name)
            resource = current.resource.changed(self._new_id(), {**current.resource.document, **change(current)})
            try:
                await self._resources.replace(current.resource, resource)
            except RecordChanged:
                continue
            self._buckets[bucket.name] = changed = _read(resource)
            return changed
        raise RecordChanged(bucket.name)

    async def put(self, bucket: Bucket, name: str, said: Any) -> None:
        """One setting; None takes it away. Raises ObjectError, StoreError."""

        def change(current: Bucket) -> Mapping[str, Any]:
            settings = {key: value for key, value in current.settings.items() if key != name}
            return {"settings": settings if said is None else {**settings, name: said}}

        await self.change(bucket, change)

    async def remove(self, bucket: Bucket) -> None:
        """Delete a record. Raises ObjectError, StoreError."""
        for _ in range(ATTEMPTS):
            current = self.get(bucket.name)
            try:
                await self._resources.delete(current.resource)
            except RecordChanged:
                continue
            self._buckets.pop(bucket.name, None)
            return
        raise RecordChanged(bucket.name)


def _read(resource: Resource) -> Bucket:
    said = resource.document
    return Bucket(resource, said["uid"], said["created"], said["versioning"], said["settings"])
