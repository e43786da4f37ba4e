"""The access keys that outlive the server: IAM users' and the sessions of STS, on disk before they are given out.

A session goes when another is given after its end. Secrets are kept as they are: who signs with one is checked by it.
"""

import heapq
from collections.abc import Callable
from dataclasses import asdict

from lambent.model.credentials import Held, held_of
from lambent.model.scope import Scope
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource, Resources

USERS, SESSIONS = "iam-access-key", "sts-session"
KINDS = {"AKIA": USERS, "ASIA": SESSIONS}
"""By how ids begin.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
"""
PLACE = Scope("", "")
"""The ids of keys are unique in all accounts and regions."""
SWEPT = 100
"""Sessions that are removed at once."""


class AccessKeys:
    """`new_id` makes revisions; `now` is the platform's clock."""

    def __init__(self, resources: Resources, new_id: Callable[[], str], now: Callable[[], float]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._now = now
        self._ends = [(float(one.document["expires"]), one.name) for one in resources.all(SESSIONS, PLACE)]
        heapq.heapify(self._ends)

    def held(self, key: str) -> Held | None:
        """Whose a key is, None for one that was not given out, or is gone."""
        kind = KINDS.get(key[:4])
        found = self._resources.get(kind, PLACE, "", key) if kind is not None else None
        return held_of(found.document) if found is not None else None

    def of_user(self, arn: str) -> dict[str, Held]:
        """The keys of an IAM user."""
        return {
            one.name: held_of(one.document) for one in self._resources.all(USERS, PLACE) if one.document["user"] == arn
        }

    async def put(self, key: str, held: Held) -> None:
        """A key is given out, or has changed; on disk when this returns. Raises StoreError."""
        if held.expires is None:
            await self._resources.put(self._resource(USERS, key, held))
            return
        await self._sweep()
        await self._resources.put(self._resource(SESSIONS, key, held))
        heapq.heappush(self._ends, (held.expires, key))

    async def remove(self, key: str) -> None:
        """An IAM user's key is deleted. Raises StoreError."""
        await self._resources.discard(Resource(USERS, PLACE, "", key, "", {}))

    def _resource(self, kind: str, key: str, held: Held) -> Resource:
        return Resource(kind, PLACE, "", key, self._new_id(), asdict(held))

    async def _sweep(self) -> None:
        """Remove sessions that are over."""
        gone: list[Resource] = []
        while self._ends and self._ends[0][0] <= self._now() and len(gone) < SWEPT:
            found = self._resources.get(SESSIONS, PLACE, "", heapq.heappop(self._ends)[1])
            gone += [found] if found is not None else []
        if gone:
            try:
                await self._resources.write(deletes=gone)
            except RecordChanged:
                return  # another server has removed one; the rest go at the next start
