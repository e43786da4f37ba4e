"""The picture: stacks with resources, functions with what drives them, what they may do, and their code."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.pitfalls.facts.tree import UNKNOWN, Map, Ref, Span, Text, Unknown, known, refs, whole
from lambent.pitfalls.facts.unread import Unread


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands. `path` is relative to the project; lines from 1."""

    path: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One setting and where it stands. None: not set, so AWS's default holds; Unknown: it can't be known."""

    value: Any
    place: Place

    @property
    def absent(self) -> bool:
        """Whether it is certainly not set."""
        return self.value is None

    @property
    def number(self) -> int | None:
        """The whole number that it is; None when unset or unknown."""
        return whole(self.value)

    @property
    def unknown(self) -> bool:
        """Whether it is set to what can't be known."""
        return not known(self.value)


@dataclass(slots=True, eq=False)
class Resource:
    """A resource in CloudFormation's words, whatever it was written in. `open`: some settings can't be read."""

    id: str
    type: str
    properties: Map
    path: str
    span: Span
    open: bool = False
    extra: Map = field(default_factory=Map)
    """What stands beside the properties: DeletionPolicy, DependsOn, Metadata."""

    @property
    def place(self) -> Place:
        """Its own key."""
        return Place(self.path, *self.span)

    def fact(self, *keys: str) -> Fact:
        """A property by its path; an absent one stands at the deepest key that is there."""
        value: Any = self.properties
        span = self.span
        for key in keys:
            if isinstance(value, Unknown):
                return Fact(UNKNOWN, Place(self.path, *span))
            if not isinstance(value, Map) or key not in value:
                gone = UNKNOWN if self.open or _function(value) else None
                return Fact(gone, Place(self.path, *span))
            span = value.at.get(key, span)
            value = value[key]
        return Fact(value, Place(self.path, *span))

    def at(self, span: Span) -> Place:
        """A span of this resource's file."""
        return Place(self.path, *span)


def _function(value: Any) -> bool:
    """Whether a value is what a function (Fn::If, …) would make, or text where a map is meant."""
    return not isinstance(value, Map) or any(key.startswith("Fn::") for key in value)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What drives a function. `source` names it (Ref, ARN, Unknown); `settings` are the mapping's or event's own."""

    kind: str
    source: Any
    resource: Resource
    place: Place
    settings: Map
    alias: bool = False
    """Whether it goes to an alias rather than to the function itself."""

    def fact(self, key: str) -> Fact:
        """A setting of the mapping."""
        if key not in self.settings:
            return Fact(UNKNOWN if _function(self.settings) else None, self.place)
        return Fact(self.settings[key], Place(self.place.path, *self.settings.at.get(key, self.settings.span)))


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a role's policy. Parts of actions and resources may be Ref, Text, Unknown."""

    allow: bool
    actions: tuple[Any, ...]
    resources: tuple[Any, ...]
    place: Place
    conditional: bool = False


@dataclass(slots=True, eq=False)
class Function:
    """A function. What can't be known is Unknown, what is not set is None in its Fact."""

    id: str
    resource: Resource
    stack: "Stack"
    triggers: list[Trigger] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    permissions_known: bool = False
    """Whether `statements` is all that the role may do."""
    code: Any = None
    """`python.Package` or None: not read, or not there."""
    node: Any = None
    """`node.NodePackage` of JavaScript; it is `code` while rules look that know of it."""
    listed: bool = True
    """False for a handler that no template names: only what its code says is known."""

    def fact(self, *keys: str) -> Fact:
        """A property of the function, in CloudFormation's words."""
        return self.resource.fact(*keys)

    @property
    def place(self) -> Place:
        """Where it is declared."""
        return self.resource.place

    @property
    def timeout(self) -> int | None:
        """Seconds; 3 when not set, None when unknown."""
        fact = self.fact("Timeout")
        return 3 if fact.absent else fact.number

    def driven_by(self, *kinds: str) -> list[Trigger]:
        """Its triggers of some kinds."""
        return [trigger for trigger in self.triggers if trigger.kind in kinds]

    @property
    def environment(self) -> Map:
        """The variables of the environment, as far as they can be read."""
        value = self.fact("Environment", "Variables").value
        return value if isinstance(value, Map) else Map(self.resource.span)


@dataclass(slots=True, eq=False)
class _Index:
    """What a stack is often asked for, as long as it has as many resources and functions."""

    counts: tuple[int, int] = (-1, -1)
    types: dict[str, list[Resource]] = field(default_factory=dict)
    extras: set[str] = field(default_factory=set)
    functions: dict[int, Function] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Stack:
    """What is deployed together: one template, one Terraform folder, one serverless.yml."""

    path: str
    kind: str
    resources: dict[str, Resource] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    parameters: Map = field(default_factory=Map)
    aliases: dict[str, str] = field(default_factory=dict)
    """Other names of resources: the logical ids that a framework gives to functions."""
    open: bool = False
    """Whether resources are there that can't be seen (modules, macros, nested stacks, plugins)."""
    shared: Map = field(default_factory=Map)
    """What a SAM template says of all its resources of a kind, in Globals."""
    region: str | None = None
    """Where it is deployed, if that is written down."""
    unread: list[str] = field(default_factory=list)
    """What of it can't be read, to be told."""
    _index: _Index = field(default_factory=_Index)

    def of(self, *types: str) -> Iterator[Resource]:
        """Resources of some types."""
        known = self._indexed().types
        return (one for type_ in types for one in known.get(type_, ()))

    @property
    def types(self) -> Iterable[str]:
        """The types that there are."""
        return self._indexed().types

    @property
    def extras(self) -> set[str]:
        """What stands beside the properties of any resource."""
        return self._indexed().extras

    def _indexed(self) -> _Index:
        counts = (len(self.resources), len(self.functions))
        if self._index.counts != counts:
            made = _Index(counts, functions={id(one.resource): one for one in self.functions})
            for resource in self.resources.values():
                made.types.setdefault(resource.type, []).append(resource)
                made.extras.update(resource.extra)
            self._index = made
        return self._index

    def of_all(self) -> Iterator[Resource]:
        """All resources."""
        return iter(self.resources.values())

    def target(self, value: Any) -> Resource | None:
        """The resource of this stack that a value names."""
        for ref in refs(value):
            name = self.aliases.get(ref.id, ref.id)
            if name in self.resources:
                return self.resources[name]
        return self._named(value) if isinstance(value, str) else None

    def _named(self, value: str) -> Resource | None:
        if value in self.resources:
            return self.resources[value]
        last = value.rpartition(":")[2].rpartition("/")[2]
        for resource in self.resources.values():
            for key in ("QueueName", "TopicName", "TableName", "BucketName", "FunctionName", "Name"):
                if resource.properties.get(key) == last and last:
                    return resource
        return None

    def function(self, value: Any) -> tuple[Function | None, bool]:
        """The function that a value names, and whether through an alias or version of it."""
        resource = self.target(value)
        qualified = isinstance(value, Text) and any(
            isinstance(part, str) and part.startswith(":") and len(part) > 1 for part in value.parts[1:]
        )
        if resource is not None and resource.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            resource, qualified = self.target(resource.properties.get("FunctionName")), True
        if isinstance(value, Ref) and value.attribute in ("Alias", "Version"):
            qualified = True
        return (self._indexed().functions.get(id(resource)) if resource is not None else None), qualified


@dataclass(slots=True)
class Project:
    """Everything that was read."""

    root: Path
    stacks: list[Stack] = field(default_factory=list)
    not_read: list[Unread] = field(default_factory=list)
    files: Any = None
    """`discovery.Files`: what lies in the project."""

    @property
    def functions(self) -> Iterator[Function]:
        """All functions, stack by stack."""
        return (function for stack in self.stacks for function in stack.functions)

    @contextmanager
    def with_node(self) -> Iterator[None]:
        """While it lasts functions of JavaScript have code, too."""
        shown = [function for function in self.functions if function.node is not None]
        for function in shown:
            function.code = function.node
        try:
            yield
        finally:
            for function in shown:
                function.code = None
