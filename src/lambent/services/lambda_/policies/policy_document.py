"""A whole policy as PutResourcePolicy takes it: what has to be so for it to be one.

Source: the grammar at https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. The texts are
wording of our own: no recorded answer shows one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from lambent.services.lambda_ import faults

_VERSIONS = ("2012-10-17", "2008-10-17")
_MEMBERS = frozenset({"Version", "Id", "Statement"})
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_ONE_OF = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))


def parse(sent: str, arn: str) -> dict[str, Any]:
    """The policy in `sent`, for the resource `arn`. Raises 400."""
    try:
        policy = orjson.loads(sent)
    except orjson.JSONDecodeError as error:
        raise _malformed("it is not valid JSON") from error
    fault = next(_broken(policy, arn), None)
    if fault is not None:
        raise _malformed(fault)
    return dict(policy)


def _broken(policy: Any, arn: str) -> Iterator[str]:
    if not isinstance(policy, dict):
        yield "it is not an object"
        return
    yield from (f"it has a member {name!r}" for name in policy.keys() - _MEMBERS)
    if policy.get("Version") not in (None, *_VERSIONS):
        yield f"its Version is not one of {', '.join(_VERSIONS)}"
    said = policy.get("Statement")
    statements = said if isinstance(said, list) else [said]
    if not statements:
        yield "it has no Statement"
    for statement in statements:
        yield from _broken_statement(statement, arn)
    sids = [str(one["Sid"]) for one in statements if isinstance(one, dict) and "Sid" in one]
    if len(sids) != len(set(sids)):
        yield "two statements have one Sid"


def _broken_statement(statement: Any, arn: str) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "a Statement is not an object"
        return
    yield from (f"a statement has an element {name!r}" for name in statement.keys() - _ELEMENTS)
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "the Effect of a statement is neither Allow nor Deny"
    for names in _ONE_OF:
        if sum(name in statement for name in names) != 1:
            yield f"a statement needs one of {' and '.join(names)}"
    if not isinstance(statement.get("Condition", {}), Mapping):
        yield "a Condition is not an object"
    if not all(_fits(resource, arn) for resource in _listed(statement.get("Resource", []))):
        yield f"the Resource of a statement is not {arn}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fits(resource: Any, arn: str) -> bool:
    """A statement is about the resource that has the policy, or by a wildcard about its versions and aliases."""
    if not isinstance(resource, str):
        return False
    return resource in ("*", arn) or (resource.startswith(arn) and resource.endswith("*"))


def _malformed(why: str) -> Exception:
    return faults.invalid(f"The policy is malformed: {why}.")
