"""Roles that a request passes to a service: which those are, and that they are of the caller's own account.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html ("only to a service that shares the
same AWS account"); the text as callers of Lambda, Scheduler, Pipes, CloudFormation and CodeDeploy have reported it, and
those of CloudWatch Logs its own. What API Gateway is passed, it checks itself, with a code of its own.
"""

import re
from collections.abc import Mapping
from typing import Any

import jmespath

from lambent.permissions import reference
from lambent.permissions.refusals import refusal
from lambent.wire.service import Service

ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")
_TEXTS = {"logs": "Cross-account role passing is not allowed."}
_TEXT = "Cross-account pass role is not allowed."


def passed(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """The ARNs of the roles, as they were sent."""
    path = reference.exceptions()["passes"].get(service, {"roles": {}})["roles"].get(operation)
    found = jmespath.search(path, params) if path else None
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str) and one]


def check(service: Service, operation: str, params: Mapping[str, Any], account: str) -> None:
    """Raises Fault for a role of another account; a text that is no role's ARN is the operation's to judge."""
    if "checks" in reference.exceptions()["passes"].get(service.name, {}):
        return
    for role in passed(service.name, operation, params):
        found = ROLE.fullmatch(role)
        if found is not None and found[1] != account:
            raise refusal(service, _TEXTS.get(service.name, _TEXT))
