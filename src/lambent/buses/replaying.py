"""Replays: the events of an archive once more, in the order of their times, from where the last server stopped.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html (to the archive's
bus alone; events get a `replay-name`, by which they are not archived again).
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson

from lambent.buses import routing
from lambent.buses.buses import Buses
from lambent.buses.errors import BusError
from lambent.buses.events import Arrived
from lambent.buses.registry import REPLAY, Document, Registry
from lambent.clock import Clock
from lambent.model.scope import Scope
from lambent.store.archives import START, Archives, Place

log = logging.getLogger(__name__)

PAGE = 100
STARTING, RUNNING, COMPLETED = "STARTING", "RUNNING", "COMPLETED"
CANCELLING, CANCELLED, FAILED = "CANCELLING", "CANCELLED", "FAILED"
UNDER_WAY = frozenset({STARTING, RUNNING, CANCELLING})


class Replays:
    """Carries replays out."""

    def __init__(
        self,
        registry: Registry,
        archives: Archives,
        buses: Buses,
        clock: Clock,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._registry = registry
        self._archives = archives
        self._buses = buses
        self._clock = clock
        self._spawn = spawn

    def resume(self) -> None:
        """Go on with what was under way when the last server ended."""
        for scope, name, said in self._registry.everywhere(REPLAY):
            if said["state"] in UNDER_WAY:
                self.begin(scope, name)

    def begin(self, scope: Scope, name: str) -> None:
        """Carry a replay out in the background."""
        self._clock.began()
        self._spawn(self._run(scope, name))

    async def _run(self, scope: Scope, name: str) -> None:
        try:
            await self._pages(scope, name)
        except BusError:
            log.warning("replay %s of %s went while it ran", name, scope.account)
        except Exception as error:
            log.exception("replay %s of %s has failed", name, scope.account)
            text = f"Lambent failed: {type(error).__name__}"
            await self._become(scope, name, FAILED, {"reason": text, "ended": self._clock.wall()})
        finally:
            self._clock.ended()

    async def _pages(self, scope: Scope, name: str) -> None:
        said = self._registry.find(REPLAY, scope, name)
        if said is not None and said["state"] == STARTING:
            said = await self._become(scope, name, RUNNING)
        while said is not None and said["state"] == RUNNING:
            found = await self._archives.page(said["archive"], _place(said), said["since"], said["until"], PAGE)
            if not found:
                said = await self._become(scope, name, COMPLETED, {"ended": self._clock.wall()})
                break
            events = [_again(scope, said["bus"], name, document) for _, document in found]
            await self._buses.replay(events, said["rules"])
            said = await self._become(scope, name, RUNNING, {"place": list(found[-1][0])})
        if said is not None and said["state"] == CANCELLING:
            await self._become(scope, name, CANCELLED, {"ended": self._clock.wall()})

    async def _become(self, scope: Scope, name: str, state: str, more: Document | None = None) -> Document:
        """The replay in another state; one that is being cancelled is so until it is."""

        def change(found: Document) -> Document:
            kept = found["state"] == CANCELLING and state not in (CANCELLED, FAILED)
            return {**(more or {}), "state": CANCELLING if kept else state}

        return await self._registry.change(REPLAY, scope, name, change)


def _place(said: Document) -> Place:
    place = said.get("place")
    return (float(place[0]), int(place[1])) if place else START


def _again(scope: Scope, bus: str, name: str, document: bytes) -> Arrived:
    return Arrived(scope, bus, {**orjson.loads(document), routing.REPLAY: name})
