"""Integrations with servers on the web (HTTP, HTTP_PROXY).

https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
"""

from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from lambent.http_events import rest_mapping
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_mapping import BackendAnswer, BackendRequest
from lambent.http_events.rest_proxy import HOP_BY_HOP
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports
from lambent.services.client_certificates import tls_of

Asked = tuple[str, str, list[tuple[str, str]], bytes]
"""Method, URL, headers, body."""
_OWN = HOP_BY_HOP | {"host", "content-encoding", "via"}


def mapped(exchange: Exchange, url: str) -> Asked:
    """The request that templates and parameters make."""
    sent = rest_mapping.to_backend(exchange.request, exchange.integration, exchange.known)
    headers = list(_headers(sent))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", exchange.request.header("content-type") or "application/json"))
    _add(headers, [*_own(exchange), ("Accept", "application/json")])
    return _method(exchange), _url(url, sent, []), headers, sent.body


def proxied(exchange: Exchange, url: str) -> Asked:
    """The request as it came, with the parameters that are mapped: a header in its place, a value of the query behind
    those that came."""
    request = exchange.request
    sent = rest_mapping.mapped(request, exchange.integration, exchange.known, request.body)
    named = {name.lower() for name in sent.headers}
    passed = [(name, value) for name, value in request.headers if name.lower() not in _OWN | named]
    passed.append(("X-Forwarded-For", request.peer))
    queries = [(name, value) for name, values in request.queries.items() for value in values]
    headers = [*passed, *_headers(sent)]
    _add(headers, _own(exchange))
    return _method(exchange), _url(url, sent, queries), headers, request.body


def _own(exchange: Exchange) -> list[tuple[str, str]]:
    """What API Gateway tells a server of itself, unless the request does."""
    api = exchange.request.api_id
    return [
        ("x-amzn-apigateway-api-id", api),
        ("X-Amzn-Trace-Id", exchange.request.trace_id),
        ("User-Agent", f"AmazonAPIGateway_{api}"),
    ]


def _add(headers: list[tuple[str, str]], more: list[tuple[str, str]]) -> None:
    there = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in more if name.lower() not in there]


def _method(exchange: Exchange) -> str:
    said = str(exchange.integration.get("httpMethod") or exchange.request.method)
    return exchange.request.method if said == "ANY" else said


def _headers(sent: BackendRequest) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, values in sent.headers.items() for value in values)


def _url(url: str, sent: BackendRequest, queries: list[tuple[str, str]]) -> str:
    """The URL with its `{variables}` and its query. Raises Refusal."""
    for name, value in sent.path.items():
        url = url.replace("{" + name + "}", quote(value, safe="/")).replace("{" + name + "+}", quote(value, safe="/"))
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"Invalid endpoint address: {url}")
    more = urlencode([*queries, *((name, value) for name, values in sent.query.items() for value in values)])
    query = "&".join(part for part in (parts.query, more) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


async def ask(ports: Ports, exchange: Exchange, asked: Asked, seconds: float) -> BackendAnswer:
    """Raises OSError, TimeoutError."""
    certificate, config = exchange.stage.get("clientCertificateId"), exchange.integration.get("tlsConfig")
    tls = tls_of(ports.resources, exchange.scope, certificate, config)
    status, answered, content = await ports.fetch(*asked, seconds, tls)
    return BackendAnswer(status, answered, content, str(status))
