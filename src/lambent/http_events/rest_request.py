"""A request to a REST API as everything that reads it wants it: proxy events, parameters, templates.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (input
format) and https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
(`$context`).
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, unquote_plus

from lambent.http_events.json_path import Body

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Lines = Sequence[tuple[str, str]]


@dataclass(slots=True)
class RestRequest:
    """One request on its way through an API.

    `path` is the raw path behind the stage. `host` is the Host header, `peer` the client's address. `identity` and
    `authorizer` are what is found out about the caller: they stand in `requestContext`.
    """

    method: str
    path: str
    query: str
    headers: Lines
    body: bytes
    host: str
    peer: str
    request_id: str
    extended_id: str
    account: str
    region: str
    api_id: str
    stage: str
    domain: str
    prefix: str
    now: float
    custom: bool = False
    """Whether it came by a domain name of the user's."""
    scheme: str = "https"
    protocol: str = "HTTP/1.1"
    resource_id: str = ""
    resource_path: str = ""
    deployment_id: str = ""
    operation: str | None = None
    sent_variables: Mapping[str, str] = field(default_factory=dict)
    """The path's variables as they were sent."""
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    authorizer: dict[str, Any] | None = None
    trace_id: str = ""
    binary: bool = False
    """Whether the body is binary for the API: it travels as base64 then."""
    test: bool = False

    _named: dict[str, list[str]] | None = None
    _queries: dict[str, list[str]] | None = None
    _content: Body | None = None

    @property
    def content(self) -> Body:
        """The body, for those who want parts of it."""
        if self._content is None:
            self._content = Body(self.body)
        return self._content

    @property
    def named(self) -> dict[str, list[str]]:
        """All values of each header, by lower-case name."""
        if self._named is None:
            self._named = {}
            for name, value in self.headers:
                self._named.setdefault(name.lower(), []).append(value)
        return self._named

    def header(self, name: str) -> str | None:
        """The last value of a header, as the map of single values has it."""
        values = self.named.get(name.lower())
        return values[-1] if values else None

    @property
    def queries(self) -> dict[str, list[str]]:
        """All values of each parameter of the query, decoded."""
        if self._queries is None:
            self._queries = {}
            for part in self.query.split("&"):
                name, _, value = part.partition("=")
                if name:
                    self._queries.setdefault(unquote_plus(name), []).append(unquote_plus(value))
        return self._queries

    @property
    def variables(self) -> dict[str, str]:
        """The path's variables, decoded."""
        return {name: unquote(value) for name, value in self.sent_variables.items()}

    @property
    def text(self) -> str:
        """The body as text: base64 of one that is binary."""
        return base64.b64encode(self.body).decode() if self.binary else self.body.decode("utf-8", "replace")

    @property
    def epoch_millis(self) -> int:
        """When it came."""
        return int(self.now * 1000)


def request_time(now: float) -> str:
    """As logs have it: `09/Apr/2015:12:34:56 +0000`, in English on every machine."""
    return _second(int(now))


@lru_cache(maxsize=16)
def _second(now: int) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%d}/{MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


IDENTITY = (
    "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey",
    "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user",
)  # fmt: skip
"""The members of `requestContext.identity`, in AWS's order; `apiKey` and `apiKeyId` are there where there is a key."""


def identity(request: RestRequest) -> dict[str, Any]:
    """Who asks: null where it is not known."""
    known = {"sourceIp": request.peer, "userAgent": request.header("user-agent"), **request.identity}
    return {name: known.get(name) for name in IDENTITY} | {
        name: known[name] for name in ("apiKey", "apiKeyId") if name in known
    }


def request_context(request: RestRequest) -> dict[str, Any]:
    """`requestContext` of a proxy event."""
    context: dict[str, Any] = {
        "resourceId": request.resource_id,
        "resourcePath": request.resource_path,
        "httpMethod": request.method,
        "extendedRequestId": request.extended_id,
        "requestTime": request_time(request.now),
        "path": f"{request.prefix}{request.path}",
        "accountId": request.account,
        "protocol": request.protocol,
        "stage": request.stage,
        "domainPrefix": request.domain.partition(".")[0],
        "requestTimeEpoch": request.epoch_millis,
        "requestId": request.request_id,
        "identity": identity(request),
        "domainName": request.domain,
        "deploymentId": request.deployment_id,
        "apiId": request.api_id,
    }
    if request.operation:
        context["operationName"] = request.operation
    if request.authorizer is not None:
        context["authorizer"] = request.authorizer
    return context
