"""The Telemetry API and the Logs API: what is subscribed to, and what a subscriber's records look like.

Pure. `parse` makes a `Subscription` of a request's body or says why not; `rendered` makes of an event what a subscriber
gets for it. When records go is `telemetry_buffer`, as which bytes `telemetry_wire`.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html and
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html. AWS documents two
texts of refusals ("URI port is not provided", "types should not be empty"); the others are worded after them.
"""

import enum
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from lambent.runtime_api.conversation import Refusal

IDENTIFIER = "lambda-extension-identifier"
HOSTS = ("sandbox.localdomain", "sandbox")
"""The environment, as it is called inside it."""
RESERVED_PORT = 9001
TYPES = ("platform", "function", "extension")

OK = b'"OK"'


class Api(enum.Enum):
    """Which of the two; the value is the prefix of its error types and its name in their texts."""

    TELEMETRY = "Telemetry"
    LOGS = "Logs"

    @property
    def validation_error(self) -> str:
        """As in AWS's examples."""
        return "ValidationError" if self is Api.TELEMETRY else "Logs.ValidationError"


PATHS = {
    "/2022-07-01/telemetry": Api.TELEMETRY,
    "/2022-07-01/telemetry/": Api.TELEMETRY,
    "/2020-08-15/logs": Api.LOGS,
    "/2020-08-15/logs/": Api.LOGS,
}

SCHEMAS = {Api.TELEMETRY: ("2022-07-01", "2022-12-13", "2025-01-29"), Api.LOGS: ("2020-08-15", "2021-03-18")}
OBJECT_RECORDS = ("2022-12-13", "2025-01-29")
"""Schema versions in which a line of a function that logs in JSON is an object."""
RUNTIME_DONE = "2021-03-18"
"""The first schema version of the Logs API that has platform.runtimeDone."""

LOGS_ONLY = ("platform.end", "platform.fault", "platform.logsSubscription")
LOGS_KINDS = (
    *LOGS_ONLY, "platform.start", "platform.report", "platform.extension", "platform.logsDropped", "function",
    "extension",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one member of `buffering`."""

    minimum: int
    maximum: int
    default: int


BUFFERING = {
    "maxItems": Limits(1_000, 10_000, 10_000),
    "maxBytes": Limits(262_144, 1_048_576, 262_144),
    "timeoutMs": Limits(25, 30_000, 1_000),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an extension has asked for. `method` is "" for TCP; `timeout` is in seconds."""

    api: Api
    schema: str
    types: tuple[str, ...]
    port: int
    method: str
    path: str
    max_items: int
    max_bytes: int
    timeout: float


def closed(api: Api) -> Refusal:
    """The Init phase is over."""
    return Refusal(403, f"{api.value}.SubscriptionClosed", f"{api.value} API subscription is closed already")


def other_api(api: Api) -> Refusal:
    """The extension has subscribed to the other API."""
    return Refusal(400, api.validation_error, "the extension is subscribed to the other of Telemetry API and Logs API")


def parse(api: Api, body: bytes) -> Subscription | Refusal:
    """The subscription that `body` asks for."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return Refusal(400, api.validation_error, f"failed to parse JSON: {error}")
    if not isinstance(asked, dict):
        return Refusal(400, api.validation_error, "the body should be a JSON object")
    problems: list[str] = []
    destination = _destination(api, asked.get("destination"), problems)
    types = _types(asked.get("types"), problems)
    schema = _schema(api, asked.get("schemaVersion"), problems)
    buffering = _buffering(asked.get("buffering"), problems)
    if problems:
        return Refusal(400, api.validation_error, "; ".join(problems))
    port, method, path = destination
    items, size, milliseconds = (buffering[name] for name in BUFFERING)
    return Subscription(api, schema, types, port, method, path, items, size, milliseconds / 1000)


def _destination(api: Api, asked: Any, problems: list[str]) -> tuple[int, str, str]:
    """Port, method ("" for TCP) and path."""
    destination = asked if isinstance(asked, dict) else {}
    protocol = destination.get("protocol")
    if protocol not in ("HTTP", "TCP"):
        problems.append("destination protocol should be HTTP or TCP")
        return 0, "", ""
    if protocol == "TCP" and "URI" not in destination:
        port = destination.get("port")
        _check_port(port, problems)
        return (port if isinstance(port, int) else 0), "", ""
    port, path = _address(destination.get("URI"), protocol, problems)
    method = destination.get("method", "POST") if api is Api.LOGS else "POST"
    if method not in ("POST", "PUT"):
        problems.append("destination method should be POST or PUT")
    return port, ("" if protocol == "TCP" else str(method)), path


def _address(uri: Any, protocol: str, problems: list[str]) -> tuple[int, str]:
    try:
        parts = urlsplit(uri if isinstance(uri, str) else "")
        port = parts.port
    except ValueError:
        problems.append("URI is not valid")
        return 0, ""
    if not parts.hostname:
        problems.append("URI is not provided")
        return 0, ""
    if parts.scheme.upper() != protocol:
        problems.append(f"URI scheme should be {protocol.lower()}")
    if parts.hostname not in HOSTS:
        problems.append(f"URI host should be {HOSTS[0]}")
    _check_port(port, problems)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(not "!" <= mark <= "~" for mark in target):
        problems.append("URI is not valid")
    return port or 0, target


def _check_port(port: Any, problems: list[str]) -> None:
    if port is None:
        problems.append("URI port is not provided")
    elif not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65_536:
        problems.append("port should be between 1 and 65535")
    elif port == RESERVED_PORT:
        problems.append(f"port {RESERVED_PORT} is reserved")


def _types(asked: Any, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(asked, list) or not asked:
        problems.append("types should not be empty")
        return ()
    if any(one not in TYPES for one in asked):
        problems.append(f"types should be of {', '.join(TYPES)}")
    return tuple(dict.fromkeys(str(one) for one in asked))


def _schema(api: Api, asked: Any, problems: list[str]) -> str:
    versions = SCHEMAS[api]
    if asked is None and api is Api.LOGS:
        return versions[0]
    if asked not in versions:
        problems.append(f"schemaVersion should be {' or '.join(versions)}")
    return str(asked)


def _buffering(asked: Any, problems: list[str]) -> dict[str, int]:
    """Every member, with AWS's defaults for those that are not there."""
    members = asked if isinstance(asked, dict) else {}
    if asked is not None and not isinstance(asked, dict):
        problems.append("buffering should be an object")
    found = {}
    for name, limits in BUFFERING.items():
        value = members.get(name, limits.default)
        if not isinstance(value, int) or isinstance(value, bool) or not limits.minimum <= value <= limits.maximum:
            problems.append(f"{name} should be between {limits.minimum} and {limits.maximum}")
            value = limits.default
        found[name] = value
    return found


def rendered(subscription: Subscription, time: str, kind: str, record: dict[str, Any] | str) -> bytes | None:
    """What the subscriber gets for an event, as JSON; None if it is none of what it asked for.

    `kind` is "function" or "extension" for a line, else the type of a platform event.
    """
    if kind.partition(".")[0] not in subscription.types:
        return None
    if subscription.api is Api.LOGS:
        return _logs_form(subscription, time, kind, record)
    if kind in LOGS_ONLY:
        return None
    if isinstance(record, str) and subscription.schema in OBJECT_RECORDS and _is_object(record):
        return orjson.dumps({"time": time, "type": kind, "record": orjson.Fragment(record.rstrip("\n"))})
    return orjson.dumps({"time": time, "type": kind, "record": record})


def _logs_form(subscription: Subscription, time: str, kind: str, record: dict[str, Any] | str) -> bytes | None:
    """The Logs API knows fewer kinds, and no status, spans or errors in them."""
    if kind == "platform.runtimeDone" and subscription.schema == RUNTIME_DONE and isinstance(record, dict):
        status = "failure" if record["status"] == "error" else record["status"]
        record = {"requestId": record["requestId"], "status": status}
    elif kind not in LOGS_KINDS:
        return None
    elif kind == "platform.report" and isinstance(record, dict):
        record = {name: record[name] for name in ("requestId", "metrics", "tracing") if name in record}
    return orjson.dumps({"time": time, "type": kind, "record": record})


def _is_object(line: str) -> bool:
    """Whether a line is a JSON object, which it then stays."""
    if not line.startswith("{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
