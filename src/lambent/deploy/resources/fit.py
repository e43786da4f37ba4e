"""A resource's properties as an operation's parameters: names mostly equal, types as the operation has them.

CloudFormation takes numbers and booleans as text and gives policies as objects; operations of some services write
their members small (`restApiId`).
"""

import base64
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape

from lambent.deploy.resources.texts import as_text

TRUE = {"true": True, "false": False}


def fit(shape: Shape, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that the shape has members for."""
    members = {name.lower(): name for name in shape.members}
    found = {}
    for name, value in properties.items():
        member = members.get(name.lower())
        if member is not None and value is not None:
            found[member] = convert(shape.members[member], value)
    return found


def convert(shape: Shape, value: Any) -> Any:
    """A value as the shape has it; what does not fit stays as it is, for the service to refuse."""
    return _CONVERT.get(shape.type_name, _as_it_is)(shape, value)


def _as_it_is(_shape: Shape, value: Any) -> Any:
    return value


def _structure(shape: Shape, value: Any) -> Any:
    return fit(shape, value) if isinstance(value, Mapping) and not shape.is_document_type else value


def _list(shape: Shape, value: Any) -> Any:
    if isinstance(value, Mapping) and _is_tag(shape.member):
        value = [{"Key": key, "Value": one} for key, one in value.items()]
    items = value if isinstance(value, list) else [value]
    return [convert(shape.member, one) for one in items]


def _is_tag(shape: Shape) -> bool:
    return shape.type_name == "structure" and {name.lower() for name in shape.members} >= {"key", "value"}


def _map(shape: Shape, value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, Mapping) and "Key" in one for one in value):
        value = {one["Key"]: one.get("Value", "") for one in value}
    if not isinstance(value, Mapping):
        return value
    return {str(key): convert(shape.value, one) for key, one in value.items()}


def _string(_shape: Shape, value: Any) -> Any:
    return as_text(value)


def _integer(_shape: Shape, value: Any) -> Any:
    try:
        return int(value)
    except (TypeError, ValueError):
        return value


def _float(_shape: Shape, value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _boolean(_shape: Shape, value: Any) -> Any:
    return TRUE.get(value.lower(), value) if isinstance(value, str) else value


def _blob(_shape: Shape, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return value.encode()


_CONVERT = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": _blob,
}
