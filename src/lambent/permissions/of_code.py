"""What a function's code asks for, as rights: by the operations and parameters that whoever read it found in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from lambent.model.scope import Scope
from lambent.permissions import reference
from lambent.permissions.requests import Right, rights
from lambent.permissions.resolved import Resolved
from lambent.wire import service as wire_service

MOST_BYTES, MOST_CALLS = 1 << 20, 1_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A right that the code at a place (`path:line`) needs. The resource is "*" where the code does not tell it."""

    action: str
    resource: str
    place: str

    @property
    def told(self) -> bool:
        """Whether it is known what the action is about, or that it is about nothing in particular."""
        return self.resource != "*" or not reference.types_of(self.action)


def read(text: str) -> list[Mapping[str, Any]]:
    """The calls of a JSON document: `service`, `operation` (as boto3 calls it), `params`, `place`, `told` of each.
    Raises ValueError."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"the calls are more than {MOST_BYTES} bytes")
    said = orjson.loads(text)
    calls = said.get("calls") if isinstance(said, dict) else None
    if not isinstance(calls, list) or len(calls) > MOST_CALLS or not all(map(_is_call, calls)):
        raise ValueError(f"a list of at most {MOST_CALLS} calls is needed")
    return calls


def _is_call(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and all(isinstance(said.get(name), str) for name in ("service", "operation", "place"))
        and isinstance(said.get("params"), dict)
        and isinstance(said.get("told"), bool)
    )


async def seen(resolved: Resolved, scope: Scope, calls: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """The rights that calls need, each once; none of a service or an operation that AWS does not have."""
    found: dict[tuple[str, str], Seen] = {}
    for call in calls:
        needed = _rights(call, scope)
        for right in await resolved.all_of(needed, call["params"], scope) if call["told"] else needed:
            resource = right.resource if call["told"] else "*"
            found.setdefault((right.action, resource), Seen(right.action, resource, call["place"]))
    return list(found.values())


def _rights(call: Mapping[str, Any], scope: Scope) -> list[Right]:
    try:
        service = wire_service.load(call["service"])
        operation = next(one for one in service.model.operation_names if xform_name(one) == call["operation"])
        return rights(service.signing_name, service.name, operation, call["params"], scope)
    except (UnknownServiceError, StopIteration, ValueError, TypeError, AttributeError, KeyError):
        return []  # none of AWS's, or parameters that are not of the operation's form
