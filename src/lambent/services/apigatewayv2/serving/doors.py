"""Which door a request to an API is for: that of HTTP APIs, or that of WebSocket APIs."""

import functools

from lambent.services.apigatewayv2.serving import advice
from lambent.services.apigatewayv2.serving.door import HttpDoor
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Apis, Target
from lambent.services.apigatewayv2.serving.websocket_door import WebSocketDoor
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest


class Doors:
    """Answers for the HTTP and WebSocket APIs of all accounts and regions."""

    def __init__(self, ports: Ports) -> None:
        self.apis = Apis(ports.resources, functools.partial(advice.tell, ports))
        self._http = HttpDoor(ports, self.apis)
        self.websocket = WebSocketDoor(ports, self.apis)

    async def serve(self, site: SiteRequest) -> Response | None:
        """None for an id that is none of such an API."""
        if "." in site.id:
            domain = self.apis.domain(site.id)
            if domain is None:
                return None
            target = self.apis.by_domain(domain, site.path)
            return await self._served(site, target)
        api = self.apis.knows(site.id)
        if api is None or site.region not in ("", api.scope.region):
            return None
        speaks_websocket = api.document["ProtocolType"] == "WEBSOCKET"
        if api.document.get("DisableExecuteApiEndpoint"):
            return _gone(speaks_websocket)
        target = self.apis.by_path(api, site.path)
        return await (self.websocket if speaks_websocket else self._http).serve(site, target)

    async def _served(self, site: SiteRequest, target: Target | None) -> Response:
        """What a custom domain leads to."""
        speaks_websocket = target is not None and target.api.document["ProtocolType"] == "WEBSOCKET"
        return await (self.websocket if speaks_websocket else self._http).serve(site, target)


def _gone(forbidden: bool) -> Response:
    """The answer of an API whose own host name is switched off."""
    headers = [("content-type", "application/json")]
    if forbidden:
        return Response(403, headers, b'{"message":"Forbidden"}')
    return Response(404, headers, b'{"message":"Not Found"}')
