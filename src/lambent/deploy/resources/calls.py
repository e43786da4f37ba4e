"""Carrying out what a type says: its calls, one after another."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jmespath

from lambent.deploy.ports import Ask, Refused
from lambent.deploy.resources.fit import convert, fit
from lambent.deploy.resources.kind import Do, Kind, Subject, Until, value_of
from lambent.wire.service import load

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
PATIENCE = 600.0
"""Real seconds that a resource may take to be ready."""
UNBUILT = 501
PassOver = Callable[[Subject, list[str]], None]
SETTLING = ("ResourceConflict", "ResourceInUse", "LimitExceeded", "DeleteConflict", "TooManyRequests", "DependencyViol")
"""What passes when what is under way is over, in a deletion."""


class NotMade(Exception):
    """A resource ended in a state that is none of the good ones; the text says why."""


class Unchangeable(NotMade):
    """An update that was not begun: it would change what no call changes."""


class Cancelled(Exception):
    """Another resource has failed."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Makes the calls of one stack. `stopped` tells that nothing is to be waited for any more. With `pass_over`
    properties whose call is not built here (501) are told to that, instead of failing the resource."""

    ask: Ask
    stopped: Callable[[], bool]
    pass_over: PassOver | None = None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def create(self, kind: Kind, subject: Subject, note: Callable[[Subject], Awaitable[None]]) -> Subject:
        """Make it. `note` is told as soon as it has an id. Raises Refused, NotMade, Cancelled."""
        settled = subject
        for at, do in enumerate(kind.create):
            if (
                at > kind.made and kind.ready and settled is not subject
            ):  # one change at a time, as the services want it
                await self._until(kind.ready, subject)
                settled = subject
            subject = await self._do(do, subject)
            if at == kind.made:
                subject = replace(subject, id=str(value_of(kind.id, subject) or subject.name))
                await note(subject)
        if not kind.create:
            subject = replace(subject, id=str(value_of(kind.id, subject) or subject.name))
        return await self._finish(kind, subject)

    async def found(self, kind: Kind, subject: Subject) -> dict[str, Any] | None:
        """What is there of a resource that may have been made before, as its type's list has it. Raises Refused."""
        if kind.left is None or not subject.again:
            return None
        said = jmespath.search(kind.left.items, await self._ask(kind.left.do, subject)) or []
        return next((dict(one) for one in said if kind.left.same(one, subject)), None)

    async def update(self, kind: Kind, subject: Subject) -> Subject:
        """Change it. Raises the same."""
        for do in kind.update:
            changed = await self._update_one(do, subject)
            if changed is not subject and kind.ready:  # one change at a time, as the services want it
                await self._until(kind.ready, changed)
            subject = changed
        if kind.tag and kind.tags in subject.changed:
            subject = await self._retag(kind, subject)
        return await self._finish(kind, subject)

    async def delete(self, kind: Kind, subject: Subject) -> None:
        """Delete it; what is gone already is. Raises Refused, NotMade."""
        for do in kind.delete:
            subject = await self._delete_one(do, subject)
        if kind.gone:
            await self._until(kind.gone, subject)

    async def _finish(self, kind: Kind, subject: Subject) -> Subject:
        if kind.ready:
            await self._until(kind.ready, subject)
        if kind.read:
            subject = await self._do(kind.read, subject)
        known = {name: value_of(said, subject) for name, said in kind.attributes.items()}
        known = {name: value for name, value in known.items() if value is not None}
        return replace(subject, attributes={**subject.attributes, **known})

    async def _update_one(self, do: Do, subject: Subject) -> Subject:
        if do.anew:
            return await self._do(do, subject)
        if do.each and not do.on:
            return await self._call(do, subject)
        changed = do.concerns(subject)
        if not changed:
            return subject
        if do.gone and not any(name in subject.properties for name in do.on):
            return await self._call(do.gone, subject)
        return (
            await self._call(do, subject) if any(one in subject.properties for one in changed) or not do.on else subject
        )

    async def _do(self, do: Do, subject: Subject) -> Subject:
        if do.on and not any(subject.properties.get(name) is not None for name in do.on):
            return subject
        return await self._call(do, subject)

    async def _delete_one(self, do: Do, subject: Subject) -> Subject:
        pause = FIRST_PAUSE
        for _ in range(12):
            try:
                return await self._do(do, subject)
            except Refused as error:
                if error.is_absent:
                    return subject
                if not any(one.lower() in error.code.lower() for one in SETTLING):
                    raise
                last = error
            await self.pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        raise last

    async def _call(self, do: Do, subject: Subject) -> Subject:
        if do.each:
            items = value_of(do.each, subject) or []
            for item in items:
                one = replace(subject, answers={**subject.answers, "item": item})
                await self._ask(do, one)
            return subject
        said = await self._ask(do, subject)
        return replace(subject, answers={**subject.answers, **said})

    async def _ask(self, do: Do, subject: Subject) -> dict[str, Any]:
        service, _, operation = do.call.partition(":")
        try:
            return await self.ask(subject.owner.scope, service, operation, params_of(do, subject))
        except Refused as error:
            if any(one in error.code or one in error.message for one in do.fine):
                return {}
            if self.pass_over is not None and error.status == UNBUILT and do.on:
                self.pass_over(subject, list(do.on))
                return {}
            raise

    async def _retag(self, kind: Kind, subject: Subject) -> Subject:
        assert kind.tag is not None
        now, before = tags_of(subject.properties.get(kind.tags)), tags_of(subject.former.get(kind.tags))
        removed = [key for key in before if key not in now]
        if kind.untag and removed:
            await self._call(kind.untag, replace(subject, answers={**subject.answers, "removed": removed}))
        return await self._call(kind.tag, subject) if now else subject

    async def _until(self, until: Until, subject: Subject) -> None:
        pause, waited = FIRST_PAUSE, 0.0
        while True:
            try:
                said = await self._ask(until.do, subject)
            except Refused as error:
                if error.is_absent and None in until.good:
                    return
                raise
            state = jmespath.search(until.path, said)
            if state in until.good:
                return
            if state in until.bad or waited > PATIENCE:
                why = jmespath.search(until.why, said) if until.why else ""
                raise NotMade(str(why or f"{subject.type} is {state}"))
            if self.stopped():
                raise Cancelled
            await self.pause(pause)
            waited += pause
            pause = min(pause * 1.5, LONGEST_PAUSE)


def tags_of(said: Any) -> dict[str, str]:
    """Tags by key, however a type writes them."""
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    return {str(one["Key"]): str(one.get("Value", "")) for one in said or [] if isinstance(one, Mapping)}


def params_of(do: Do, subject: Subject) -> dict[str, Any]:
    """The parameters of a call."""
    service, _, operation = do.call.partition(":")
    shape = load(service).operation(operation).input_shape
    if shape is None:
        return {}
    own = {name: value_of(said, subject) for name, said in do.params.items()}
    fitted = {
        name: value for name, value in subject.properties.items() if name not in do.without
    } if do.fit else {}  # fmt: skip
    found = fit(shape, fitted)
    for name, value in own.items():
        found.pop(name, None)
        if value is not None:
            found[name] = convert(shape.members[name], value)
    return found
