"""Which buses, rules, archives, replays, connections and API destinations there are."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lambent.buses import errors, names
from lambent.model.scope import Scope
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import Resource, Resources

BUS = "events-bus"
RULE = "events-rule"
ARCHIVE = "events-archive"
REPLAY = "events-replay"
CONNECTION = "events-connection"
DESTINATION = "events-api-destination"
"""The kinds of their records. A rule's parent is its bus."""
DISABLED = "DISABLED"
ATTEMPTS = 100
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A rule as its record has it, with its pattern read."""

    resource: Resource = field(repr=False)

    @property
    def scope(self) -> Scope:
        """Its account and region."""
        return self.resource.scope

    @property
    def bus(self) -> str:
        """The name of its bus."""
        return self.resource.parent

    @property
    def name(self) -> str:
        """Its name."""
        return self.resource.name

    @property
    def document(self) -> Document:
        """What the record says."""
        return self.resource.document

    @cached_property
    def arn(self) -> str:
        """Its ARN."""
        return names.rule_arn(self.scope, self.bus, self.name)

    @cached_property
    def pattern(self) -> Document | None:
        """What events it is for, None for none."""
        text = self.document["pattern"]
        return json.loads(text) if text else None

    @property
    def schedule(self) -> str:
        """When it fires, "" for never."""
        return str(self.document["schedule"])

    @property
    def enabled(self) -> bool:
        """Whether it does anything."""
        return bool(self.document["state"] != DISABLED)

    @property
    def targets(self) -> list[dict[str, Any]]:
        """As PutTargets has them."""
        return list(self.document["targets"])


class Registry:
    """The records. `new_id` makes revisions (UUIDs), `now` answers seconds since 1970."""

    def __init__(self, resources: Resources, new_id: Callable[[], str], now: Callable[[], float]) -> None:
        self._resources = resources
        self._new_id = new_id
        self._now = now
        self._rules: dict[tuple[Scope, str, str], Rule] = {}

    # --- buses

    def bus(self, scope: Scope, name: str) -> Document:
        """A bus; the default one is always there. Raises BusError."""
        found = self._resources.get(BUS, scope, "", name)
        if found is not None:
            return found.document
        if name == names.DEFAULT:
            return {"created": None, "tags": {}, "policy": {}}
        raise errors.no_bus(name)

    def has_bus(self, scope: Scope, name: str) -> bool:
        """Whether there is such a bus."""
        return name == names.DEFAULT or self._resources.get(BUS, scope, "", name) is not None

    def buses(self, scope: Scope) -> list[tuple[str, Document]]:
        """All buses of an account and region by name."""
        found = {one.name: one.document for one in self._resources.all(BUS, scope)}
        return sorted({names.DEFAULT: self.bus(scope, names.DEFAULT), **found}.items())

    async def change_bus(self, scope: Scope, name: str, change: Callable[[Document], Document]) -> Document:
        """Put what `change` answers into a bus' record. Raises BusError, StoreError."""
        self.bus(scope, name)
        if self._resources.get(BUS, scope, "", name) is None:
            with contextlib.suppress(RecordExists):  # somebody was faster
                await self.add(BUS, scope, name, self.bus(scope, name))
        return await self.change(BUS, scope, name, lambda found: {**change(found), "modified": self._now()})

    # --- rules

    def find_rule(self, scope: Scope, bus: str, name: str) -> Rule | None:
        """A rule, or None."""
        found = self._resources.get(RULE, scope, bus, name)
        return None if found is None else self._read(found)

    def rule(self, scope: Scope, bus: str, name: str) -> Rule:
        """A rule. Raises BusError."""
        self.bus(scope, bus)
        found = self.find_rule(scope, bus, name)
        if found is None:
            raise errors.no_rule(name, bus)
        return found

    def rules(self, scope: Scope, bus: str) -> list[Rule]:
        """All rules of a bus by name."""
        return [self._read(one) for one in self._resources.children(RULE, scope, bus)]

    def all_rules(self) -> Iterator[Rule]:
        """The rules of all buses of all accounts."""
        return (self._read(one) for one in self._resources if one.kind == RULE)

    def _read(self, resource: Resource) -> Rule:
        key = resource.scope, resource.parent, resource.name
        known = self._rules.get(key)
        if known is None or known.resource is not resource:
            known = self._rules[key] = Rule(resource)
        return known

    # --- what all have in common

    def find(self, kind: str, scope: Scope, name: str, parent: str = "") -> Document | None:
        """The document of something, or None."""
        found = self._resources.get(kind, scope, parent, name)
        return None if found is None else found.document

    def uniquely(self, kind: str, scope: Scope, resource: str) -> Document | None:
        """A connection or API destination by the last part of its ARN, with the uid that it was made with."""
        name, _, uid = resource.partition("/")[2].partition("/")
        found = self.find(kind, scope, name)
        return found if found is not None and found["uid"] == uid else None

    def all(self, kind: str, scope: Scope) -> list[tuple[str, Document]]:
        """All of a kind of an account and region by name."""
        return [(one.name, one.document) for one in self._resources.all(kind, scope)]

    def everywhere(self, kind: str) -> list[tuple[Scope, str, Document]]:
        """All of a kind."""
        return [(one.scope, one.name, one.document) for one in self._resources if one.kind == kind]

    async def add(self, kind: str, scope: Scope, name: str, document: Document, parent: str = "") -> Document:
        """Something new. Raises RecordExists, StoreError."""
        made = Resource(kind, scope, parent, name, self._new_id(), dict(document))
        await self._resources.insert(made)
        return made.document

    async def change(
        self, kind: str, scope: Scope, name: str, change: Callable[[Document], Document], parent: str = ""
    ) -> Document:
        """Put what `change` answers into the document as it then is. Raises BusError when it is gone, StoreError."""
        for _ in range(ATTEMPTS):
            found = self._resources.get(kind, scope, parent, name)
            if found is None:
                break
            changed = found.changed(self._new_id(), {**found.document, **change(found.document)})
            try:
                await self._resources.replace(found, changed)
            except RecordChanged:
                continue
            return changed.document
        raise errors.not_found(f"{name} does not exist.")

    async def remove(self, kind: str, scope: Scope, name: str, parent: str = "") -> bool:
        """Delete it; False if it is not there. Raises StoreError."""
        self._rules.pop((scope, parent, name), None)
        return await self._resources.discard(Resource(kind, scope, parent, name, "", {}))
