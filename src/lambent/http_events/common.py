"""What all doors make of a request in the same way.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html; hop-by-hop
headers: RFC 9110, section 7.6.1.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from lambent.wire.site import SiteRequest

Lines = Sequence[tuple[str, str]]
"""Headers as they were sent: pairs in order."""

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"}
)
"""Headers that are about one connection, not about the request: no function sees them."""
REMAPPED = frozenset(
    {"connection", "content-length", "date", "host", "server", "user-agent", "via", "www-authenticate"}
)
"""Headers of an answer that the door has itself: a function's own are sent as `x-amzn-Remapped-NAME`."""
DROPPED = frozenset({"keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"})
TEXT = frozenset({"application/json", "application/xml", "application/javascript"})
"""Content types beside `text/*` whose bodies are text for payload version 2.0; all others are base64, forms and bodies
without a type among them. Measured on AWS: https://github.com/ministackorg/ministack/pull/766."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def combined(headers: Lines, left_out: frozenset[str] = HOP_BY_HOP) -> dict[str, str]:
    """Headers by lower-case name; the values of one that was sent several times are joined by ","."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key in left_out:
            continue
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def multiple(headers: Lines, left_out: frozenset[str] = HOP_BY_HOP) -> dict[str, list[str]]:
    """All values of each header, by lower-case name."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        key = name.lower()
        if key not in left_out:
            found.setdefault(key, []).append(value)
    return found


def header_bytes(headers: Lines) -> int:
    """The size of all values together."""
    return sum([len(value) for _, value in headers])


def line_length(site: SiteRequest) -> int:
    """Of the request line: method, target and version with what is between them."""
    return len(site.method) + len(site.path) + len(site.query) + bool(site.query) + len("  HTTP/1.1")


def url_length(site: SiteRequest) -> int:
    """Of the whole URL, in characters."""
    return len(site.scheme) + len("://") + len(site.host) + len(site.path) + len(site.query) + bool(site.query)


def cookies(headers: Lines) -> list[str]:
    """Each cookie of each Cookie header, `name=value`."""
    sent = (part.strip() for name, value in headers if name.lower() == "cookie" for part in value.split(";"))
    return [cookie for cookie in sent if cookie]


def queries(raw: str, *, decoded: bool = True) -> dict[str, list[str]]:
    """All values of each parameter of a raw query; load balancers hand them on as they were sent."""
    found: dict[str, list[str]] = {}
    for part in raw.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if decoded:
            name, value = unquote_plus(name), unquote_plus(value)
        found.setdefault(name, []).append(value)
    return found


def is_text(content_type: str) -> bool:
    """Whether a body of that Content-Type is text for payload version 2.0."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in TEXT


def body_of(body: bytes, text: bool) -> tuple[str, bool]:
    """A body as an event holds it, and whether it is base64: of one that is `text`, only when it isn't UTF-8."""
    if text:
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode("ascii"), True


def from_base64(text: str) -> bytes:
    """The bytes of a body that says isBase64Encoded. Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"the body is not base64: {error}") from error


def request_time(now: float) -> str:
    """As access logs have it: `09/Apr/2015:12:34:56 +0000`, in English on every machine."""
    return _second(int(now))


@lru_cache(maxsize=16)
def _second(now: int) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%d}/{MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"


def http_date(now: float) -> str:
    """A moment as headers have it (RFC 9110, section 5.6.7), in English on every machine."""
    return formatdate(int(now), usegmt=True)


def forwarded(headers: dict[str, str], peer: str, scheme: str, host: str) -> None:
    """Put in what every door tells of the connection: X-Forwarded-For, -Port and -Proto."""
    before = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{before}, {peer}" if before else peer
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else ""
    headers["x-forwarded-port"] = port or ("443" if scheme == "https" else "80")
    headers["x-forwarded-proto"] = scheme


def root_of(trace_id: str) -> str:
    """The Root of a trace header: what doors tell functions of it."""
    return trace_id.partition(";")[0]


def answered(headers: Iterable[tuple[str, str]], remapped: frozenset[str] = REMAPPED) -> list[tuple[str, str]]:
    """The headers of a function's answer as a client gets them: `remapped`, dropped, or as they are."""
    sent = []
    for name, value in headers:
        key = name.lower()
        if key in remapped:
            sent.append((f"x-amzn-Remapped-{name}", value))
        elif key not in DROPPED:
            sent.append((name, value))
    return sent


def header_text(value: object) -> str:
    """A header's value in a function's answer: text, a number or a truth value. Raises ValueError."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise ValueError(f"a header's value is {kind(value)}, not a string")


def header(name: str, value: object) -> tuple[str, str]:
    """A header of a function's answer. Raises ValueError for a name that is none (RFC 9110, section 5.1): a client
    would read the rest of the answer's head as its body."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name[:40]!r} is no name of a header")
    return name, header_text(value)


def merging(
    said: Mapping[str, Any], text: Callable[[object], str] = header_text
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What an answer's `headers` add to its `multiValueHeaders`, and these: both are sent, a pair that is in both once.
    `text` makes text of a value. Raises ValueError. Source:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
    """
    many = []
    for name, values in mapping(said.get("multiValueHeaders"), "multiValueHeaders").items():
        if not isinstance(values, list):
            raise ValueError(f"the header {name} of multiValueHeaders is no list")
        many += [header(name, text(value)) for value in values]
    known = {(name.lower(), value) for name, value in many}
    single = [header(name, text(value)) for name, value in mapping(said.get("headers"), "headers").items()]
    return [(name, value) for name, value in single if (name.lower(), value) not in known], many


def status_of(said: object) -> int:
    """A function's statusCode: a number, or one in a string. Raises ValueError."""
    if isinstance(said, str) and said.isascii() and said.isdigit():
        said = int(said[:9])
    elif isinstance(said, float) and said.is_integer():
        said = int(said)
    if not isinstance(said, int) or isinstance(said, bool) or not 200 <= said <= 599:
        raise ValueError(f"statusCode is {str(said)[:40]!r}, not a number from 200 to 599")
    return said


def mapping(said: object, name: str) -> Mapping[str, object]:
    """A member that is an object, or left out. Raises ValueError."""
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise ValueError(f"{name} is {kind(said)}, not an object")
    return said


def kind(value: object) -> str:
    """What a value is in JSON's words."""
    names = {"dict": "an object", "list": "a list", "str": "a string", "bool": "a truth value", "NoneType": "null"}
    return names.get(type(value).__name__, "a number")
