"""Stacks, their resources, events and change sets, as values that are written down as documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Self

from lambent.model.acting import Acting
from lambent.model.scope import Scope

SERVICE = "cloudformation.amazonaws.com"


@cache
def _names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(cls))


class Document:
    """What is kept under its own field names. Values and documents share what they hold: nobody changes it."""

    @classmethod
    def from_document(cls, said: Mapping[str, Any]) -> Self:
        """The value that a document holds; members of newer versions are passed over."""
        return cls(**{name: said[name] for name in _names(cls) if name in said})  # type: ignore[arg-type]

    def document(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {name: getattr(self, name) for name in _names(type(self))}  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Goal(Document):
    """What a stack is to be: a template with what is given for it.

    `template` is the text as it was sent, `processed` what its transforms made of it ("" when there are none).
    `parameters` are texts, `fetched` what parameters of SSM held. `rollback` is
    the RollbackConfiguration as it was given.
    """

    template: str
    processed: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    fetched: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notifications: list[str] = field(default_factory=list)
    role: str = ""
    rollback: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stack(Document):
    """One stack; times are seconds since 1970, 0 for never. `former` is the goal before the update under way, `actor`
    in whose name that is done: kept until it is over. `during` is the policy that counts for the update under way.
    `operations` are what was asked last and what followed of itself, newest first: (id, type). `except_on_create` lets
    a rollback delete what it had made, even what is to be retained."""

    uid: str
    name: str
    account: str
    region: str
    status: str
    created: float
    goal: dict[str, Any]
    former: dict[str, Any] | None = None
    reason: str = ""
    updated: float = 0.0
    deleted: float = 0.0
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    protected: bool = False
    minutes: int = 0
    policy: str = ""
    during: str = ""
    parent: str = ""
    root: str = ""
    token: str = ""
    description: str = ""
    change_set: str = ""
    outputs: list[dict[str, str]] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    retained: list[str] = field(default_factory=list)
    forced: bool = False
    actor: dict[str, Any] = field(default_factory=dict)
    operations: list[list[str]] = field(default_factory=list)
    alias: str = ""
    except_on_create: bool = False
    deployment: dict[str, Any] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        """The id of what is under way, or was last; "" for a stack in which nothing was done yet."""
        return self.operations[0][0] if self.operations else ""

    @property
    def operation_type(self) -> str:
        """The type of the same."""
        return self.operations[0][1] if self.operations else ""

    @property
    def by(self) -> Acting:
        """In whose name what is under way is done: the account's own for what has no actor."""
        return Acting.from_document(self.actor) if self.actor else Acting(SERVICE, self.account)

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(self.account, self.region)

    @property
    def arn(self) -> str:
        """The stack's id."""
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{self.name}/{self.uid}"

    @property
    def target(self) -> Goal:
        """What it is to be."""
        return Goal.from_document(self.goal)


@dataclass(frozen=True, slots=True)
class StackResource(Document):
    """A resource of a stack.

    `properties` are those that were applied, `attributes` what Fn::GetAtt gives, `needs` the resources it was made
    after. `before` is the record from before the update under way ({} for one that is new); `garbage` are physical
    resources that were replaced and are still to be deleted.
    """

    logical_id: str
    type: str
    status: str
    updated: float
    physical_id: str = ""
    name: str = ""
    ref: str = ""
    reason: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    deletion_policy: str = ""
    replace_policy: str = ""
    metadata: Any = None
    before: dict[str, Any] | None = None
    garbage: list[dict[str, Any]] = field(default_factory=list)
    creation_policy: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    update_policy: dict[str, Any] = field(default_factory=dict)

    @property
    def is_made(self) -> bool:
        """Whether there is something to delete: what has failed before it had an id may be somebody else's."""
        return bool(self.physical_id)


@dataclass(frozen=True, slots=True)
class Event(Document):
    """One line of a stack's history. `kind` is the type of the operation."""

    id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    at: float
    reason: str = ""
    properties: str = ""
    token: str = ""
    operation: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet(Document):
    """What would be done to a stack. `operation` is the id of its making, `imports` whether it was to import."""

    uid: str
    name: str
    stack: str
    kind: str
    created: float
    goal: dict[str, Any]
    status: str = "CREATE_COMPLETE"
    execution: str = "AVAILABLE"
    reason: str = ""
    description: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    disable_rollback: bool = False
    on_failure: str = ""
    nested: bool = False
    token: str = ""
    operation: str = ""
    imports: bool = False
    deployment: dict[str, Any] = field(default_factory=dict)
