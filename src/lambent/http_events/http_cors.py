"""CORS of an HTTP API: what its configuration says, whatever integrations say.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

Headers = list[tuple[str, str]]
PREFIX = "access-control-"


def is_preflight(method: str, named: Mapping[str, str]) -> bool:
    """Whether a browser asks if a page may ask."""
    return method == "OPTIONS" and "origin" in named and "access-control-request-method" in named


def preflight(cors: Mapping[str, Any], named: Mapping[str, str]) -> Headers:
    """The headers of the answer (204); none for an origin that is not allowed."""
    told = told_of(cors, named)
    if not told:
        return []
    told = [one for one in told if one[0] != "access-control-expose-headers"]
    if cors.get("AllowMethods"):
        told.append(("access-control-allow-methods", ",".join(cors["AllowMethods"])))
    if cors.get("AllowHeaders"):
        told.append(("access-control-allow-headers", ",".join(cors["AllowHeaders"])))
    if cors.get("MaxAge") is not None:
        told.append(("access-control-max-age", str(cors["MaxAge"])))
    return told


def told_of(cors: Mapping[str, Any], named: Mapping[str, str]) -> Headers:
    """The headers of an answer to a page of an allowed origin."""
    origin, origins = named.get("origin"), cors.get("AllowOrigins") or ()
    if origin is None or not _allowed(origins, origin):
        return []
    told = [("access-control-allow-origin", "*" if "*" in origins else origin)]
    if "*" not in origins:
        told.append(("vary", "Origin"))
    if cors.get("AllowCredentials"):
        told.append(("access-control-allow-credentials", "true"))
    if cors.get("ExposeHeaders"):
        told.append(("access-control-expose-headers", ",".join(cors["ExposeHeaders"])))
    return told


def _allowed(origins: Sequence[str], origin: str) -> bool:
    """`*`, `https://*` and `http://*` stand for many."""
    scheme = origin.partition("://")[0]
    return "*" in origins or origin in origins or f"{scheme}://*" in origins


def overridden(headers: Headers, told: Headers) -> Headers:
    """An integration's headers with the API's CORS headers in the place of its own."""
    return [one for one in headers if not one[0].lower().startswith(PREFIX)] + told
