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
    request; `lines` is the log of how the answer came about, `logged` whether there is to be one and `traced_data`
    whether it tells what was sent; `integrated` is how long the integration took, in seconds, `answered` its status,
    `invoked` that of who was asked to run a function, `broken` what was wrong with it."""

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
    logged: bool = False
    traced_data: bool = False
    integrated: float | None = None
    answered: int | None = None
    invoked: int | None = None
    broken: str = ""
    integrating: float = 0.0
    """When the integration was asked: seconds since 1970."""
    phases: dict[str, dict[str, Any]] = field(default_factory=dict)
    """How authorization went, by the name of the phase."""
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

    def say(self, text: str) -> None:
        """A line for the log."""
        if self.logged:
            self.lines.append(text[:SAID_CHARACTERS])

    def say_data(self, text: str, said: str | bytes | Mapping[str, str]) -> None:
        """A line with what was sent, of which it has the beginning."""
        if self.traced_data:
            self.lines.append(f"{text}{_text(said)[:SAID_CHARACTERS]}")

    def say_request(self) -> None:
        """What the client asks."""
        request = self.request
        self.say(f"HTTP Method: {request.method}, Resource Path: {request.path}")
        if self.traced_data:
            queries = {one: all_[-1] for one, all_ in request.queries.items()}
            self.say_data("Method request path: ", request.variables)
            self.say_data("Method request query string: ", queries)
            self.say_data("Method request headers: ", dict(request.headers))
            self.say_data("Method request body before transformations: ", request.text)

    def say_sent(self, uri: str, headers: Mapping[str, str], body: bytes) -> None:
        """What the endpoint is asked."""
        self.say_data("Endpoint request URI: ", uri)
        self.say_data("Endpoint request headers: ", headers)
        self.say_data("Endpoint request body after transformations: ", body)
        self.say_data("Sending request to ", uri)

    def say_came(self, status: int, headers: Iterable[tuple[str, str]], body: bytes, seconds: float) -> None:
        """What the endpoint answered."""
        if self.traced_data:
            self.say(f"Received response. Status: {status}, Integration latency: {round(seconds * 1000)} ms")
            self.say_data("Endpoint response headers: ", dict(headers))
            self.say_data("Endpoint response body before transformations: ", body)

    def say_answered(self, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """What the client gets of it."""
        if self.traced_data:
            self.say_data("Method response body after transformations: ", body)
            self.say_data("Method response headers: ", dict(headers))
        self.say("Successfully completed execution")


def _text(said: str | bytes | Mapping[str, str]) -> str:
    if isinstance(said, bytes):
        return said.decode("utf-8", "replace")
    return said if isinstance(said, str) else rest_vtl.text(said)


def hidden(text: str) -> str:
    """What logs show of a secret: its length, and its end."""
    return f"{'*' * (len(text) - 6)}{text[-6:]}" if text else ""


def api_arn(request: RestRequest) -> str:
    """The API, as IAM names it."""
    return f"arn:aws:execute-api:{request.region}:{request.account}:{request.api_id}"
