"""The management API of WebSocket connections (`@connections`), by the API's own host name.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html. The
same operations are answered on the endpoint; connection ids are unique in all APIs.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson

from lambent.engine.authorisation.request_keys import of_any
from lambent.model.credentials import Signer
from lambent.model.scope import Caller
from lambent.services.apigatewayv2.serving.connections import MESSAGE_BYTES, NORMAL, Connection, Connections, Gone
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Target
from lambent.wire.fault import Fault
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

Params = dict[str, Any]
MANAGE = "execute-api:ManageConnections"
_BY_METHOD = {"POST": "PostToConnection", "GET": "GetConnection", "DELETE": "DeleteConnection"}


def _connection(connections: Connections, caller: Caller, params: Params) -> Connection:
    """Raises Fault (410)."""
    try:
        return connections.get(caller.scope.account, str(params["ConnectionId"]))
    except Gone as gone:
        raise Fault("GoneException", None, status=410) from gone


async def post(connections: Connections, caller: Caller, params: Params) -> dict[str, Any]:
    """Send a message to a client. Raises Fault: 410, 413."""
    data = bytes(params.get("Data") or b"")
    if len(data) > MESSAGE_BYTES:
        raise Fault("PayloadTooLargeException", "The data has exceeded the maximum size allowed", status=413)
    try:
        await _connection(connections, caller, params).send(data.decode("utf-8", "replace"))
    except Gone as gone:
        raise Fault("GoneException", None, status=410) from gone
    return {}


async def get(connections: Connections, caller: Caller, params: Params) -> dict[str, Any]:
    """When a client connected, and when something came or went last."""
    found = _connection(connections, caller, params)
    return {
        "ConnectedAt": found.known.at,
        "Identity": {"SourceIp": found.known.peer, "UserAgent": found.known.user_agent},
        "LastActiveAt": found.active_wall,
    }


async def delete(connections: Connections, caller: Caller, params: Params) -> dict[str, Any]:
    """Close a connection."""
    await _connection(connections, caller, params).close(NORMAL, "Connection Closed Normally")
    return {}


OPERATIONS = {"PostToConnection": post, "GetConnection": get, "DeleteConnection": delete}


class Management:
    """Answers requests to `/STAGE/@connections/ID`."""

    def __init__(self, ports: Ports, connections: Connections) -> None:
        self._ports = ports
        self._connections = connections

    async def serve(self, site: SiteRequest, target: Target) -> Response:
        """Signed requests of the API's account alone."""
        operation = _BY_METHOD.get(site.method)
        signer = self._ports.signer(site)
        if operation is None or signer is None or signer.account != target.api.scope.account:
            return _response(403, {"message": "Forbidden" if signer is not None else "Missing Authentication Token"})
        if not await self._may(signer, site, target):
            return _response(403, {"message": "Forbidden"})
        identifier = unquote(target.path.removeprefix("/@connections/"))
        params = {"ConnectionId": identifier, "Data": site.body}
        try:
            self._check_api(target, params)
            result = await OPERATIONS[operation](self._connections, Caller(target.api.scope, site.request_id), params)
        except Fault as fault:
            document = {"message": fault.message} if fault.message else {}
            return _response(fault.status or 400, document, ("x-amzn-ErrorType", fault.code))
        if operation == "GetConnection":
            return _response(200, _shown(result))
        return Response(204 if operation == "DeleteConnection" else 200, [])

    async def _may(self, signer: Signer, site: SiteRequest, target: Target) -> bool:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html"""
        scope = target.api.scope
        place = f"arn:aws:execute-api:{scope.region}:{scope.account}:{target.api.name}/{target.stage.name}"
        keys = of_any(self._ports.clock.wall(), site.peer)
        return await self._ports.may(signer, MANAGE, f"{place}/{site.method}{target.path}", None, keys)

    def _check_api(self, target: Target, params: Params) -> None:
        """A connection of another API or stage is none here."""
        caller = Caller(target.api.scope, "")
        known = _connection(self._connections, caller, params).known
        if (known.api_id, known.stage) != (target.api.name, target.stage.name):
            raise Fault("GoneException", None, status=410)


def _shown(result: Params) -> Params:
    identity = result["Identity"]
    return {
        "connectedAt": _iso(result["ConnectedAt"]),
        "identity": {"sourceIp": identity["SourceIp"], "userAgent": identity["UserAgent"]},
        "lastActiveAt": _iso(result["LastActiveAt"]),
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _response(status: int, document: Params, *headers: tuple[str, str]) -> Response:
    return Response(status, [("Content-Type", "application/json"), *headers], orjson.dumps(document))
