"""Load balancers: which rule takes a request, what a function is sent, what of its answer a client gets.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html (events, answers,
1 MB, base64), …/listener-rules.html (conditions: paths with case, hosts and headers without) and
…/load-balancer-troubleshooting.html (which fault is which status).
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import orjson

from lambent.http_events import alb_attributes, common
from lambent.http_events.payload_v2 import Malformed, Reply
from lambent.patterns import wildcard
from lambent.wire.site import SiteRequest

BODY_BYTES = 1 << 20
"""Of a request's body, and of a function's whole answer."""
LINE_BYTES, HEAD_BYTES = 16 << 10, 64 << 10
"""Of a request line or one header; of all headers."""
FORWARDED = 30
"""Addresses in X-Forwarded-For."""
IDLE_SECONDS = 60.0
"""Of `idle_timeout.timeout_seconds`, by default."""
CHECKER = "ELB-HealthChecker/2.0"
SERVER = ("Server", "awselb/2.0")
TITLES = {
    400: "400 Bad Request",
    404: "404 Not Found",
    405: "405 Not Allowed",
    413: "413 Request Entity Too Large",
    414: "414 Request-URI Too Large",
    463: "463",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}

ANSWERING = frozenset({"forward", "fixed-response", "redirect"})
"""The types of actions that answer: the last one of a rule."""

NO_ATTRIBUTES: Mapping[str, str] = {}

Condition = Mapping[str, Any]
Action = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How a target group has its function checked; times in seconds, `codes` as in "200,202" or "200-299"."""

    path: str = "/"
    interval: float = 35.0
    timeout: float = 30.0
    passes: int = 5
    failures: int = 2
    codes: str = "200"


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group of the type lambda: the function's ARN, "" while none is registered. `check` is None where health
    is not checked."""

    arn: str
    kind: str = "lambda"
    function: str = ""
    multi_value: bool = False
    check: HealthCheck | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions that must all be met, and what is done then. A default rule has none."""

    conditions: Sequence[Condition]
    actions: Sequence[Action]


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer as far as it is needed: the rules of one listener of it, in order, default last.

    `label` is what its DNS name begins with; after `idle_seconds` a client waits no more for an answer.
    """

    arn: str
    account: str
    region: str
    port: int
    protocol: str
    rules: Sequence[Rule]
    groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    label: str = ""
    listener: str = ""
    idle_seconds: float = IDLE_SECONDS
    attributes: Mapping[str, str] = field(default_factory=dict)
    listener_attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> frozenset[str]:
        """The ARNs of the target groups that its rules lead to."""
        return frozenset(arn for rule in self.rules for action in rule.actions for arn in _targets(action))


def page(status: int) -> Reply:
    """The page that a load balancer answers itself."""
    title = TITLES[status]
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return Reply(status, [SERVER, ("Content-Type", "text/html")], text.encode())


def oversized(request: SiteRequest) -> int:
    """The status that a request gets for the size of its line or headers, 0 for one that is taken:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html, which has
    414 for a URL that is too long, 400 for a line or header above 16 KB, and 463 for more than 30 addresses."""
    if common.line_length(request) > LINE_BYTES:
        return 414
    sizes = [len(name) + len(value) for name, value in request.headers]
    if sum(sizes) > HEAD_BYTES or max(sizes, default=0) > LINE_BYTES:
        return 400
    return 463 if request.named.get("x-forwarded-for", "").count(",") >= FORWARDED else 0


# --- rules


def chosen(balancer: Balancer, request: SiteRequest) -> Action | None:
    """The action of the first rule that takes a request, and of its actions the first that is to be done: what
    authenticates comes before what answers. None where there is no listener."""
    for rule in balancer.rules:
        if all(_is_met(condition, request) for condition in rule.conditions):
            before = (one for one in rule.actions if one.get("Type") not in ANSWERING)
            return next(before, rule.actions[-1]) if rule.actions else None
    return None


def _is_met(condition: Condition, request: SiteRequest) -> bool:
    met = _FIELDS.get(str(condition.get("Field")))
    return met is not None and met(condition, request)


def _values(condition: Condition, config: str) -> list[str]:
    return list((condition.get(config) or {}).get("Values") or condition.get("Values") or [])


def _host(condition: Condition, request: SiteRequest) -> bool:
    host = request.host.partition(":")[0]
    return any(_like(value, host, case=False) for value in _values(condition, "HostHeaderConfig"))


def _path(condition: Condition, request: SiteRequest) -> bool:
    return any(_like(value, request.path) for value in _values(condition, "PathPatternConfig"))


def _header(condition: Condition, request: SiteRequest) -> bool:
    config = condition.get("HttpHeaderConfig") or {}
    name = str(config.get("HttpHeaderName", "")).lower()
    sent = [value for key, value in request.headers if key.lower() == name]
    return any(_like(value, one, case=False) for value in config.get("Values", ()) for one in sent)


def _method(condition: Condition, request: SiteRequest) -> bool:
    return request.method in _values(condition, "HttpRequestMethodConfig")


def _query(condition: Condition, request: SiteRequest) -> bool:
    sent = [(name, value) for name, values in common.queries(request.query).items() for value in values]
    for wanted in (condition.get("QueryStringConfig") or {}).get("Values", ()):
        key, pattern = wanted.get("Key"), str(wanted.get("Value", ""))
        for name, value in sent:
            if (key is None or _like(str(key), name, case=False)) and _like(pattern, value, case=False):
                return True
    return False


def _source(condition: Condition, request: SiteRequest) -> bool:
    return any(_holds(value, request.peer) for value in _values(condition, "SourceIpConfig"))


def _holds(network: str, peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


_FIELDS: Mapping[str, Callable[[Condition, SiteRequest], bool]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-header": _header,
    "http-request-method": _method,
    "query-string": _query,
    "source-ip": _source,
}


def _like(pattern: str, text: str, *, case: bool = True) -> bool:
    """Whether a text has the form of a pattern with "*" and "?"; a backslash makes one of them a character."""
    return _compiled(pattern if case else pattern.lower()).fullmatch(text if case else text.lower()) is not None


@lru_cache(1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    between = [""]
    for part in re.findall(r"\\[*?]|\*+|.", pattern, re.DOTALL):
        if part[0] == "*":
            between.append("")
        else:
            between[-1] += "." if part == "?" else re.escape(part.removeprefix("\\"))
    return re.compile(wildcard(between), re.DOTALL)


def names(balancer: Balancer) -> list[str]:
    """The host names, or patterns of them, that its rules ask for: those of the user's. One without a literal label is
    nobody's."""
    conditions = [one for rule in balancer.rules for one in rule.conditions if one.get("Field") == "host-header"]
    said = [value for one in conditions for value in _values(one, "HostHeaderConfig")]
    return [value for value in said if re.search(r"\.[A-Za-z0-9-]+\.[A-Za-z0-9-]+$|^[A-Za-z0-9.-]+$", value)]


def is_named(balancer: Balancer, host: str) -> bool:
    """Whether a host name, in lower case and without its port, is one of those."""
    return any(_like(value, host, case=False) for value in names(balancer))


# --- actions


def target_of(action: Action, draw: float) -> str:
    """The ARN of the target group that a `forward` leads to, by weights; `draw` is from 0 up to, but not, 1."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    weighted = [(str(one["TargetGroupArn"]), _number(one.get("Weight"), 1)) for one in groups]
    total = sum(weight for _, weight in weighted)
    at = draw * total
    for arn, weight in weighted:
        if at < weight:
            return arn
        at -= weight
    return str(action.get("TargetGroupArn") or (weighted[0][0] if weighted and total else ""))


def _targets(action: Action) -> list[str]:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    arns = [str(one["TargetGroupArn"]) for one in groups]
    return arns or ([str(action["TargetGroupArn"])] if action.get("TargetGroupArn") else [])


def _number(said: object, otherwise: int) -> int:
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


def fixed(action: Action) -> Reply:
    """A `fixed-response`."""
    config = action.get("FixedResponseConfig") or {}
    headers = [SERVER, ("Content-Type", str(config.get("ContentType") or "text/plain; charset=utf-8"))]
    return Reply(_number(config.get("StatusCode"), 503), headers, str(config.get("MessageBody") or "").encode())


def redirect(action: Action, request: SiteRequest, port: int) -> Reply:
    """A `redirect`: what it leaves out stays as it was asked. `port` is the listener's."""
    config = action.get("RedirectConfig") or {}
    parts = {
        "protocol": request.scheme.upper(),
        "host": request.host.partition(":")[0],
        "port": str(port),
        "path": request.path.lstrip("/"),
        "query": request.query,
    }
    defaults = {
        "Protocol": "#{protocol}",
        "Host": "#{host}",
        "Port": "#{port}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }

    def filled(name: str) -> str:
        text = str(config.get(name) if config.get(name) is not None else defaults[name])
        return re.sub(r"#\{(protocol|host|port|path|query)\}", lambda found: parts[found[1]], text)

    scheme, query = filled("Protocol").lower(), filled("Query")
    location = f"{scheme}://{filled('Host')}:{filled('Port')}{quote(filled('Path'), safe='/%:@!$&()*+,;=~')}"
    status = _number(str(config.get("StatusCode")).rpartition("_")[2], 302)
    headers = [SERVER, ("Content-Type", "text/html"), ("Location", f"{location}?{query}" if query else location)]
    return Reply(status, headers)


# --- functions


def event(
    request: SiteRequest, group: TargetGroup, trace_id: str, port: int, attributes: Mapping[str, str] = NO_ATTRIBUTES
) -> bytes:
    """The event, as JSON. `port` is the listener's, `attributes` are the load balancer's. Of what is sent several times
    the last one counts, unless the target group has multi-value headers."""
    common_headers: dict[str, str] = {}
    common.forwarded(common_headers, request.peer, request.scheme, "")
    named = common.multiple(alb_attributes.received(request.headers, attributes))
    before = ", ".join(named.pop("x-forwarded-for", ()))
    added = common_headers | {"x-forwarded-port": str(port)}
    told = alb_attributes.forwarded_for(before, request.peer, attributes)
    if told is None:
        del added["x-forwarded-for"]
    else:
        added["x-forwarded-for"] = told
    named |= {name: [value] for name, value in added.items()}
    named.setdefault("x-amzn-trace-id", [common.root_of(trace_id)])
    queries = common.queries(request.query, decoded=False)
    document: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if group.multi_value:
        document |= {"multiValueQueryStringParameters": queries, "multiValueHeaders": named}
    else:
        document["queryStringParameters"] = {name: values[-1] for name, values in queries.items()}
        document["headers"] = {name: values[-1] for name, values in named.items()}
    text = "content-encoding" not in named and common.is_text(named.get("content-type", [""])[-1])
    body, encoded = common.body_of(request.body, text) if request.body else ("", False)
    return orjson.dumps(document | {"body": body, "isBase64Encoded": encoded})


def health_event(group: TargetGroup, path: str) -> bytes:
    """What a health check sends, as documented: the path may have a query."""
    place, _, query = path.partition("?")
    queries = common.queries(query, decoded=False)
    document: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": "GET",
        "path": place or "/",
    }
    if group.multi_value:
        document |= {"multiValueQueryStringParameters": queries, "multiValueHeaders": {"user-agent": [CHECKER]}}
    else:
        document["queryStringParameters"] = {name: values[-1] for name, values in queries.items()}
        document["headers"] = {"user-agent": CHECKER}
    return orjson.dumps(document | {"body": "", "isBase64Encoded": False})


def is_wanted(status: int, codes: str) -> bool:
    """Whether a status is one of "200,202" or "200-299"."""
    for part in codes.split(","):
        low, _, high = part.strip().partition("-")
        if _number(low, 1000) <= status <= _number(high or low, -1):
            return True
    return False


def reply(payload: bytes, group: TargetGroup) -> Reply:
    """The HTTP answer of what a function returned. Raises Malformed."""
    if len(payload) > BODY_BYTES:
        raise Malformed(f"the answer has {len(payload)} bytes, more than {BODY_BYTES}")
    try:
        said = orjson.loads(payload)
        if not isinstance(said, Mapping) or "statusCode" not in said:
            raise ValueError("the answer is no object with a statusCode")
        return Reply(common.status_of(said["statusCode"]), [SERVER, *_headers(said, group)], _body(said))
    except ValueError as error:
        raise Malformed(str(error)) from error


def _headers(said: Mapping[str, Any], group: TargetGroup) -> list[tuple[str, str]]:
    if not group.multi_value:
        given = [common.header(name, one) for name, one in common.mapping(said.get("headers"), "headers").items()]
    else:
        given = []
        for name, values in common.mapping(said.get("multiValueHeaders"), "multiValueHeaders").items():
            if not isinstance(values, list):
                raise ValueError(f"multiValueHeaders has {common.kind(values)} for {name}, not a list")
            given += [common.header(name, one) for one in values]
    dropped = common.DROPPED | {"connection", "content-length", "date", "server"}
    return [(name, value) for name, value in given if name.lower() not in dropped]


def _body(said: Mapping[str, Any]) -> bytes:
    """Left out it is empty; null is malformed (https://github.com/kdgregory/example-lambda-java/issues/11)."""
    body = said.get("body", "")
    if not isinstance(body, str):
        raise ValueError(f"body is {common.kind(body)}, not a string")
    return common.from_base64(body) if said.get("isBase64Encoded") is True else body.encode("utf-8", "surrogatepass")
