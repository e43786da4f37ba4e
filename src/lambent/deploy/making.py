"""What makes a resource: the calls of its type, or one of the few types that are made otherwise."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from lambent.deploy.ports import Refused
from lambent.deploy.resources.calls import Calls, NotMade, PassOver, Unchangeable, tags_of
from lambent.deploy.resources.facts import Facts, facts_of
from lambent.deploy.resources.kind import Kind, Subject, value_of
from lambent.deploy.resources.table import KINDS

Note = Callable[[Subject], Awaitable[None]]


class Maker(Protocol):
    """Makes, changes and deletes resources of one type. All raise Refused, NotMade, Cancelled."""

    async def create(self, subject: Subject, note: Note) -> Subject:
        """Make it; `note` is told when it has a physical id."""

    async def update(self, subject: Subject) -> Subject:
        """Change what is there."""

    async def delete(self, subject: Subject) -> None:
        """Delete it, if it is there."""

    def replaces(self, subject: Subject) -> bool:
        """Whether the change needs another physical resource."""

    def name(self, subject: Subject) -> tuple[str, int, bool, str]:
        """The name that its properties give ("" when one is generated), the longest, whether it is in small letters,
        and how it ends."""

    def ref(self, subject: Subject) -> str:
        """What Ref gives."""


class Plain:
    """What most of those have in common that are not made by calls."""

    def replaces(self, subject: Subject) -> bool:
        """They are changed in place."""
        return False

    def name(self, subject: Subject) -> tuple[str, int, bool, str]:
        """A name made up."""
        return "", 128, False, ""

    def ref(self, subject: Subject) -> str:
        """The physical id."""
        return subject.id

    async def update(self, subject: Subject) -> Subject:
        """Nothing to do."""
        return subject

    async def delete(self, subject: Subject) -> None:
        """Nothing to do."""


class ApiMaker:
    """By calls of its type's operations. With `pass_over` properties that are not passed on are told to that, and left
    out, instead of failing the resource. `tell` hears of parts of properties that are not."""

    def __init__(
        self,
        type_name: str,
        kind: Kind,
        calls: Calls,
        pass_over: PassOver | None = None,
        tell: PassOver = lambda _subject, _names: None,
    ) -> None:
        self._type = type_name
        self._kind = kind
        self._calls = calls
        self._facts = facts_of(type_name)
        self._pass_over = pass_over
        self._tell = tell

    async def create(self, subject: Subject, note: Note) -> Subject:
        subject = self._without_unsupported(subject)
        check(self._type, self._kind, self._facts, subject)
        subject = self._tagged(replace(subject, properties={**self._kind.defaults, **subject.properties}))
        there = await self._calls.found(self._kind, subject)
        if there is not None:
            return await self._go_on(replace(subject, answers=there), note)
        try:
            return await self._calls.create(self._kind, subject, note)
        except Refused as error:
            known = self._kind.adopt is not None or not str(self._kind.id).startswith("@")
            if not subject.again or not error.is_taken or not known:
                raise
            adopt = (self._kind.adopt,) if self._kind.adopt else ()
            return await self._calls.create(replace(self._kind, create=(*adopt, *self._kind.create[1:])), subject, note)

    async def _go_on(self, subject: Subject, note: Note) -> Subject:
        """With what is there: the calls after the one that has made it."""
        subject = replace(subject, id=str(value_of(self._kind.id, subject)))
        await note(subject)
        left = self._kind.create[self._kind.made + 1 :]
        return await self._calls.create(replace(self._kind, create=left, made=-1), subject, note)

    async def update(self, subject: Subject) -> Subject:
        subject = self._without_unsupported(subject)
        check(self._type, self._kind, self._facts, subject)
        subject = replace(
            subject,
            properties={**self._kind.defaults, **subject.properties},
            former={**self._kind.defaults, **subject.former},
        )
        subject = self._changeable(self._kind.emptied(self._tagged(subject)))
        return await self._calls.update(self._kind, subject)

    def _changeable(self, subject: Subject) -> Subject:
        """Raises Unchangeable for changes that no call passes on; with `pass_over` they are told."""
        stuck = self._kind.stuck(subject)
        if stuck and self._pass_over is None:
            raise Unchangeable(
                f"Lambent does not change {', '.join(stuck)} of {self._type} yet: make another resource, or set "
                "unknown_types to skip."
            )
        if stuck and self._pass_over is not None:
            self._pass_over(subject, stuck)
        return subject

    async def delete(self, subject: Subject) -> None:
        await self._calls.delete(self._kind, replace(subject, answers=dict(subject.attributes)))

    def replaces(self, subject: Subject) -> bool:
        return replaces(self._type, subject.changed)

    def name(self, subject: Subject) -> tuple[str, int, bool, str]:
        given = subject.properties.get(self._kind.name) if self._kind.name else None
        return str(given or ""), self._kind.length, self._kind.lower, str(value_of(self._kind.suffix, subject))

    def ref(self, subject: Subject) -> str:
        return str(value_of(self._kind.ref, subject) if self._kind.ref else subject.id)

    def _without_unsupported(self, subject: Subject) -> Subject:
        parts = self._kind.lost_of(subject)
        if parts:
            self._tell(subject, parts)
        left = unsupported(self._kind, subject.properties)
        if self._pass_over is None or not left:
            return subject
        self._pass_over(subject, left)
        properties, former = (
            {name: one for name, one in said.items() if name not in left}
            for said in (subject.properties, subject.former)
        )
        return replace(subject, properties=properties, former=former)

    def _tagged(self, subject: Subject) -> Subject:
        """With the stack's tags, if the type takes any."""
        if not self._kind.tags:
            return subject
        name, owner = self._kind.tags, subject.owner
        now = {**owner.tags, **tags_of(subject.properties.get(name))}
        before = {**owner.former_tags, **tags_of(subject.former.get(name))}
        properties = {**subject.properties, name: _listed(now)}
        return replace(subject, properties=properties, former={**subject.former, name: _listed(before)})


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def check(type_name: str, kind: Kind, facts: Facts, subject: Subject) -> None:
    """Raises NotMade for properties that the type does not have, misses, or that are not passed on here."""
    given = {name for name, value in subject.properties.items() if value is not None}
    if facts.properties:
        wrong = [f"#: extraneous key [{name}] is not permitted" for name in sorted(given - facts.properties)]
        wrong += [f"#: required key [{name}] not found" for name in sorted(facts.required - given)]
        wrong += facts.strange(subject.properties)
        if wrong:
            raise NotMade(
                f"Properties validation failed for resource {subject.logical_id} with message:\n" + "\n".join(wrong)
            )
    left = unsupported(kind, subject.properties)
    if left:
        raise NotMade(
            f"Lambent does not support {', '.join(left)} of {type_name} yet: remove it from the template, or set "
            "unknown_types to skip."
        )


def unsupported(kind: Kind, properties: Mapping[str, Any]) -> list[str]:
    """The properties that are given and not passed on."""
    covered = {name.lower() for name in kind.covers()}
    return sorted(name for name, value in properties.items() if value is not None and name.lower() not in covered)


def kind_of(type_name: str) -> Kind | None:
    """How a type is made, None when it is not."""
    return KINDS.get(type_name)


def attributes_of(type_name: str) -> frozenset[str] | None:
    """What Fn::GetAtt gives of a type, here or at AWS; None for types that say it themselves."""
    kind = KINDS.get(type_name)
    return None if kind is None else frozenset({*kind.attributes, *facts_of(type_name).read_only})


def replaces(type_name: str, changed: frozenset[str]) -> bool:
    """Whether a change of these properties makes another resource, as far as its type says."""
    kind = KINDS.get(type_name)
    fixed = {*facts_of(type_name).create_only, *(kind.replace if kind else ())}
    return bool(changed & fixed) or (kind is not None and not kind.update and bool(changed - {kind.tags}))
