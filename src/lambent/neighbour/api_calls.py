"""Any operation of any service, asked by its name and parameters, as AWS's integrations with its SDKs do.

Services are named as the SDK for Java names them ("dynamodb", "cloudwatchlogs", "sfn") or as botocore does, operations
in either case ("sendMessage"), and members of their requests with a capital, whatever the service's own model says.
Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html,
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import base64
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import orjson
from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambent.wire import client, locate
from lambent.wire.http import Request
from lambent.wire.service import Service, load

SPELLINGS = 4_096
"""Names that are remembered with their plain form."""


def find_service(name: str) -> Service | None:
    """The service of a name, None when there is none."""
    known = _names().get(_plain(name))
    try:
        return load(known) if known else None
    except ValueError:  # of a protocol that is not spoken here
        return None


def find_operation(service: Service, name: str) -> str | None:
    """The operation as the service's model spells it, None when there is none."""
    wanted = name[:1].upper() + name[1:]
    return wanted if wanted in service.description["operations"] else None


def missing(service_name: str, operation_name: str, text: str) -> str:
    """Why a request can't be such a call, "" when it can. Raises LookupError ("service" or "operation")."""
    service = find_service(service_name)
    if service is None:
        raise LookupError("service")
    operation = find_operation(service, operation_name)
    if operation is None:
        raise LookupError("operation")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "Request payload is not valid JSON."  # our wording
    if not isinstance(said, dict):
        return "Request payload is not a JSON object."  # our wording
    return _lacks(service.operation(operation).input_shape, said)


def request_of(service_name: str, operation_name: str, params: Mapping[str, Any]) -> tuple[Request, str]:
    """The request of a call, unsigned, and the name that it is signed with. Raises ValueError or a BotoCoreError for
    what there is no request for."""
    known = fitted(service_name, operation_name, params)
    if known is None:
        raise ValueError(f"there is no {service_name}:{operation_name}")
    service, operation, spelled = known
    return client.request_of(service, operation, spelled, ""), service.signing_name


def fitted(
    service_name: str, operation_name: str, params: Mapping[str, Any]
) -> tuple[Service, str, dict[str, Any]] | None:
    """A call as the service's model spells it: the operation, its parameters. None when there is none such."""
    service = find_service(service_name)
    operation = find_operation(service, operation_name) if service is not None else None
    if service is None or operation is None:
        return None
    shape = service.operation(operation).input_shape
    return service, operation, {} if shape is None else _fitted(shape, dict(params))


@cache
def _names() -> dict[str, str]:
    """Every name of a service -> botocore's."""
    ids = {_plain(entry.service_id): entry.name for entry in locate.index()}
    java = {name.removesuffix("service"): own for name, own in ids.items()}
    return java | ids | {_plain(entry.name): entry.name for entry in locate.index()}


@lru_cache(SPELLINGS)
def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _lacks(shape: Shape | None, said: Mapping[str, Any]) -> str:
    if not isinstance(shape, StructureShape):
        return ""
    given = {_plain(name) for name in said}
    gone = [name[:1].upper() + name[1:] for name in shape.required_members if _plain(name) not in given]
    return f"Request payload is missing the following field(s): {', '.join(gone)}." if gone else ""


def _fitted(shape: Shape, value: Any) -> Any:
    """A value with its members spelled, and its bytes made, as the model has them."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        spelled = {_plain(name): name for name in shape.members}
        known = {spelled[_plain(name)]: one for name, one in value.items() if _plain(name) in spelled}
        return {name: _fitted(shape.members[name], one) for name, one in known.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_fitted(shape.member, one) for one in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _fitted(shape.value, one) for key, one in value.items()}
    return _bytes(value) if shape.type_name == "blob" else value


def _bytes(value: Any) -> bytes:
    """Of a text, or of {"base64": what is none}; of another document its JSON."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Mapping) and value.keys() == {"base64"}:
        return base64.b64decode(value["base64"])
    return orjson.dumps(value)
