"""Stack policies: which of a stack's resources an update may change, replace or delete.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import fnmatch
import functools
import json
from collections.abc import Mapping
from typing import Any

from lambent.deploy.errors import TemplateInvalid

MODIFY, REPLACE, DELETE = "Update:Modify", "Update:Replace", "Update:Delete"
MOST_BYTES = 16_384
"""Of a policy (StackPolicyBody)."""


@functools.lru_cache(maxsize=64)
def read(text: str) -> list[Mapping[str, Any]]:
    """The statements of a policy, which every resource of a stack asks for. Raises TemplateInvalid for what is none."""
    try:
        said = json.loads(text)
        found = said["Statement"]
        statements = found if isinstance(found, list) else [found]
        good = all(_is_statement(one) for one in statements)
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise TemplateInvalid("Error validating stack policy: Invalid stack policy")
    return statements


def denial(text: str, action: str, logical_id: str, type_name: str) -> str:
    """Why a policy ("" for none) does not let an update do something with a resource; "" if it does."""
    if not text:
        return ""
    resource, allowed = f"LogicalResourceId/{logical_id}", False
    for number, one in enumerate(read(text), 1):
        if not _applies(one, action, resource, type_name):
            continue
        if one["Effect"] == "Deny":
            said = one.get("Action", one.get("NotAction"))
            actions = ", ".join(said if isinstance(said, list) else [said])
            said = f"Statement [#{number}] does not allow [{actions}] for resource [{resource}]"
            return f"Action denied by stack policy: {said}"
        allowed = True
    return (
        ""
        if allowed
        else f"Action not allowed by stack policy: no statement allows [{action}] for resource [{resource}]"
    )


def _is_statement(one: Any) -> bool:
    if not isinstance(one, dict) or one.get("Effect") not in ("Allow", "Deny"):
        return False
    return all(_texts(one.get(name, one.get(f"Not{name}"))) for name in ("Action", "Resource"))


def _texts(said: Any) -> bool:
    items = said if isinstance(said, list) else [said]
    return bool(items) and all(isinstance(one, str) for one in items)


def _applies(one: Mapping[str, Any], action: str, resource: str, type_name: str) -> bool:
    return _names(one, "Action", action) and _names(one, "Resource", resource) and _holds(one, type_name)


def _names(one: Mapping[str, Any], what: str, value: str) -> bool:
    if what in one:
        return _matches(one[what], value)
    return not _matches(one[f"Not{what}"], value)


def _matches(said: Any, value: str) -> bool:
    return any(fnmatch.fnmatchcase(value, one) for one in (said if isinstance(said, list) else [said]))


def _holds(one: Mapping[str, Any], type_name: str) -> bool:
    """Conditions know `ResourceType` alone, with StringEquals and StringLike."""
    for operator, keys in (one.get("Condition") or {}).items():
        said = keys.get("ResourceType") if isinstance(keys, dict) else None
        items = said if isinstance(said, list) else [said]
        found = type_name in items if operator == "StringEquals" else _matches([str(one) for one in items], type_name)
        if not found:
            return False
    return True
