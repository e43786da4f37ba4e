"""What the operations need from the rest of the server, and of the request at hand."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lambent.clock import Clock
from lambent.model.finding import Finding
from lambent.model.metric import Measure, unmeasured
from lambent.model.scope import Caller
from lambent.objects import notices
from lambent.objects.buckets import Bucket, Registry
from lambent.objects.contents import Contents
from lambent.objects.errors import ObjectError
from lambent.objects.notices import Asker
from lambent.objects.objects import Objects
from lambent.objects.uploads import Uploads
from lambent.services.s3 import access
from lambent.wire.http import Request

CheckDestination = Callable[[Caller, Bucket, str], Awaitable[str]]
"""Why nothing can be sent to an ARN, "" when it can."""


@dataclass(frozen=True, slots=True)
class S3Env:
    """The ports of the S3 operations."""

    registry: Registry
    objects: Objects
    uploads: Uploads
    contents: Contents
    clock: Clock
    report: Callable[[Finding], None]
    withdraw: Callable[[str, str], None]
    check_destination: CheckDestination
    arm_lifecycle: Callable[[], None]
    measure: Measure = unmeasured


NO_TAGS: Mapping[str, str] = {}


class Call(NamedTuple):
    """One request to an operation."""

    env: S3Env
    request: Request
    tags: Mapping[str, str] = NO_TAGS
    """Of the object that is asked for, where the bucket's policy asks for them."""

    async def informed(self, params: Mapping[str, Any]) -> "Call":
        """The call with these tags."""
        key, bucket = params.get("Key"), self.env.registry.find(params.get("Bucket", ""))
        if not key or bucket is None or not access.asks_for_tags(bucket):
            return self
        try:
            there = await self.env.objects.get(bucket, key, params.get("VersionId") or "")
        except ObjectError:
            return self
        return self._replace(tags=there.document.get("tags") or {})

    def bucket(self, caller: Caller, params: dict[str, Any], action: str, key: str | None = None) -> Bucket:
        """The bucket that is asked for, when the caller may do that with it or with a key. Raises ObjectError."""
        bucket = self.env.registry.get(params["Bucket"])
        access.check(bucket, caller, self.request, params, action, key, self.env.clock.wall(), self.tags)
        return bucket

    def asker(self, caller: Caller) -> Asker:
        """Who asks, as events tell it."""
        return Asker(
            caller.scope.account if caller.access_key is not None else "ANONYMOUS",
            caller.request_id,
            self.request.headers.get("x-forwarded-for", "127.0.0.1").partition(",")[0].strip(),
            caller.trace_id or "",
            notices.host_id(),
        )
