"""Where what a stack's outputs call by AWS's host names is found here (docs/http.md)."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_NAMED = re.compile(
    r"(?:(https?|wss?)://)?"
    r"(?:([a-z0-9-]+)\.(execute-api|lambda-url)\.([a-z0-9-]+)|([a-z0-9-]+)\.([a-z0-9-]+)\.(elb))"
    r"\.(?:amazonaws\.com(?:\.cn)?|on\.aws)(/.*)?",
    re.IGNORECASE,
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def here(outputs: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """By an output's key the URL at this endpoint of the API, function URL or load balancer that it names."""
    found = {key: _here(value, endpoint) for key, value in outputs.items()}
    return {key: url for key, url in found.items() if url}


def _here(value: str, endpoint: str) -> str:
    named = _NAMED.fullmatch(value.strip())
    if named is None:
        return ""
    scheme, site, kind, region = named[1] or "", named[2] or named[5], named[3] or named[7], named[4] or named[6]
    at, path = urlsplit(endpoint), named[8] or "/"
    spoken = at.scheme.replace("http", "ws") if scheme.lower().startswith("ws") else at.scheme
    if at.hostname not in LOOPBACK:
        return f"{spoken}://{at.netloc}/_aws/{kind.lower()}/{site}{path}"
    host = f"{site}.{region}.elb" if kind.lower() == "elb" else f"{site}.{kind.lower()}.{region}"
    return f"{spoken}://{host}.localhost{f':{at.port}' if at.port else ''}{path}"
