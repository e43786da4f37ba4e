"""What is sent to an API destination: pure.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html (headers, what is tried
again), https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html (authorization),
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_HttpParameters.html.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from lambent.buses.registry import Document

BASIC, API_KEY, OAUTH = "BASIC", "API_KEY", "OAUTH_CLIENT_CREDENTIALS"
HEADERS = {
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Content-Type": "application/json; charset=utf-8",
    "Range": "bytes=0-1048575",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"
AGAIN = frozenset({401, 407})
"""Statuses after which a token is asked for anew."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a URL."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def request_of(
    destination: Document, connection: Document, attributes: Mapping[str, tuple[str, str]], body: bytes, token: str = ""
) -> Call:
    """The request of an event. `attributes` are the target's path values, headers and query (see `routing`), `token` is
    that of OAuth. What the connection says goes before what the target says."""
    auth = connection["auth"]
    more = auth.get("InvocationHttpParameters") or {}
    headers = {key.partition(":")[2]: value for key, (place, value) in attributes.items() if place == "header"}
    headers |= _named(more.get("HeaderParameters")) | authorization(connection, token)
    query = {key.partition(":")[2]: value for key, (place, value) in attributes.items() if place == "query"}
    query |= _named(more.get("QueryStringParameters"))
    path = [value for _, (place, value) in sorted(attributes.items()) if place == "path"]
    url = with_query(_filled(destination["endpoint"], path), query)
    method = destination["method"]
    content = b"" if method in WITHOUT_BODY else _with_members(body, _named(more.get("BodyParameters")))
    return Call(method, url, {**HEADERS, **headers}, content)


def authorization(connection: Document, token: str) -> dict[str, str]:
    """The headers that authorize a request."""
    auth, kind = connection["auth"], connection["kind"]
    if kind == API_KEY:
        said = auth["ApiKeyAuthParameters"]
        return {said["ApiKeyName"]: said["ApiKeyValue"]}
    if kind == BASIC:
        said = auth["BasicAuthParameters"]
        text = f"{said['Username']}:{said['Password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(text).decode()}"}
    return {"Authorization": f"Bearer {token}"}


def token_request(connection: Document) -> Call:
    """How a token is asked for: by the client's id and secret, as a form."""
    said = connection["auth"]["OAuthParameters"]
    client, more = said["ClientParameters"], said.get("OAuthHttpParameters") or {}
    form = {
        "grant_type": "client_credentials",
        "client_id": client["ClientID"],
        "client_secret": client["ClientSecret"],
        **_named(more.get("BodyParameters")),
    }
    headers = {**HEADERS, "Content-Type": f"{FORM}; charset=utf-8", **_named(more.get("HeaderParameters"))}
    query = _named(more.get("QueryStringParameters"))
    if said["HttpMethod"] == "GET":
        return Call("GET", with_query(said["AuthorizationEndpoint"], {**form, **query}), headers, b"")
    url = with_query(said["AuthorizationEndpoint"], query)
    return Call(said["HttpMethod"], url, headers, urlencode(form).encode())


def token_of(body: bytes) -> tuple[str, float]:
    """The token in an answer, and how many seconds it is good for. Raises ValueError."""
    said = orjson.loads(body)
    if not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
        raise ValueError("there is no access_token in it")
    lasts = said.get("expires_in")
    return said["access_token"], float(lasts) if isinstance(lasts, int | float) else 3_600.0


def with_query(url: str, query: Mapping[str, str]) -> str:
    """A URL with more parameters."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _filled(url: str, values: Iterable[str]) -> str:
    """Each `*` of the URL is the next value."""
    for value in values:
        url = url.replace("*", quote(value, safe=""), 1)
    return url


def _named(said: Any) -> dict[str, str]:
    return {one["Key"]: one.get("Value", "") for one in said or ()}


def _with_members(body: bytes, members: Mapping[str, str]) -> bytes:
    """The body, if it is an object, with the connection's members."""
    if not members:
        return body
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    return orjson.dumps({**said, **members}) if isinstance(said, dict) else body
