"""Documents of the protocols that are JSON at heart: the same members, in the notation that the caller speaks."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from botocore.model import Shape

from lambent.wire import cbor, serialize_json
from lambent.wire.serialize_json import Leaves
from lambent.wire.service import CBOR, RPC_CBOR, Service


def _moment(_shape: Shape, value: Any) -> Any:
    return cbor.moment(value)


def _second(_shape: Shape, value: Any) -> Any:
    return cbor.second(value)


def _bytes(_shape: Shape, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _float(_shape: Shape, value: Any) -> float:
    return float(value)


CBOR_LEAVES = Leaves({"timestamp": _moment, "blob": _bytes, "float": _float, "double": _float})
RPC_LEAVES = Leaves({**CBOR_LEAVES.by_type, "timestamp": _second})
LEAVES_OF = {CBOR: CBOR_LEAVES, RPC_CBOR: RPC_LEAVES}
"""By protocol; all others have JSON's."""


def content_type(service: Service) -> str:
    """Of a body in the service's protocol."""
    if service.protocol == RPC_CBOR:
        return cbor.RPC_TYPE
    version = service.metadata.get("jsonVersion", "1.0")
    return f"{cbor.TYPE if service.protocol == CBOR else 'application/x-amz-json-'}{version}"


def write(service: Service, shape: Shape, value: Any) -> Any:
    """A value as the protocol's documents have it. Raises KeyError for a member that `shape` doesn't have."""
    return serialize_json.write(shape, value, LEAVES_OF.get(service.protocol))


def dumps(service: Service) -> Callable[[Mapping[str, Any]], bytes]:
    """What makes a body of such a document."""
    return cbor.dumps if service.protocol in LEAVES_OF else orjson.dumps
