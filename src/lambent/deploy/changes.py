"""What an update would do: the changes of a change set.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lambent.deploy.blueprint import LATER, Blueprint
from lambent.deploy.stack import StackResource
from lambent.deploy.template.masking import masked
from lambent.deploy.template.references import references
from lambent.deploy.template.template import ResourceSpec

CreateOnly = Callable[[str, frozenset[str]], bool]
"""Whether a change of these properties of a type makes another resource."""


def changes(made: Mapping[str, StackResource], blueprint: Blueprint, replaces: CreateOnly) -> list[dict[str, Any]]:
    """Every change; what is removed comes last."""
    alive = {name: one for name, one in made.items() if one.physical_id and one.status != "DELETE_COMPLETE"}
    wanted = blueprint.wanted
    found: dict[str, dict[str, Any]] = {}
    known = dict(alive)
    for name in _ordered(blueprint):
        spec = wanted[name]
        change = (
            _added(spec, blueprint, known)
            if name not in alive
            else _modified(alive[name], spec, blueprint, known, replaces)
        )
        if change is not None:
            found[name] = change
            if change.get("Replacement", "True") == "True":
                known.pop(name, None)
    gone = [_removed(one) for name, one in alive.items() if name not in wanted]
    return [{"Type": "Resource", "ResourceChange": one} for one in [*found.values(), *gone]]


def _ordered(blueprint: Blueprint) -> list[str]:
    graph, order = blueprint.graph, list[str]()
    while len(order) < len(graph):
        order += [name for name, needs in graph.items() if name not in order and needs <= set(order)]
    return order


def _context(properties: Mapping[str, Any], metadata: Any, policies: tuple[Any, Any]) -> dict[str, Any]:
    """A resource as the change set shows it before or after: what the template says of it, with its values."""
    said = {"Properties": properties, "Metadata": metadata}
    said |= {"DeletionPolicy": policies[0] or None, "UpdateReplacePolicy": policies[1] or None}
    return {name: one for name, one in said.items() if one}


def _before(one: StackResource) -> dict[str, Any]:
    return _context(one.properties, one.metadata, (one.deletion_policy, one.replace_policy))


def _after(spec: ResourceSpec, properties: Mapping[str, Any]) -> dict[str, Any]:
    return _context(properties, spec.metadata, (spec.deletion_policy, spec.update_replace_policy))


def _added(spec: ResourceSpec, blueprint: Blueprint, known: Mapping[str, StackResource]) -> dict[str, Any]:
    return {
        "AfterContext": _after(spec, blueprint.value(dict(spec.properties), known, later=True) or {}),
        "Action": "Add",
        "LogicalResourceId": spec.logical_id,
        "ResourceType": spec.type,
        "Scope": [],
        "Details": [],
    }


def _removed(one: StackResource) -> dict[str, Any]:
    policy = {"PolicyAction": "Retain"} if one.deletion_policy == "Retain" else {"PolicyAction": "Delete"}
    return {
        **policy,
        "BeforeContext": _before(one),
        "Action": "Remove",
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "Scope": [],
        "Details": [],
    }


def _modified(
    one: StackResource,
    spec: ResourceSpec,
    blueprint: Blueprint,
    known: Mapping[str, StackResource],
    replaces: CreateOnly,
) -> dict[str, Any] | None:
    properties = blueprint.value(dict(spec.properties), known, later=True) or {}
    names = sorted(name for name in {*properties, *one.properties} if properties.get(name) != one.properties.get(name))
    scope = (["Properties"] if names else []) + (["Metadata"] if spec.metadata != one.metadata else [])
    if not scope:
        return None
    whole = replaces(spec.type, frozenset(names))
    details = [_detail(name, spec, properties, one.properties, replaces) for name in names]
    maybe = any(one["Evaluation"] == "Dynamic" for one in details)
    replacement = ("Conditional" if maybe and not _static(details) else "True") if whole else "False"
    return {
        "Action": "Modify",
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id,
        "ResourceType": one.type,
        "Replacement": replacement,
        "Scope": scope,
        "Details": details,
        "BeforeContext": _before(one),
        "AfterContext": _after(spec, properties),
        **({"PolicyAction": "ReplaceAndDelete"} if replacement == "True" else {}),
    }


def _static(details: list[dict[str, Any]]) -> bool:
    return any(one["Evaluation"] == "Static" and one["Target"]["RequiresRecreation"] == "Always" for one in details)


def _detail(
    name: str,
    spec: ResourceSpec,
    properties: Mapping[str, Any],
    former: Mapping[str, Any],
    replaces: CreateOnly,
) -> dict[str, Any]:
    later = LATER in str(properties.get(name))
    entity = next(iter(references(spec.properties.get(name))), "")
    found: dict[str, Any] = {
        "Target": {
            "Attribute": "Properties",
            "Name": name,
            "RequiresRecreation": "Always" if replaces(spec.type, frozenset({name})) else "Never",
            **_values(name, former, properties),
        },
        "Evaluation": "Dynamic" if later else "Static",
        "ChangeSource": "ResourceReference" if later else "DirectModification",
    }
    return {**found, "CausingEntity": entity} if later and entity else found


def _values(name: str, former: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a property was and is to be."""
    kind = "Modify" if name in former and name in properties else "Add" if name in properties else "Remove"
    found = {"Path": f"/Properties/{name}", "AttributeChangeType": kind}
    both = (("BeforeValue", former), ("AfterValue", properties))
    return found | {member: said[name] for member, said in both if name in said}


VALUES = frozenset({"BeforeContext", "AfterContext", "BeforeValue", "AfterValue"})
"""What is text in answers."""
DETAILED = VALUES | {"Path", "AttributeChangeType"}
"""What is shown with IncludePropertyValues alone."""


def plain(changes: Any) -> Any:
    """A change set's changes without the values of properties."""
    return _each(changes, lambda name, value: None if name in DETAILED else value)


def detailed(changes: Any, secrets: Iterable[str]) -> Any:
    """The same with those values, as text; secrets are stars."""
    return _each(changes, lambda name, value: _text(masked(value, secrets)) if name in VALUES else value)


def _each(value: Any, turn: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, list):
        return [_each(one, turn) for one in value]
    if not isinstance(value, dict):
        return value
    turned = {name: (turn(name, one), one) for name, one in value.items()}
    return {name: _each(new, turn) if new is old else new for name, (new, old) in turned.items() if new is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)
