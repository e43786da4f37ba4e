"""Carries the lifecycle rules of buckets out: at each midnight of the platform's clock, and once at the start for those
that passed while nobody looked."""

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.clock import Clock
from lambent.engine import lifecycle
from lambent.engine.lifecycle import DAY, Expired, Seen
from lambent.objects.buckets import Bucket
from lambent.objects.conditions import Conditions
from lambent.objects.errors import ObjectError
from lambent.objects.names import key_text
from lambent.objects.notices import Asker
from lambent.objects.uploads import Uploads
from lambent.store.errors import StoreError
from lambent.store.objects import ListedRow, UploadRow, View

log = logging.getLogger(__name__)

SETTING = "Lifecycle"
PAGE = 1_000
ASKER = Asker("s3.amazonaws.com", "lifecycle")


@dataclass(frozen=True, slots=True)
class _Gone:
    """What has to go of a key; `etag` is that of its latest version."""

    key: str
    etag: str
    what: Expired


class Lifecycle:
    """The rules of all buckets. `spawn` runs in the background."""

    def __init__(
        self, uploads: Uploads, clock: Clock, spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    ) -> None:
        self._uploads = uploads
        self._objects = uploads.objects
        self._clock = clock
        self._spawn = spawn
        self._waits = False

    def arm(self) -> None:
        """There may be rules now: look at the next midnight, as long as there are any."""
        if not self._waits and any(bucket.settings.get(SETTING) for bucket in self._objects.registry):
            self._waits = True
            left = DAY - self._clock.wall() % DAY
            self._clock.call_at(self._clock.monotonic() + left, self.look)

    def look(self) -> None:
        """Carry out what is due."""
        self._waits = False
        self._clock.began()
        self._spawn(self._work())

    async def _work(self) -> None:
        try:
            for bucket in self._objects.registry:
                rules = (bucket.settings.get(SETTING) or {}).get("Rules")
                if rules:
                    await self._sweep(bucket, rules)
        except (ObjectError, StoreError) as error:
            log.warning("lifecycle rules could not be carried out: %s", error)
        finally:
            self._clock.ended()
            self.arm()

    async def _sweep(self, bucket: Bucket, rules: Sequence[lifecycle.Rule]) -> None:
        start: bytes | None = b""
        while start is not None:
            found, start = await self._objects.store.read(_looking(bucket, rules, start, self._clock.wall()))
            for one in found:
                await self._expire(bucket, one)
        start = b""
        while start is not None:
            uploads, start = await self._objects.store.read(_uploads(bucket, start))
            for row in uploads:
                if lifecycle.abandoned(rules, key_text(row.key), row.initiated, self._clock.wall()):
                    await self._refusable(self._uploads.abort(bucket, key_text(row.key), row.upload))

    async def _expire(self, bucket: Bucket, one: _Gone) -> None:
        """The latest version only goes if it is still the one that was looked at."""
        asked = Conditions() if one.what.version else Conditions(match=f'"{one.etag}"')
        version, event = one.what.version, "LifecycleExpiration"
        await self._refusable(self._objects.delete(bucket, one.key, version, ASKER, asked=asked, event=event))

    async def _refusable(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except ObjectError as error:  # locked, another one by now, gone
            log.debug("a lifecycle rule could not be carried out: %s", error)


Look = Callable[[View], Any]


def _looking(bucket: Bucket, rules: Sequence[lifecycle.Rule], start: bytes, now: float) -> Look:
    """What of a page of versions has to go, and where the next page starts (None: there is none)."""
    tagged = any(lifecycle.filter_of(rule).tags for rule in rules)

    def look(view: View) -> tuple[list[_Gone], bytes | None]:
        rows, following = _whole_keys(view, bucket, start)
        found = []
        for raw, versions in itertools.groupby(rows, lambda row: row.key):
            key, those = key_text(raw), list(versions)
            tags = _tags(view, bucket, raw) if tagged else {}
            seen = [Seen(row.version, row.marker, row.size, row.modified, tags.get(row.version, {})) for row in those]
            found += [_Gone(key, those[0].etag, one) for one in lifecycle.expired(rules, key, seen, now)]
        return found, following

    return look


def _tags(view: View, bucket: Bucket, raw: bytes) -> dict[str, dict[str, str]]:
    return {row.version: json.loads(row.document).get("tags") or {} for row in view.versions(bucket.uid, raw)}


def _whole_keys(view: View, bucket: Bucket, start: bytes) -> tuple[Sequence[ListedRow], bytes | None]:
    """Versions of keys from `start` on, all of each key, and the first key behind them that has its turn again."""
    size = PAGE
    rows = view.page(bucket.uid, start, None, size)
    while len(rows) == size and rows[0].key == rows[-1].key:
        size *= 4
        rows = view.page(bucket.uid, start, None, size)
    if len(rows) < size:
        return rows, None
    again = rows[-1].key
    return [row for row in rows if row.key != again], again


def _uploads(bucket: Bucket, start: bytes) -> Look:
    def look(view: View) -> tuple[list[UploadRow], bytes | None]:
        rows = view.uploads(bucket.uid, start, None, PAGE)
        return rows, rows[-1].key + b"\0" if len(rows) == PAGE else None

    return look
