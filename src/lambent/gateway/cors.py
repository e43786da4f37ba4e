"""Which pages of the web may ask, and what the browser is told: the rules of a bucket, and the setting `origins`.

Sources: https://fetch.spec.whatwg.org/#http-cors-protocol, and for a bucket's rules
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html and API_CORSRule.html of S3's reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambent.wire.fault import Fault
from lambent.wire.parse_xml import Element, root_of

Headers = list[tuple[str, str]]

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH")
EXPOSED = ("ETag", "x-amzn-RequestId", "x-amzn-ErrorType", "x-amz-request-id", "x-amz-id-2", "Date")
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a bucket: an origin or a header's name may hold one "*"; `max_age` is in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: str = ""

    def admits(self, origin: str, method: str, headers: Sequence[str] = ()) -> bool:
        """Whether a page of that origin may send such a request with those headers (lower case)."""
        allowed = [name.lower() for name in self.headers]
        return (
            method in self.methods
            and any(_matches(pattern, origin) for pattern in self.origins)
            and all(any(_matches(pattern, name) for pattern in allowed) for name in headers)
        )


def wanted(headers: Mapping[str, str], method: str) -> tuple[str, tuple[str, ...]]:
    """The method that a request is about, and the headers: those that a preflight asks for, or its own."""
    if method != "OPTIONS":
        return method, ()
    names = headers.get("access-control-request-headers", "").lower().split(",")
    return headers.get("access-control-request-method", ""), tuple(name.strip() for name in names if name.strip())


def listed(origin: str) -> Rule:
    """The rule for an origin that the setting lists: everything."""
    return Rule((origin,), METHODS, ("*",), EXPOSED, "600")


def told(rule: Rule, headers: Mapping[str, str]) -> Headers:
    """What the browser is told of a request that a rule admits."""
    everybody = "*" in rule.origins
    answer = [("Access-Control-Allow-Origin", "*" if everybody else headers["origin"])]
    if not everybody:
        answer.append(("Access-Control-Allow-Credentials", "true"))
    answer.append(("Access-Control-Allow-Methods", ", ".join(rule.methods)))
    if "access-control-request-headers" in headers:
        answer.append(("Access-Control-Allow-Headers", headers["access-control-request-headers"]))
    if rule.exposed:
        answer.append(("Access-Control-Expose-Headers", ", ".join(rule.exposed)))
    if rule.max_age:
        answer.append(("Access-Control-Max-Age", rule.max_age))
    return [*answer, ("Vary", VARY)]


def read_rules(document: bytes) -> list[Rule]:
    """The rules in what S3's GetBucketCors answers; none in anything else."""
    try:
        root = root_of(document)
    except Fault:
        return []
    return [_rule(element) for element in root if _name(element) == "CORSRule"]


def _rule(element: Element) -> Rule:
    def values(name: str) -> tuple[str, ...]:
        return tuple((child.text or "").strip() for child in element if _name(child) == name)

    return Rule(
        values("AllowedOrigin"),
        values("AllowedMethod"),
        values("AllowedHeader"),
        values("ExposeHeader"),
        next(iter(values("MaxAgeSeconds")), ""),
    )


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _matches(pattern: str, text: str) -> bool:
    """Each part is found where it comes first, and never looked for again: no pattern takes long."""
    first, *more = pattern.split("*")
    if not more:
        return pattern == text
    at = len(first)
    for part in more[:-1]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return text.startswith(first) and text.endswith(more[-1]) and at + len(more[-1]) <= len(text)
