"""How a type of resource is described: as calls of AWS's operations, and what is taken from their answers.

A parameter's value is
    "$id", "$name", "$Some.Property"   what the resource has there; left out when it has nothing
    "@Path.In.Answer"                  JMESPath in what the calls so far have answered
    "text {name} {account}"            text with what is known of the resource
    a function of the `Subject`        anything else; None leaves the parameter out
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jmespath

from lambent.deploy.ports import Owner
from lambent.deploy.resources.texts import as_text
from lambent.wire.service import load

Said = Any
"""A value as described above."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource, as the calls that are made for it see it.

    `name` is its physical name, given or generated; `former` its properties before an update; `answers` what its calls
    have answered so far, merged; `again` says that it may be there already, made by a server that was killed; `policy`
    are its CreationPolicy and UpdatePolicy.
    """

    type: str
    logical_id: str
    name: str
    owner: Owner
    properties: Mapping[str, Any]
    id: str = ""
    former: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> frozenset[str]:
        """The properties that an update changes, adds or removes."""
        names = {*self.properties, *self.former}
        return frozenset(name for name in names if self.properties.get(name) != self.former.get(name))

    def words(self) -> dict[str, str]:
        """What `{…}` may name in a text."""
        scope = self.owner.scope
        return {
            "id": self.id, "name": self.name, "account": scope.account, "region": scope.region,
            "logical": self.logical_id, "stack": self.owner.name,
            **{key: str(value) for key, value in self.properties.items() if isinstance(value, str | int)},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Do:
    """One call. `call` is "service:Operation".

    With `fit` the resource's properties are passed by their names, too. `on` names the properties that the call is for:
    without any of them it is not made, in an update only when one has changed. `gone` is done instead when they were
    removed. What a service says in `fine` (parts of an error's code or text) is no failure. One that is `anew` is made
    in every update that has its properties: others use what it answers.
    """

    call: str
    params: Mapping[str, Said] = field(default_factory=dict)
    fit: bool = False
    on: tuple[str, ...] = ()
    gone: "Do | None" = None
    without: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()
    each: Said = ""
    takes: tuple[str, ...] = ()
    anew: bool = False

    def concerns(self, subject: Subject) -> list[str]:
        """The changed properties that the call is for."""
        names = {name.lower() for name in self.on or _covered(self)}
        return [name for name in subject.changed if name.lower() in names]

    def changes(self, subject: Subject) -> set[str]:
        """The properties that an update passes on by it, if it is made."""
        changed = self.concerns(subject)
        if not self.anew and self.on and not self.gone and not any(name in subject.properties for name in changed):
            return set()
        return {*changed, *_covered(self), *(_covered(self.gone) if self.gone else ())}


@dataclass(frozen=True, slots=True)
class Until:
    """Ask again until `path` in the answer is one of `good`; one of `bad`, with what `why` says, is a failure."""

    do: Do
    path: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """How to find what a server that was killed has made without a name of its own: `same` says which of the `items`
    (JMESPath) in the answer it is."""

    do: Do
    items: str
    same: Callable[[Mapping[str, Any], Subject], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type. `id` is what it is called physically (the default: its name), `ref` what Ref gives (the default: its
    id). `made` is the number of the call that makes it. `name` is the property that names it, `length` how long a
    generated name may be. `replace` are properties whose change makes another resource, beside those that its facts
    name; `empty` is what a property is when an update removes it (or a function of the subject that says so); `quiet`
    are those that an update need not pass on; `lost` are parts of properties ("A.B") that no call passes on."""

    create: tuple[Do, ...] = ()
    update: tuple[Do, ...] = ()
    delete: tuple[Do, ...] = ()
    name: str = ""
    length: int = 64
    lower: bool = False
    suffix: Said = ""
    id: Said = "{name}"
    ref: Said = ""
    attributes: Mapping[str, Said] = field(default_factory=dict)
    read: Do | None = None
    ready: Until | None = None
    gone: Until | None = None
    tags: str = ""
    tag: Do | None = None
    untag: Do | None = None
    replace: tuple[str, ...] = ()
    adopt: Do | None = None
    left: Left | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[str, ...] = ()
    made: int = 0
    empty: Mapping[str, Any] = field(default_factory=dict)
    quiet: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def covers(self) -> frozenset[str]:
        """The properties that are passed on: what else is given would be lost. `takes` are those that only functions
        read."""
        own = {*self.takes, *self.quiet, self.name, self.tags}
        return frozenset(own.union(*(_covered(do) for do in self.create)))

    def lost_of(self, subject: Subject) -> list[str]:
        """The given parts of properties that no call passes on."""
        return [path for path in self.lost if _has(subject.properties, path.split("."))]

    def emptied(self, subject: Subject) -> Subject:
        """The subject of an update, with what properties are that it removes."""
        gone = [name for name in self.empty if name in subject.former and name not in subject.properties]
        values = {name: one(subject) if callable(one := self.empty[name]) else one for name in gone}
        return replace(subject, properties={**values, **subject.properties})

    def stuck(self, subject: Subject) -> list[str]:
        """The changed properties that no call of an update passes on."""
        passed = {*self.quiet, self.tags if self.tag else "", *self.replace}
        done = {name.lower() for name in passed.union(*(do.changes(subject) for do in self.update))}
        return sorted(name for name in subject.changed if name.lower() not in done)


def _has(value: Any, path: list[str]) -> bool:
    """Whether something stands at a path, in any item of the lists on it."""
    if isinstance(value, list):
        return any(_has(one, path) for one in value)
    if not path:
        return value is not None
    return isinstance(value, Mapping) and path[0] in value and _has(value[path[0]], path[1:])


def tagged_by_stack(key: str) -> Callable[[Mapping[str, Any], Subject], bool]:
    """Whether an item's tags, a map under `key`, are those of the resource."""

    def same(item: Mapping[str, Any], subject: Subject) -> bool:
        tags = item.get(key) or {}
        of = (tags.get("aws:cloudformation:stack-id"), tags.get("aws:cloudformation:logical-id"))
        return of == (subject.owner.arn, subject.logical_id)

    return same


def put(*calls: Do, **more: Any) -> Kind:
    """A type that the same calls make and change."""
    return Kind(create=calls, update=calls, **more)


def _covered(do: Do) -> set[str]:
    return {*do.on, *do.takes, *_named(do.params), *_named(do.each), *(_members(do) if do.fit else ())}


def _members(do: Do) -> set[str]:
    """The properties that a call passes on by the names of its members."""
    service, _, operation = do.call.partition(":")
    shape = load(service).operation(operation).input_shape
    return {name[:1].upper() + name[1:] for name in shape.members} - {*do.without}


def _named(said: Said) -> set[str]:
    """The properties that a description names."""
    if isinstance(said, dict):
        return set().union(*(_named(one) for one in said.values()))
    if isinstance(said, list):
        return set().union(*(_named(one) for one in said))
    if isinstance(said, str) and said.startswith("$") and said not in ("$id", "$name"):
        return {re.split(r"[^A-Za-z0-9]", said[1:])[0]}
    return set(getattr(said, "names", ()))


def value_of(said: Said, subject: Subject) -> Any:
    """What a parameter's description means for a resource; None for nothing."""
    if callable(said):
        return said(subject)
    if isinstance(said, dict):
        found = {name: value_of(one, subject) for name, one in said.items()}
        return {name: one for name, one in found.items() if one is not None} or None
    if isinstance(said, list):
        return [one for one in (value_of(one, subject) for one in said) if one is not None] or None
    if not isinstance(said, str):
        return said
    if said.startswith("@"):
        return jmespath.search(said[1:], dict(subject.answers))
    if said == "$id":
        return subject.id or None
    if said == "$name":
        return subject.name
    if said.startswith("$"):
        return jmespath.search(said[1:], dict(subject.properties))
    return said.format_map(subject.words()) if "{" in said else said


def from_s3(location: str) -> Do:
    """The object that a property names; `text_of` has what it holds."""
    named = {"Bucket": f"${location}.Bucket", "Key": f"${location}.Key", "VersionId": f"${location}.Version"}
    return Do("s3:GetObject", named, on=(location,), anew=True)


def text_of(subject: Subject, *names: str) -> str | None:
    """The first of some properties that is there, as text; else what `from_s3` has found."""
    for name in names:
        said = subject.properties.get(name)
        if said is not None:
            return as_text(said)
    found = subject.answers.get("Body")
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else found


def added(name: str, key: str = "") -> Callable[[Subject], list[Any]]:
    """The items of a list that an update adds or changes; when a resource is made, all."""

    def items(subject: Subject) -> list[Any]:
        before = subject.former.get(name) or []
        return [one for one in subject.properties.get(name) or [] if one not in before]

    return _names(items, name)


def removed(name: str, key: str = "") -> Callable[[Subject], list[Any]]:
    """The items that an update removes, told apart by `key`."""

    def items(subject: Subject) -> list[Any]:
        now = [one[key] if key else one for one in subject.properties.get(name) or []]
        return [one for one in subject.former.get(name) or [] if (one[key] if key else one) not in now]

    return _names(items, name)


def dropped(name: str) -> Callable[[Subject], list[Any]]:
    """One item where an update gives a property no more: for a call that takes it away."""
    return _names(lambda one: [name] if one.former.get(name) and not one.properties.get(name) else [], name)


def reads(*names: str) -> Callable[[Callable[[Subject], Any]], Callable[[Subject], Any]]:
    """Says which properties a function reads."""
    return lambda function: _names(function, *names)


def _names(function: Callable[[Subject], Any], *names: str) -> Callable[[Subject], Any]:
    function.names = names  # type: ignore[attr-defined]
    return function


def if_changed(name: str, said: Said) -> Callable[[Subject], Any]:
    """A parameter that is given only when its property has changed."""
    return _names(lambda subject: value_of(said, subject) if name in subject.changed else None, name)


def as_json(path: str) -> Callable[[Subject], str | None]:
    """A property as text: a policy's document may be an object or text already."""

    def text(subject: Subject) -> str | None:
        found = jmespath.search(path, dict(subject.properties))
        return found if found is None else as_text(found)

    return _names(text, path.split(".", maxsplit=1)[0])
