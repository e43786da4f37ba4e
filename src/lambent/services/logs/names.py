"""Log groups by name, ARN or identifier."""

from typing import Any

from lambent.model.scope import Scope
from lambent.services.logs.faults import invalid, unsupported


def group_arn(scope: Scope, group: str) -> str:
    """The ARN of a log group, without the ":*" that some members carry."""
    return f"arn:aws:logs:{scope.region}:{scope.account}:log-group:{group}"


def stream_arn(scope: Scope, group: str, stream: str) -> str:
    """The ARN of a log stream."""
    return f"{group_arn(scope, group)}:log-stream:{stream}"


def asked_group(scope: Scope, params: dict[str, Any]) -> str:
    """The group that `logGroupName` or `logGroupIdentifier` (a name or an ARN) asks for. Raises Fault."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if name and identifier:
        raise invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if not name and not identifier:
        raise invalid("Either logGroupName or logGroupIdentifier must be specified.")
    return str(name) if name else from_identifier(scope, str(identifier))


def from_identifier(scope: Scope, identifier: str) -> str:
    """The name in a name or an ARN; an ARN of another account or region is refused. Raises Fault."""
    if not identifier.startswith("arn:"):
        return identifier
    parts = identifier.split(":", 6)
    if len(parts) < 7 or parts[2] != "logs" or parts[5] != "log-group":
        raise invalid(f"The specified ARN is invalid: {identifier}")
    if (parts[4], parts[3]) != (scope.account, scope.region):
        raise unsupported(f"log groups of another account or region ({identifier})")
    return parts[6].removesuffix(":*")
