"""Resources of another account of services whose resources have no policies: nothing could open them.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/security_iam_service-with-iam.html (no resource-based
policies), https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html (the log group's account is the machine's).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambent.permissions.refusals import refusal
from lambent.wire.fault import Fault
from lambent.wire.service import Service

CLOSED = {"stepfunctions": "states"}
"""Services (botocore's names), and what they are called in ARNs and actions."""
NO_GROUP = "The state machine IAM Role is not authorized to access the Log Destination"
_ARN = re.compile(r"arn:[\w-]+:([\w-]+):[^:]*:(\d{12}):.+", re.DOTALL)


def check(service: Service, operation: str, params: Mapping[str, Any], account: str, who: str) -> None:
    """Raises Fault in AWS's words where a request of `who` names what is another account's."""
    name = CLOSED.get(service.name)
    if name is None:
        return
    for value in params.values():
        if _is_anothers(value, name, account):
            action = f"{name}:{operation}"
            text = f"User: {who} is not authorized to perform: {action} on resource: {value}"
            raise refusal(service, f"{text} because no resource-based policy allows the {action} action")
    if any(_is_anothers(group, "logs", account) for group in _log_groups(params)):
        raise Fault("AccessDeniedException", NO_GROUP, status=400)


def _is_anothers(value: object, service: str, account: str) -> bool:
    found = _ARN.fullmatch(value) if isinstance(value, str) else None
    return found is not None and found[1] == service and found[2] != account


def _log_groups(params: Mapping[str, Any]) -> Iterator[object]:
    for one in (params.get("loggingConfiguration") or {}).get("destinations") or ():
        yield ((one or {}).get("cloudWatchLogsLogGroup") or {}).get("logGroupArn")
