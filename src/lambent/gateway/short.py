"""The short road of Invoke: the same answer as the chain's, without parsing by the model and without a task.

It takes a request only when everything about it is ordinary (a plain function name, one qualifier at most,
RequestResponse or Event, a payload that is JSON and within the limit, an active function); every other request goes
through the chain, which knows all the errors. A test proves that both roads give the same bytes.
"""

import base64
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import orjson

from lambent.gateway.hosts import Hosts
from lambent.gateway.listener import Respond
from lambent.model import lineage, names
from lambent.model.async_event import NewEvent
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome
from lambent.model.scope import Scope
from lambent.wire.http import Request, Response

_QUALIFIER = r"[A-Za-z0-9_-]{1,128}|(?:\$|%24)LATEST"
PATH = re.compile(rf"/2015-03-31/functions/([A-Za-z0-9_-]{{1,64}})(?:(?::|%3A)({_QUALIFIER}))?/invocations")
QUERY = re.compile(rf"Qualifier=({_QUALIFIER})")
CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/lambda/aws4_request")
UNUSUAL = frozenset(
    {
        *("x-amz-client-context", "x-amz-tenant-id", "x-amz-durable-execution-name", "expect"),
        *("origin", "sec-fetch-site"),  # a page asks
    }
)

EVENT = "Event"
EVENT_HEAD = "Content-Type: application/octet-stream\r\n"
KINDS = ("RequestResponse", EVENT)

Accept = Callable[[NewEvent, Callable[[Exception | None], None]], None]
"""Put an event into the queue; calls back when it is on disk, or with the reason why not."""
Submit = Callable[[FunctionVersion, Invocation, Callable[[Outcome | Exception], None]], None]


class Functions(Protocol):
    """Where the version to run is looked up, with the ARN of what was asked for; None when it is missing or not
    active."""

    def __call__(self, scope: Scope, name: str, qualifier: str | None) -> tuple[FunctionVersion, str] | None: ...


@dataclass(frozen=True, slots=True)
class ShortRoad:
    """`request_bytes` is the limit on the payload, `event_bytes` that of an event; `fail` makes the answer to an error
    of ours; `account_of`, `trace_of` and `hosts` as in the chain's Gateway; `may` tells whether it is known that a key
    may invoke an ARN, for what came by the socket of an environment (its key, "" for none); `record` answers the trace
    header for a function that traces, with the decision whether it is recorded; `again` the id of an event that runs
    again in a trial, by its trace header."""

    functions: Functions
    submit: Submit
    account_of: Callable[[str], str]
    new_id: Callable[[], str]
    trace_id: Callable[[str], str]
    fail: Callable[[str, Exception], Response]
    request_bytes: int
    accept: Accept
    event_bytes: int
    trace_of: Callable[[str], str | None]
    hosts: Hosts
    may: Callable[[str, str, str], bool] = lambda _access_key, _arn, _inside: True
    record: Callable[[FunctionVersion, str | None, str], str] = lambda _function, given, _request_id: given or ""
    again: Callable[[str], str] = lambda _trace: ""

    def __call__(self, request: Request, respond: Respond) -> bool:
        found = self._ordinary(request)
        if found is None:
            return False
        function, arn, access_key = found
        headers = request.headers
        given = headers.get("x-amzn-trace-id") or self.trace_of(access_key)
        event = headers.get("x-amz-invocation-type") == EVENT
        request_id = (self.again(given) if given else "") or self.new_id()
        if function.traced:
            given = self.record(function, given, request_id)
        if event:
            trace_id = given or self.trace_id(request_id)
            qualifier = arn.removeprefix(function.arn)[1:]
            payload = request.body or b"{}"
            self._put(NewEvent(function.scope, function.name, qualifier, request_id, payload, trace_id), respond)
            return True
        if given and lineage.is_begun(given):
            trace_id, _, rounds = lineage.advance(given, function.arn)
            if rounds >= lineage.ROUNDS:
                return False
        else:
            trace_id = lineage.first(given or self.trace_id(request_id), function.arn)
        tail = headers.get("x-amz-log-type") == "Tail"

        def answer(outcome: Outcome | Exception) -> None:
            if isinstance(outcome, Exception):
                respond(self.fail(request_id, outcome))
            else:
                respond(_response(outcome, request_id, trace_id, function.version, tail))

        invocation = Invocation(request_id, request.body or b"{}", arn, trace_id)
        try:
            self.submit(function, invocation, answer)
        except Exception as error:
            respond(self.fail(request_id, error))
        return True

    def _put(self, event: NewEvent, respond: Respond) -> None:
        def done(error: Exception | None) -> None:
            if error is None:
                head = f"x-amzn-RequestId: {event.request_id}\r\n{EVENT_HEAD}"
                respond(Response(202, [], b"", head.encode("latin-1")))
            else:
                respond(self.fail(event.request_id, error))

        self.accept(event, done)

    def _ordinary(self, request: Request) -> tuple[FunctionVersion, str, str] | None:
        """The version to run, the ARN asked for and the caller's access key, if this road takes the request."""
        if request.method != "POST" or request.file is not None:
            return None
        path = _path(request.path)
        headers = request.headers
        credential = CREDENTIAL.match(headers.get("authorization", ""))
        if path is None or credential is None or not self.hosts.is_endpoint(headers.get("host")):
            return None
        if request.inside and request.inside != credential[1]:
            return None
        kind = headers.get("x-amz-invocation-type", "RequestResponse")
        if kind not in KINDS or (kind == EVENT and len(request.body) > self.event_bytes):
            return None
        if headers.get("x-amz-log-type", "None") not in {"None", "Tail"}:
            return None
        if not UNUSUAL.isdisjoint(headers) or not self._plain_payload(request.body):
            return None
        scope = Scope(self.account_of(credential[1]), credential[2])  # a region that is none has no functions
        qualifier = None
        if request.query or path[2] is not None:
            qualifier = _one_qualifier(path[1], path[2], request.query)
            if qualifier is None:
                return None
        found = self.functions(scope, path[1], qualifier)
        if found is None or not self.may(credential[1], found[1], request.inside):
            return None
        return (*found, credential[1])

    def _plain_payload(self, body: bytes) -> bool:
        if not body:
            return True
        if len(body) > self.request_bytes:
            return False
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError:
            return False
        return True


@functools.lru_cache(4_096)
def _path(path: str) -> re.Match[str] | None:
    """What `PATH` finds in it: who invokes at a high rate names few functions."""
    return PATH.fullmatch(path) if len(path) < 512 else None


def _one_qualifier(name: str, in_name: str | None, query: str) -> str | None:
    """The qualifier, if it is sent once and the name before it is nothing but a name."""
    if in_name is None:
        found = QUERY.fullmatch(query)
        return found[1].replace("%24", "$") if found else None
    qualifier = in_name.replace("%24", "$")
    said = names.parse(f"{name}:{qualifier}")  # "function:f" and "us-east-1:f" have no qualifier
    return qualifier if said.qualifier and not query else None


def _response(outcome: Outcome, request_id: str, trace_id: str, version: str, tail: bool) -> Response:
    error = f"X-Amz-Function-Error: {outcome.error}\r\n" if outcome.error is not None else ""
    log_tail = f"X-Amz-Log-Result: {base64.b64encode(outcome.log_tail).decode('ascii')}\r\n" if tail else ""
    head = (
        f"Content-Type: application/json\r\nx-amzn-RequestId: {request_id}\r\n{error}{log_tail}"
        f"X-Amz-Executed-Version: {version}\r\nx-amzn-Remapped-Content-Length: 0\r\nX-Amzn-Trace-Id: {trace_id}\r\n"
    )
    return Response(200, [], outcome.payload, head.encode("latin-1"))
