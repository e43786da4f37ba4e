"""What was asked, in the shape of CloudTrail's records, and what every role did: in memory, and bounded.

A record is made when somebody wants to see it; a request only leaves a few values.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import hashlib
import json
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from lambent.engine.authorisation.principals import Principal
from lambent.model.scope import Caller
from lambent.model.trace import root_in
from lambent.permissions import callers
from lambent.wire.service import Service

BOUND = 10_000
"""Calls, denials and (role, action, resource) that are kept."""
PARAMETER = 100
"""Characters of a parameter that a record shows."""
LARGE = 1 << 14
"""Bytes or characters of a parameter above which a call keeps only its beginning, its size and its checksum."""
SIZED = frozenset((bytes, bytearray, str))
SECRETS = ("secret", "password", "token", "plaintext", "ciphertext", "payload", "body", "zipfile", "environment")
READS = ("Get", "List", "Describe", "Head", "Scan", "Query", "Batch", "Lookup")


NONE: Mapping[str, Any] = {}


class Call(NamedTuple):
    """One request that was answered. `error` is its code, "" for none."""

    at: float
    caller: Caller
    service: Service
    operation: str
    params: Mapping[str, Any] = NONE
    error: str = ""
    message: str = ""
    agent: str = ""
    connection: int = 0
    """On which it came; 0 is none."""


def _cut(value: Any) -> Any:
    if type(value) not in SIZED or len(value) <= LARGE:
        return value
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
    start = raw[:PARAMETER].decode("utf-8", "replace")
    return f"{start}... {len(raw)} bytes, crc32 {zlib.crc32(raw):08x}"


class Trail:
    """The calls, the newest last; the denials by request id; and what every principal used."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._calls: deque[Call] = deque(maxlen=bound)
        self.total = 0
        """Calls that were added so far."""
        self._denied: dict[str, list[Any]] = {}
        self._used: dict[tuple[str, str, str], str] = {}

    def add(self, call: Call) -> None:
        """A request was answered."""
        # An object's bytes do not wait here with it. A list: there is no frame for each parameter.
        if any([type(value) in SIZED and len(value) > LARGE for value in call.params.values()]):  # noqa: C419
            call = call._replace(params={name: _cut(value) for name, value in call.params.items()})
        self._calls.append(call)
        self.total += 1

    def used(self, principal: str, session: str, action: str, resource: str) -> None:
        """A principal (its role or user) needed a right."""
        key = (principal, action, resource)
        self._used.pop(key, None)
        self._used[key] = session
        if len(self._used) > self._bound:
            del self._used[next(iter(self._used))]

    def denied(self, request_id: str, verdict: Any) -> None:
        """A right of a request would be denied."""
        self._denied.setdefault(request_id, []).append(verdict)
        if len(self._denied) > self._bound:
            del self._denied[next(iter(self._denied))]

    def denials(self, request_id: str) -> list[Any]:
        """What was denied of a request."""
        return list(self._denied.get(request_id, ()))

    def rights_of(self, principal: str, session: str = "") -> list[tuple[str, str]]:
        """The actions and resources that a principal, or one of its sessions, needed."""
        return sorted(
            (action, resource)
            for (who, action, resource), by in self._used.items()
            if who == principal and session in ("", by)
        )

    def since(self, number: int) -> list[Call]:
        """The calls after the first `number` ones, the oldest first, as far as they are kept."""
        missing = len(self._calls) - (self.total - number)
        return list(islice(self._calls, max(missing, 0), None))

    def calls(self, account: str = "") -> Iterator[Call]:
        """The calls of an account, or of all, the newest first."""
        return (call for call in reversed(tuple(self._calls)) if account in ("", call.caller.scope.account))


def record(call: Call) -> dict[str, Any]:
    """CloudTrail's record of a call."""
    acting = call.caller.acting
    moment = datetime.fromtimestamp(call.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {
        "eventVersion": "1.11",
        "userIdentity": _identity_of(call.caller),
        "eventTime": moment,
        "eventSource": f"{call.service.model.endpoint_prefix}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": call.caller.scope.region,
        "sourceIPAddress": acting.service if acting is not None else "127.0.0.1",
        "userAgent": acting.service if acting is not None else call.agent,
        "requestParameters": {_lower(name): _shown(name, value) for name, value in call.params.items()} or None,
        "responseElements": None,
        "requestID": call.caller.request_id,
        "eventID": call.caller.request_id,
        "readOnly": call.operation.startswith(READS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.caller.scope.account,
        "eventCategory": "Management",
    }
    if call.error:
        said |= {"errorCode": call.error, "errorMessage": call.message}
    return said


def _identity_of(caller: Caller) -> dict[str, Any]:
    """The element userIdentity of a call; a service that acts for somebody is named."""
    acting = caller.acting
    said = identity(callers.principal(caller), caller.access_key or "")
    if acting is None:
        return said
    del said["accessKeyId"]
    return {**said, "invokedBy": acting.service}


def seen(call: Call) -> dict[str, Any]:
    """A call as those see it who watch functions: which environment made it in which invocation (its trace's root),
    what it asked for (`digest` stands for all of it), and how it ended."""
    caller = call.caller
    return {
        "environment": caller.access_key or "",
        "function": caller.held.session if caller.held is not None else "",
        "trace": root_in(caller.trace_id or ""),
        "service": call.service.name,
        "operation": call.operation,
        "params": {_lower(name): _shown(name, value) for name, value in call.params.items()},
        "digest": digest(call.params),
        "error": call.error,
        "reads": call.operation.startswith(READS),
        "at": call.at,
        "connection": call.connection,
    }


def digest(params: Mapping[str, Any]) -> str:
    """What is the same for the same parameters; what can't be read again (a body that streams) counts by its type."""
    return hashlib.sha256(json.dumps(params, sort_keys=True, default=_plain).encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """A parameter as JSON can have it; bytes by their digest, what streams by its type."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value if isinstance(value, str | bool | int | float) or value is None else _plain(value)


def _plain(value: Any) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else type(value).__name__


def identity(who: Principal, access_key: str) -> dict[str, Any]:
    """The element userIdentity."""
    kinds = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated": "FederatedUser"}
    said: dict[str, Any] = {
        "type": kinds.get(who.kind, "AWSService"),
        "principalId": who.account if who.kind == "root" else who.arn.partition("/")[2],
        "arn": who.arn,
        "accountId": who.account,
        "accessKeyId": access_key,
    }
    if who.kind == "user":
        said["userName"] = who.arn.rpartition("/")[2]
    if who.kind == "role":
        issuer = {"type": "Role", "arn": who.role, "accountId": who.account, "userName": who.role.rpartition("/")[2]}
        said["sessionContext"] = {"sessionIssuer": issuer}
    return said


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(name: str, value: Any) -> Any:
    """A parameter as a record has it: short, and no secret."""
    if any(word in name.lower() for word in SECRETS):
        return "HIDDEN_DUE_TO_SECURITY_REASONS"
    if isinstance(value, Mapping):
        return {str(key): _shown(str(key), one) for key, one in list(value.items())[:PARAMETER]}
    if isinstance(value, list):
        return [_shown("", one) for one in value[:PARAMETER]]
    if isinstance(value, str):
        return value[:PARAMETER]
    return value if isinstance(value, bool | int | float) or value is None else f"<{type(value).__name__}>"
