"""One request on its way through an HTTP API."""

from dataclasses import dataclass, field

from lambent.http_events.http_api import HttpCall
from lambent.model.credentials import Signer
from lambent.model.door import Door
from lambent.services.apigatewayv2.serving.served import Document, Served, Target
from lambent.wire.site import SiteRequest

PRINCIPAL = "apigateway.amazonaws.com"


@dataclass(slots=True)
class Exchange:
    """The request, what serves it, and what is found out on the way. `refused` is what the API answers by itself,
    `error` why; `integrated` is how long the integration took, in seconds (None for one that was not asked), `answered`
    its status, and `invoked` that of who was asked to run a function."""

    site: SiteRequest
    target: Target
    served: Served
    call: HttpCall
    route: Document = field(default_factory=dict)
    refused: str = ""
    error: str = ""
    answered: int | None = None
    invoked: int | None = None
    integrated: float | None = None
    signer: Signer | None = None
    """Who has signed it, where the route asks for that."""

    @property
    def stage(self) -> Document:
        """The stage's document."""
        return self.target.stage.document

    @property
    def route_arn(self) -> str:
        """The route as policies name it: with the request's method and the route's path."""
        method, _, path = self.call.route_key.partition(" ")
        place = f"{self.call.method}{path}" if path else method
        return f"{self.served.arn}/{self.call.stage}/{place}"

    def door(self, source_arn: str, role: str = "") -> Door:
        """This API, as it calls a function."""
        return Door(PRINCIPAL, source_arn, self.served.scope.account, self.served.scope.region, role, self.signer)
