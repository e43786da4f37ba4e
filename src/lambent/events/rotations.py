"""Rotates secrets: a function is called through the four steps, at once or when it is time.

What is under way is on disk: the next server calls all steps again, which functions have to stand anyway. A rotation
that fails is tried again a few times, then reported; the next one begins when it is time.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from lambent.clock import Clock, Handle
from lambent.engine.rotation import ROTATION, STEPS, next_rotation
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.store.errors import StoreError
from lambent.store.resources import Resource, Resources

log = logging.getLogger(__name__)

PAUSES = (1.0, 3.0)
"""Real seconds before a rotation is tried again."""
FAILED = "rotation-failed"
Invoke = Callable[[Scope, str, dict[str, str]], Awaitable[str]]
"""Call a function (its ARN) with an event; answers why that failed, "" if it did not."""
Exists = Callable[[Scope, str], Awaitable[bool]]
"""Whether there is a secret of that ARN."""


class Rotations:
    """`invoke` calls a function, `exists` asks for a secret."""

    def __init__(
        self,
        resources: Resources,
        clock: Clock,
        invoke: Invoke,
        exists: Exists,
        new_id: Callable[[], str],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        report: Callable[[Finding], None],
        withdraw: Callable[[str, str], None],
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._resources = resources
        self._clock = clock
        self._invoke = invoke
        self._exists = exists
        self._new_id = new_id
        self._spawn = spawn
        self._report = report
        self._withdraw = withdraw
        self._pauses = pauses
        self._timers: dict[tuple[Scope, str], Handle] = {}
        self._closed = False

    def start(self) -> None:
        """Go on with what the last server left."""
        for one in self._resources:
            if one.kind == ROTATION:
                self.take(one)

    def close(self) -> None:
        """Begin nothing more."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()

    def take(self, rotation: Resource) -> None:
        """A secret's rotation is new or has changed: one that is pending begins."""
        key = (rotation.scope, rotation.name)
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        said = rotation.document
        if self._closed or not said["enabled"]:
            return
        if said["pending"]:
            self._begin(self._rotate(rotation))
        elif said["next"] is not None:
            when = self._clock.monotonic() + max(said["next"] - self._clock.wall(), 0.0)
            self._timers[key] = self._clock.call_at(when, lambda: self._begin(self._due(rotation)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._clock.began()
        self._spawn(self._awaited(work))

    async def _awaited(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreError as error:
            log.error("a secret's rotation can't be written down: %s", error)
        finally:
            self._clock.ended()

    async def _due(self, rotation: Resource) -> None:
        """It is time for another one."""
        if self._resources.get(*rotation.key) is not rotation:
            return
        if not await self._exists(rotation.scope, rotation.name):
            await self._resources.discard(rotation)
            return
        await self._change(rotation, pending=self._new_id())

    async def _rotate(self, rotation: Resource) -> None:
        """The four steps."""
        reason = await self._steps(rotation)
        for pause in self._pauses:
            if not reason or self._closed:
                break
            await asyncio.sleep(pause)
            reason = await self._steps(rotation)
        if self._closed and reason:
            return
        now = self._clock.wall()
        if reason:
            log.warning("%s was not rotated: %s", rotation.name, reason)
            self._report(Finding(FAILED, rotation.name, f"The secret was not rotated: {reason}"))
        else:
            self._withdraw(rotation.name, FAILED)
        last = rotation.document["last"] if reason else now
        await self._change(rotation, pending="", last=last, next=next_rotation(rotation.document["rules"], now))

    async def _steps(self, rotation: Resource) -> str:
        """Why a step failed, "" if none did."""
        said, began = rotation.document, time.monotonic()
        for step in STEPS:
            event = {"SecretId": rotation.name, "ClientRequestToken": said["pending"], "Step": step}
            if reason := await self._invoke(rotation.scope, said["lambda"], event):
                return f"{step}: {reason}"
        log.info("%s was rotated in %.3f s", rotation.name, time.monotonic() - began)
        return ""

    async def _change(self, rotation: Resource, **changes: Any) -> None:
        """Write it down, unless it was changed meanwhile."""
        if self._resources.get(*rotation.key) is not rotation:
            return
        changed = rotation.changed(self._new_id(), {**rotation.document, **changes})
        await self._resources.replace(rotation, changed)
        self.take(changed)
