"""Takes events in: what they cause is on disk before they are acknowledged."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import orjson

from lambent.buses import routing
from lambent.buses.events import Arrived, scheduled
from lambent.buses.registry import ARCHIVE, Registry, Rule
from lambent.clock import Clock
from lambent.engine import event_pattern
from lambent.engine.input_transformer import minified
from lambent.model.push import Push
from lambent.model.scope import Scope
from lambent.store.archives import Archived, Archives

AddPushes = Callable[[Sequence[Push]], Awaitable[None]]
"""Comes back when they are on disk. Raises StoreError: then none of them is."""


class Buses:
    """All buses. `add` takes what is pushed to targets, `new_id` makes the ids of events (UUIDs)."""

    def __init__(
        self, registry: Registry, archives: Archives, clock: Clock, add: AddPushes, new_id: Callable[[], str]
    ) -> None:
        self._registry = registry
        self._archives = archives
        self._clock = clock
        self._add = add
        self._new_id = new_id
        self._chance = random.Random().random  # noqa: S311

    async def put(self, events: Iterable[Arrived]) -> None:
        """Come back when all that follows is on disk. Raises StoreError."""
        pushed: list[Push] = []
        kept: list[Archived] = []
        now = self._clock.wall()
        for one in events:
            pushed += self._pushes(self._registry.rules(one.scope, one.bus), one, now)
            kept += self._kept(one, now)
        await asyncio.gather(self._add(pushed), self._archives.add(kept))

    async def replay(self, events: Iterable[Arrived], rules: Collection[str]) -> None:
        """The same for events of an archive, for the rules of those ARNs, or for all. Raises StoreError."""
        pushed: list[Push] = []
        now = self._clock.wall()
        for one in events:
            found = self._registry.rules(one.scope, one.bus)
            pushed += self._pushes([rule for rule in found if not rules or rule.arn in rules], one, now)
        await self._add(pushed)

    async def fire(self, rule: Rule, due: float) -> None:
        """It is time for a rule. Raises StoreError."""
        event = scheduled(rule.arn, rule.scope, self._new_id(), due)
        arrived = Arrived(rule.scope, rule.bus, event)
        await self._add(routing.pushes(rule, arrived, self._clock.wall(), self._chance))

    def _pushes(self, rules: Iterable[Rule], one: Arrived, now: float) -> list[Push]:
        found = routing.matching(rules, one.event)
        return [push for rule in found for push in routing.pushes(rule, one, now, self._chance)]

    def _kept(self, one: Arrived, now: float) -> list[Archived]:
        found = [archive for archive in self._of_bus(one.scope, one.bus) if _is_for(archive["pattern"], one)]
        if not found or routing.REPLAY in one.event:
            return []
        at, document = time_of(one), minified(one.event).encode("utf-8", "replace")
        return [Archived(archive["uid"], at, now, document) for archive in found]

    def _of_bus(self, scope: Scope, bus: str) -> list[dict[str, str]]:
        return [dict(said) for _, said in self._registry.all(ARCHIVE, scope) if said["bus"] == bus]


def _is_for(pattern: str, one: Arrived) -> bool:
    return not pattern or event_pattern.matches(orjson.loads(pattern), one.event)


def time_of(one: Arrived) -> float:
    """The time of an event, seconds since 1970."""
    from datetime import datetime

    return datetime.fromisoformat(one.event["time"]).timestamp()
