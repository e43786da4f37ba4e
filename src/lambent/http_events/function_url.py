"""Function URLs: a request as an event, and CORS.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html (the event; what is empty is left out, as in
events seen on AWS), https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors; that cookies stand
in the headers as well and that `http.path` alone is decoded: an event of July 2026 from AWS in
https://github.com/hotsock/voker/tree/main/vokerhttp/testdata.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from lambent.http_events import common, payload_v2
from lambent.wire.site import SiteRequest

ANONYMOUS = "anonymous"
"""The account that stands in the event of a caller who did not have to sign."""

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Iam:
    """The signed caller of an URL, as the event tells of it."""

    access_key: str
    account: str
    arn: str
    user_id: str

    def document(self) -> dict[str, Any]:
        """`requestContext.authorizer`."""
        return {
            "iam": {
                "accessKey": self.access_key,
                "accountId": self.account,
                "callerId": self.user_id,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": self.arn,
                "userId": self.user_id,
            }
        }


def event(request: SiteRequest, domain: str, trace_id: str, now: float, iam: Iam | None) -> bytes:
    """The event, as JSON. `domain` is the URL's host name, `now` seconds since 1970."""
    headers, cookies = payload_v2.headers_of(request.headers)
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    common.forwarded(headers, request.peer, request.scheme, request.host)
    headers.setdefault("x-amzn-trace-id", common.root_of(trace_id))
    document: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
    }
    if cookies:
        document["cookies"] = cookies
    document["headers"] = headers
    if request.query:
        document["queryStringParameters"] = payload_v2.query_of(request.query)
    document["requestContext"] = _context(request, domain, now, iam, headers)
    if request.body:
        text = common.is_text(headers.get("content-type", ""))
        document["body"], document["isBase64Encoded"] = common.body_of(request.body, text)
    else:
        document["isBase64Encoded"] = False
    return orjson.dumps(document)


def _context(
    request: SiteRequest, domain: str, now: float, iam: Iam | None, headers: Mapping[str, str]
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "accountId": ANONYMOUS if iam is None else iam.account,
        "apiId": request.id,
    }
    if iam is not None:
        context["authorizer"] = iam.document()
    return context | {
        "domainName": domain,
        "domainPrefix": request.id,
        "http": {
            "method": request.method,
            "path": unquote(request.path),
            "protocol": "HTTP/1.1",
            "sourceIp": request.peer,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": common.request_time(now),
        "timeEpoch": int(now * 1000),
    }


def is_preflight(request: SiteRequest) -> bool:
    """Whether a browser asks if a page may ask."""
    named = request.named
    return request.method == "OPTIONS" and "origin" in named and "access-control-request-method" in named


def preflight(cors: Mapping[str, Any], named: Mapping[str, str]) -> Headers:
    """The headers that answer a browser's question; none for a page, method or header that is not allowed."""
    told = told_of(cors, named)
    method = named["access-control-request-method"]
    wanted = [name.strip() for name in named.get("access-control-request-headers", "").split(",") if name.strip()]
    methods, headers = cors.get("AllowMethods") or (), cors.get("AllowHeaders") or ()
    if not told or not (_has(methods, method) and all(_has(headers, name) for name in wanted)):
        return []
    told.append(("Access-Control-Allow-Methods", ",".join(methods)))
    if headers:
        told.append(("Access-Control-Allow-Headers", ",".join(headers)))
    if "MaxAge" in cors:
        told.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return told


def told_of(cors: Mapping[str, Any], named: Mapping[str, str]) -> Headers:
    """The CORS headers of an answer to a page that may ask."""
    origin, origins = named.get("origin"), cors.get("AllowOrigins") or ()
    if origin is None or not _has(origins, origin):
        return []
    credentials = cors.get("AllowCredentials")
    anybody = "*" in origins and not credentials
    told = [("Access-Control-Allow-Origin", "*" if anybody else origin)]
    if not anybody:
        told.append(("Vary", "Origin"))
    if credentials:
        told.append(("Access-Control-Allow-Credentials", "true"))
    if cors.get("ExposeHeaders"):
        told.append(("Access-Control-Expose-Headers", ",".join(cors["ExposeHeaders"])))
    return told


def _has(listed: Sequence[str], value: str) -> bool:
    return "*" in listed or value.lower() in (one.lower() for one in listed)
