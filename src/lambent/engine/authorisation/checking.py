"""What AWS refuses to store as a policy: MalformedPolicyDocument, with its text.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and, for sizes,
reference_iam-quotas.html. The texts are as callers of AWS report them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambent.engine.authorisation import conditions
from lambent.engine.authorisation.document import listed, texts

SYNTAX = "Syntax errors in policy."
SESSION_BYTES = 2_048
"""A session's policy, in characters."""
_TOP = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_ACTION = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")


def wrong(text: str, *, resource: bool = False) -> str:
    """What AWS says against a policy; "" for one that it takes. `resource` for policies that name principals."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return SYNTAX
    return next(_faults(document, resource), "")


def _faults(document: Any, resource: bool) -> Iterator[str]:
    if not isinstance(document, Mapping) or not document.keys() <= _TOP:
        yield SYNTAX
        return
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        yield "The policy must contain a valid version string"
    statements = listed(document.get("Statement"))
    if not statements:
        yield "Policy statement must contain actions." if "Statement" not in document else SYNTAX
    sids = [one.get("Sid") for one in statements if isinstance(one, Mapping) and one.get("Sid")]
    if len(sids) != len(set(map(str, sids))):
        yield "Statement IDs (SID) in a single policy must be unique."
    for one in statements:
        yield from _statement(one, resource)


def _statement(one: Any, resource: bool) -> Iterator[str]:
    if not isinstance(one, Mapping) or not one.keys() <= _STATEMENT or one.get("Effect") not in ("Allow", "Deny"):
        yield SYNTAX
        return
    if ("Action" in one) is ("NotAction" in one):
        yield "Policy statement must contain actions." if "Action" not in one else SYNTAX
    for action in texts(one.get("Action", one.get("NotAction"))):
        if action != "*" and not _ACTION.fullmatch(action):
            yield "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    has_principal = "Principal" in one or "NotPrincipal" in one
    if has_principal and not resource:
        yield "Policy document should not specify a principal."
    if resource and not has_principal:
        yield "Missing required field Principal"
    if not resource:
        yield from _resources(one)
    yield from _conditions(one.get("Condition"))


def _resources(one: Mapping[str, Any]) -> Iterator[str]:
    if ("Resource" in one) is ("NotResource" in one):
        yield "Policy statement must contain resources." if "Resource" not in one else SYNTAX
    for named in texts(one.get("Resource", one.get("NotResource"))):
        if named != "*" and not named.startswith(("arn:", "*")):
            yield f'Resource {named} must be in ARN format or "*".'


def _conditions(said: Any) -> Iterator[str]:
    if said is None:
        return
    if not isinstance(said, Mapping):
        yield SYNTAX
        return
    for operator, keys in said.items():
        if not isinstance(keys, Mapping):
            yield SYNTAX
        elif conditions.read(str(operator), "aws:any", ()) is None:
            yield f"Invalid Condition type : {operator}."
