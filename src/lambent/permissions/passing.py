"""Roles that a request passes to a service: which those are, and that they are of the caller's own account.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html ("only to a service that shares the
same AWS account"); the text as callers of Lambda, Scheduler, Pipes, CloudFormation and CodeDeploy have reported it, and
those of CloudWatch Logs its own. What API Gateway is passed, it checks itself, with a code of its own.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jmespath

from lambent.model.door import CALLERS
from lambent.permissions import reference
from lambent.permissions.refusals import refusal
from lambent.wire import openapi_text
from lambent.wire.service import Service

ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")
CREDENTIALS = ("credentials", "authorizerCredentials")
"""What they are called there."""
_TEXTS = {"logs": "Cross-account role passing is not allowed."}
_TEXT = "Cross-account pass role is not allowed."


def passed(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """The ARNs of the roles, as they were sent."""
    known = reference.exceptions()["passes"].get(service, {"roles": {}})
    document = known.get("documents", {}).get(operation)
    if document:
        return list(dict.fromkeys(_in_document(params.get(document))))
    path = known["roles"].get(operation)
    found = jmespath.search(path, params) if path else None
    said = found if isinstance(found, list) else [found]
    return [one for one in said if isinstance(one, str) and one not in ("", CALLERS)]


def _in_document(text: Any) -> Iterator[str]:
    """The roles of integrations and authorizers in an API's definition, wherever a reference may find them; none in
    what the operation refuses to read."""
    try:
        left = [openapi_text.read(text.encode() if isinstance(text, str) else bytes(text or b""))]
    except ValueError:
        return
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield from (one[name] for name in CREDENTIALS if ROLE.fullmatch(str(one.get(name))))
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()


def check(service: Service, operation: str, params: Mapping[str, Any], account: str) -> None:
    """Raises Fault for a role of another account; a text that is no role's ARN is the operation's to judge."""
    if "checks" in reference.exceptions()["passes"].get(service.name, {}):
        return
    for role in passed(service.name, operation, params):
        found = ROLE.fullmatch(role)
        if found is not None and found[1] != account:
            raise refusal(service, _TEXTS.get(service.name, _TEXT))
