"""Policies as values: read once, asked often. Nothing that somebody stored makes this fail.

What can't be understood is kept as a statement with `trouble`: it never allows, and as a Deny it denies everything.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.engine.authorisation import conditions, patterns
from lambent.engine.authorisation.conditions import Condition

ACTIONS_KEPT = 256
"""Actions for which a policy remembers its statements."""


@dataclass(frozen=True, slots=True)
class Named:
    """The principals of a statement: by kind ("AWS", "Service", "Federated", "CanonicalUser") those that it names."""

    by_kind: Mapping[str, tuple[str, ...]]
    but: bool = False

    @property
    def everybody(self) -> bool:
        """`"*"` or `{"AWS": "*"}`."""
        return "*" in self.by_kind.get("AWS", ())


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `policy` is the name of its policy, `place` its number there, from 1.

    `but_actions` and `but_resources` say that it is about all but those. `has_variables` tells that its resources are
    others for every request. `raw` is as it was written.
    """

    policy: str
    place: int
    allow: bool
    sid: str = ""
    principals: Named | None = None
    actions: tuple[str, ...] = ()
    but_actions: bool = False
    resources: tuple[str, ...] = ()
    but_resources: bool = False
    conditions: tuple[Condition, ...] = ()
    trouble: str = ""
    has_variables: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """How it is told of: its Sid, or its number."""
        return f"statement {self.sid or self.place} of {self.policy}"

    def acts(self, action: str) -> bool:
        """Whether it is about an action."""
        asked = patterns.lower(action)
        return any(patterns.matches(one, asked) for one in self.actions) is not self.but_actions


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy by its name or ARN."""

    name: str
    statements: tuple[Statement, ...] = ()
    _about: dict[tuple[str, bool], tuple[Statement, ...]] = field(default_factory=dict, compare=False, repr=False)
    _keys: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    def about(self, action: str, *, allow: bool) -> tuple[Statement, ...]:
        """The statements with that effect that are about an action, or can't be understood: looked for once, as the
        same actions are asked for again and again."""
        found = self._about.get((action, allow))
        if found is None:
            if len(self._about) >= ACTIONS_KEPT:
                self._about.clear()
            found = tuple(one for one in self.statements if one.allow is allow and (one.trouble or one.acts(action)))
            self._about[action, allow] = found
        return found

    def keys(self, action: str) -> frozenset[str]:
        """The condition keys (lower case) that its statements about an action go by, as conditions or as variables."""
        found = self._keys.get(action)
        if found is None:
            if len(self._keys) >= ACTIONS_KEPT:
                self._keys.clear()
            about = (*self.about(action, allow=True), *self.about(action, allow=False))
            found = self._keys[action] = frozenset(key for one in about for key in _keys(one))
        return found


def _keys(statement: Statement) -> Iterator[str]:
    for one in statement.conditions:
        yield patterns.lower(one.key)
        for value in one.values:
            yield from patterns.variables(value)
    for resource in statement.resources if statement.has_variables else ():
        yield from patterns.variables(resource)


def read(name: str, document: Any) -> Policy:
    """A policy out of what its JSON is."""
    if not isinstance(document, Mapping):
        return Policy(name, (Statement(name, 1, False, trouble="it is no JSON object"),) if document else ())
    version = document.get("Version", "2008-10-17")
    return Policy(name, tuple(_statements(name, document.get("Statement"), variables=version == "2012-10-17")))


def _statements(name: str, said: Any, *, variables: bool) -> Iterator[Statement]:
    for place, one in enumerate(listed(said), 1):
        if isinstance(one, Mapping):
            yield _statement(name, place, one, variables)
        else:
            yield Statement(name, place, True, trouble="it is no JSON object")


def _statement(name: str, place: int, said: Mapping[str, Any], variables: bool) -> Statement:
    actions, but_actions = _element(said, "Action")
    resources, but_resources = _element(said, "Resource")
    if not variables:  # they are a matter of the newer language: in the older one they are plain text
        resources = _plain(resources)
    met, trouble = _conditions(said.get("Condition"), variables)
    if not but_actions and not actions:
        trouble = trouble or "it has no Action"
    if said.get("Effect") not in ("Allow", "Deny"):
        trouble = trouble or "its Effect is neither Allow nor Deny"
    return Statement(
        name,
        place,
        said.get("Effect") != "Deny",
        str(said.get("Sid") or ""),
        _principals(said),
        tuple(map(patterns.lower, actions)),
        but_actions,
        resources,
        but_resources,
        met,
        trouble,
        any(patterns.has_variable(one) for one in resources),
        said,
    )


def _element(said: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], bool]:
    but = name not in said and f"Not{name}" in said
    return texts(said.get(f"Not{name}" if but else name)), but


def _principals(said: Mapping[str, Any]) -> Named | None:
    for key in ("Principal", "NotPrincipal"):
        if key in said:
            value = said[key]
            by_kind: dict[str, tuple[str, ...]] = {"AWS": ("*",)} if value == "*" else {}
            if isinstance(value, Mapping):
                by_kind = {str(kind): texts(named) for kind, named in value.items()}
            return Named(by_kind, key == "NotPrincipal")
    return None


def _plain(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.replace("${", "${$}{") for one in values)


def _conditions(said: Any, variables: bool) -> tuple[tuple[Condition, ...], str]:
    """The conditions, and what is wrong with them."""
    if said is None:
        return (), ""
    if not isinstance(said, Mapping):
        return (), "its Condition is no JSON object"
    found: list[Condition] = []
    for operator, keys in said.items():
        if not isinstance(keys, Mapping):
            return (), f"its condition {operator} names no keys"
        for key, values in keys.items():
            said_values = texts(values) if variables else _plain(texts(values))
            one = conditions.read(str(operator), str(key), said_values)
            if one is None:
                return (), f"AWS has no condition operator {operator}"
            found.append(one)
    return tuple(found), ""


def texts(value: Any) -> tuple[str, ...]:
    """One text or a list of them; numbers and truth values as JSON writes them."""
    return tuple(_text(one) for one in listed(value) if isinstance(one, str | int | float))


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def listed(value: Any) -> list[Any]:
    """What may stand alone instead of in a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
