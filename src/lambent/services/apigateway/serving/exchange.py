"""One request on its way through a REST API: what is known of it so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.http_events import rest_vtl
from lambent.http_events.rest_request import RestRequest
from lambent.model.credentials import Signer
from lambent.model.door import Door
from lambent.model.scope import Scope
from lambent.model.trace import Traced
from lambent.services.apigateway.serving.deployed import Deployed
from lambent.wire.site import SiteRequest

Document = Mapping[str, Any]
SAID_CHARACTERS = 1_000
SERVICE = "apigateway.amazonaws.com"


@dataclass(slots=True)
class Exchange:
    """`site` is the request as it came, None for one that is only tried out. `known` is what `$context` has beyond the
    request; `lines` is the log of a trial; `integrated` is how long the integration took, in seconds."""

    request: RestRequest
    deployed: Deployed
    stage: Document
    method: Document
    site: SiteRequest | None = None
    known: dict[str, Any] = field(default_factory=dict)
    usage_key: str | None = None
    signer: Signer | None = None
    """Who has signed it, where the method asks for that."""
    lines: list[str] = field(default_factory=list)
    integrated: float | None = None
    integrating: float = 0.0
    """When the integration was asked: seconds since 1970."""
    traced: Traced | None = None
    """The ids of its segment (`service`) and of the call of its integration (`invocation`), if it is recorded."""

    @property
    def scope(self) -> Scope:
        """The API's account and region."""
        return self.deployed.scope

    @property
    def integration(self) -> Document:
        """The method's integration."""
        found: Document = self.method["methodIntegration"]
        return found

    @property
    def source_arn(self) -> str:
        """The method as the function's policy names it."""
        request = self.request
        return f"{api_arn(request)}/{request.stage}/{request.method}{request.resource_path}"

    @property
    def method_arn(self) -> str:
        """The method and path that are asked for, as an authorizer's policy names them."""
        request = self.request
        return f"{api_arn(request)}/{request.stage}/{request.method}/{request.path.lstrip('/')}"

    def door(self, source: str, role: str = "") -> Door:
        """The API as it calls a function."""
        return Door(SERVICE, source, self.scope.account, self.scope.region, role, self.signer)

    def say(self, text: str, more: str | bytes | None = None) -> None:
        """A line for the log of a trial; of `more` the beginning."""
        if self.site is None:
            said = more.decode("utf-8", "replace") if isinstance(more, bytes) else more or ""
            self.lines.append(f"{text}{said[:SAID_CHARACTERS]}")

    def say_sent(self, uri: str, headers: Mapping[str, str], body: bytes) -> None:
        """What the endpoint is asked, for the log of a trial."""
        if self.site is None:
            self.say("Endpoint request URI: ", uri)
            self.say("Endpoint request headers: ", rest_vtl.text(dict(headers)))
            self.say("Endpoint request body after transformations: ", body)
            self.say("Sending request to ", uri)

    def say_came(self, status: int, headers: Iterable[tuple[str, str]], body: bytes, seconds: float) -> None:
        """What the endpoint answered, for the same."""
        if self.site is None:
            self.say(f"Received response. Status: {status}, Integration latency: {round(seconds * 1000)} ms")
            self.say("Endpoint response headers: ", rest_vtl.text(dict(headers)))
            self.say("Endpoint response body before transformations: ", body)


def api_arn(request: RestRequest) -> str:
    """The API, as IAM names it."""
    return f"arn:aws:execute-api:{request.region}:{request.account}:{request.api_id}"
