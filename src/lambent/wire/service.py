"""A service as botocore's model describes it, with our corrections, and the road from a request to an
operation."""

from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from lambent.wire import cbor, patches
from lambent.wire.fault import Fault
from lambent.wire.http import Request
from lambent.wire.query import form_of
from lambent.wire.route import Routes

BUILTIN_MODELS = str(Path(botocore.__file__).parent / "data")
REST = frozenset({"rest-json", "rest-xml"})
EC2 = "ec2"
"""EC2's own kind of query: its operations are told apart and its errors are told, no more is needed here."""
PROTOCOLS = REST | {"json", "query", EC2}
DOCUMENT_BYTES = 16 << 20
"""Of a JSON, CBOR, XML or form document: more than the largest (10 MB of Kinesis' records in base64)."""
CBOR = "cbor"
"""The JSON protocol in another notation."""
RPC_CBOR = "smithy-rpc-v2-cbor"
"""One that a service speaks beside JSON or query: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html."""
RPC_HEADER = "rpc-v2-cbor"


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One AWS service: its model and its routes. `description` is the raw model, corrections applied; `compressed`
    tells whether an operation takes a body that is compressed."""

    name: str
    protocol: str
    model: ServiceModel
    description: dict[str, Any]
    routes: Routes
    compressed: bool = False

    @property
    def signing_name(self) -> str:
        """The name in a credential scope."""
        return str(self.model.signing_name)

    @property
    def target_prefix(self) -> str | None:
        """What stands before the dot in X-Amz-Target, if the service has one."""
        return self.metadata.get("targetPrefix")

    @property
    def metadata(self) -> dict[str, Any]:
        """The model's `metadata`."""
        metadata: dict[str, Any] = self.description["metadata"]
        return metadata

    def operation(self, name: str) -> OperationModel:
        """The operation's model. Raises botocore's OperationNotFoundError."""
        return self.model.operation_model(name)

    def check_size(self, operation: str, request_bytes: int) -> None:
        """Raise Fault(413) for a request of more bytes than the operation takes (`requestBytes` of the patches), or
        than any operation's document has."""
        limit = self.description["operations"][operation].get("requestBytes")
        if limit is None and request_bytes > DOCUMENT_BYTES and not self._is_raw(operation):
            limit = DOCUMENT_BYTES
        if limit is not None and request_bytes > limit:
            text = f"Request must be smaller than {limit} bytes for the {operation} operation"
            raise Fault("RequestEntityTooLargeException", text, status=413)

    def _is_raw(self, operation: str) -> bool:
        """Whether the body is no document."""
        shape = self.operation(operation).input_shape
        payload = shape.serialization.get("payload") if shape is not None else None
        return payload is not None and shape.members[payload].type_name in ("blob", "string")

    def error_shape(self, code: str) -> Shape | None:
        """The shape of the error `code` (shape name or wire code), or None when it isn't modelled."""
        shape = self.description["shapes"].get(code)
        if shape is not None and shape.get("exception"):
            return self.model.shape_for(code)
        return self.model.shape_for_error_code(code)

    def internal_error(self, operation: str | None) -> str:
        """How an error of the service's own is called: by the operation's model, else as S3 does or all the others
        (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html)."""
        shapes = self.operation(operation).error_shapes if operation is not None else ()
        for error in (shape.metadata.get("error", {}) | {"name": shape.name} for shape in shapes):
            if error.get("httpStatusCode") == HTTPStatus.INTERNAL_SERVER_ERROR:
                return str(error.get("code") or error["name"])
        return "InternalError" if self.metadata.get("noErrorWrapping") else "InternalFailure"

    def route(self, request: Request) -> str:
        """The name of the operation that `request` is for. Raises Fault as AWS does for an unknown one."""
        return ROUTERS[self.protocol](self, request)


@cache
def load(name: str, protocol: str = "") -> Service:
    """The service that botocore calls `name`. Raises botocore's UnknownServiceError.

    `protocol` is another one than its own that older clients speak with it. Models come from the installed botocore
    only: what a user keeps in ~/.aws/models is for clients.
    """
    loader = Loader(extra_search_paths=[BUILTIN_MODELS], include_default_search_paths=False)
    return from_description(name, loader.load_service_model(name, "service-2"), protocol)


def spoken(name: str, request: Request) -> Service:
    """The service in the protocol of the request: its own, CBOR for JSON, Smithy's RPC, or query, which some that went
    over to JSON still take.

    Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html (awsQueryCompatible).
    """
    own = load(name)
    if request.headers.get("smithy-protocol") == RPC_HEADER and RPC_CBOR in own.metadata.get("protocols", ()):
        return load(name, RPC_CBOR)
    if own.protocol == "json" and request.headers.get("content-type", "").startswith(cbor.TYPE):
        return load(name, CBOR)
    older = "awsQueryCompatible" in own.metadata and own.protocol != "query" and "x-amz-target" not in request.headers
    return load(name, "query") if older and "Action" in form_of(request) else own


def from_description(name: str, description: dict[str, Any], protocol: str = "") -> Service:
    """A service from a raw model, which is corrected in place. Raises ValueError for a protocol not
    spoken here."""
    patches.apply(name, description, protocol)
    protocol = protocol or _protocol_of(name, description["metadata"])
    routes = Routes(description) if protocol in REST else Routes({"operations": {}, "shapes": {}})
    compressed = any("requestcompression" in one for one in description["operations"].values())
    return Service(name, protocol, ServiceModel(description, name), description, routes, compressed)


def _protocol_of(name: str, metadata: dict[str, Any]) -> str:
    """The first of the service's protocols that is spoken here."""
    for protocol in (metadata["protocol"], *metadata.get("protocols", ())):
        if protocol in PROTOCOLS:
            return str(protocol)
    raise ValueError(f"{name} speaks {metadata['protocol']} only")


def unknown_operation(message: str, status: int) -> Fault:
    """What AWS calls a request that no operation is for; it says no more than that, we do."""
    return Fault("UnknownOperationException", message, status=status)


def _route_rest(service: Service, request: Request) -> str:
    operation = service.routes.find(request)
    if operation is not None:
        return operation
    if service.protocol == "rest-xml":
        raise Fault("MethodNotAllowed", "The specified method is not allowed against this resource.", status=405)
    raise unknown_operation(f"{service.name} has no operation at {request.method} {request.path}", 404)


def _route_json(service: Service, request: Request) -> str:
    prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
    if prefix == service.target_prefix and operation in service.description["operations"]:
        return operation
    raise unknown_operation(f"{service.name} has no operation {prefix}.{operation}".removesuffix("."), 400)


def _route_rpc(service: Service, request: Request) -> str:
    """`/service/{prefix}/operation/{operation}`."""
    operation = request.path.rpartition("/operation/")[2]
    if operation in service.description["operations"]:
        return operation
    raise unknown_operation(f"{service.name} has no operation {operation}", 404)


def _route_query(service: Service, request: Request) -> str:
    operation = form_of(request).get("Action", "")
    if not operation:
        raise Fault("MissingAction", "Missing Action", status=400)
    if operation in service.description["operations"]:
        return operation
    version = service.metadata["apiVersion"]
    raise Fault("InvalidAction", f"Could not find operation {operation} for version {version}", status=400)


ROUTERS = {
    "rest-json": _route_rest,
    "rest-xml": _route_rest,
    "json": _route_json,
    CBOR: _route_json,
    RPC_CBOR: _route_rpc,
    "query": _route_query,
    EC2: _route_query,
}
