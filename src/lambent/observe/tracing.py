"""The segments that Lambda makes of an invocation that is recorded.

One of the service (AWS::Lambda) and one of the function (AWS::Lambda::Function) with subsegments Initialization (or
Restore), Invocation and Overhead. Of an asynchronous event the service's has Dwell Time and each Attempt.
Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html;
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html (their members);
https://docs.aws.amazon.com/xray/latest/devguide/xray-tracelinking.html (links). What a service's segment says of a
function error (status 502) is not documented.
"""

import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from lambent.engine.traces.sampling import Sampler
from lambent.model import trace
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation
from lambent.model.trace import Accepted, Segment, Traced
from lambent.observe.traces import Make

MOST_LINKS = 20
"""Messages of a batch whose traces are linked."""
MOST_WAITING = 10_000
"""Invocations whose segments are still to be made."""
LONGEST_MESSAGE = 2_000
CLOSE_SECONDS = 0.001
"""Clocks that differ by less are one."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An invocation that has ended. Times are seconds since 1970; `init` are those of the Init phase before it, if
    it is the first; `responded` is 0 when there was no response. `payload` is that of an error."""

    function: FunctionVersion
    invocation: Invocation
    started: float
    ended: float
    responded: float = 0.0
    init: tuple[float, float] | None = None
    restored: bool = False
    failed: bool = False
    payload: bytes = b""
    throttled: bool = False


class Tracing:
    """`wall` answers seconds since 1970 by the platform's clock, `real` by the machine's, by which environments go;
    `make` takes what makes documents a moment later."""

    def __init__(
        self, sampler: Sampler, wall: Callable[[], float], real: Callable[[], float], make: Callable[[Make], None]
    ) -> None:
        self._sampler = sampler
        self._wall = wall
        self._real = real
        self._make = make
        self._waiting: list[Ended] = []

    def header(self, function: FunctionVersion, given: str | None, request_id: str) -> str:
        """The header of a request for a function that traces: who called decides whether it is recorded, or we."""
        if given and trace.UNSAMPLED in given:
            return given
        return self.decided(function.arn, given, request_id)

    def decided(self, arn: str, given: str | None, request_id: str) -> str:
        """The same for whatever has that ARN."""
        if given and trace.is_decided(given):
            return given
        sampled = self._sampler.takes(arn)
        if given:
            return trace.decided(given, sampled)
        return f"{trace.root_of(request_id, self._wall())};{trace.SAMPLED if sampled else trace.UNSAMPLED}"

    def begin(self, function: FunctionVersion, invocation: Invocation) -> Invocation:
        """`invocation` with the ids of its segments, if it is recorded."""
        header = self.header(function, invocation.trace_id, invocation.request_id)
        said = trace.read(header) if trace.SAMPLED in header else None
        if said is None or not said.root:
            return invocation if header is invocation.trace_id else invocation._replace(trace_id=header)
        parts = secrets.token_hex(24)
        service = _lasting(invocation.request_id) if invocation.accepted else parts[:16]
        within = parts[32:]
        traced = Traced(said.root, said.parent, service, parts[16:32], within, self._real())
        return invocation._replace(traced=traced, trace_id=trace.beneath(header, within))

    def refused(self, function: FunctionVersion, invocation: Invocation) -> None:
        """It found no place to run."""
        now = self._real()
        if invocation.traced is not None:
            self.ended(Ended(function, invocation, now, now, throttled=True))

    def ended(self, ended: Ended) -> None:
        """Its segments are made a moment later."""
        ended = _shifted(ended, self._wall() - self._real())
        waiting = self._waiting
        if not waiting:
            self._make(self._documents)
        if len(waiting) < MOST_WAITING:
            waiting.append(ended)

    def _documents(self) -> Iterator[Segment]:
        waiting, self._waiting = self._waiting, []
        for ended in waiting:
            for document in segments(ended):
                yield Segment(ended.function.scope, orjson.dumps(document))


def _shifted(ended: Ended, seconds: float) -> Ended:
    """The same on a clock that is ahead by so many seconds."""
    if abs(seconds) < CLOSE_SECONDS:
        return ended
    init = ended.init and (ended.init[0] + seconds, ended.init[1] + seconds)
    responded = ended.responded and ended.responded + seconds
    started, over = ended.started + seconds, ended.ended + seconds
    traced = ended.invocation.traced
    moved = traced and replace(traced, received=traced.received + seconds)
    invocation = ended.invocation._replace(traced=moved)
    return replace(ended, invocation=invocation, started=started, ended=over, responded=responded, init=init)


def segments(ended: Ended) -> Iterator[dict[str, Any]]:
    """The documents of an invocation."""
    traced, accepted = ended.invocation.traced, ended.invocation.accepted
    assert traced is not None
    yield _of_service(ended, traced, accepted)
    if not ended.throttled:
        yield _of_function(ended, traced)


def _of_service(ended: Ended, traced: Traced, accepted: Accepted | None) -> dict[str, Any]:
    status = 429 if ended.throttled else 502 if ended.failed else 200
    links = _links(ended.invocation.links, traced.root)
    flags = {"throttle": True, "error": True} if ended.throttled else {"fault": True} if ended.failed else {}
    return {
        "id": traced.service,
        "trace_id": traced.root,
        **({"parent_id": traced.parent} if traced.parent else {}),
        "name": ended.function.name,
        "start_time": accepted.at if accepted else traced.received,
        "end_time": ended.ended,
        "http": {"response": {"status": 202 if accepted else status}},
        "aws": {"request_id": ended.invocation.request_id},
        "origin": "AWS::Lambda",
        "resource_arn": ended.function.arn,
        **({} if accepted else flags),
        **({"links": links} if links else {}),
        **({"subsegments": _attempts(ended, traced, accepted, status, flags)} if accepted else {}),
    }


def _attempts(
    ended: Ended, traced: Traced, accepted: Accepted, status: int, flags: dict[str, bool]
) -> list[dict[str, Any]]:
    """Documents of later attempts have the same id, so that all are in one segment."""
    began = ended.started if ended.started else traced.received
    attempt = {
        "id": _lasting(f"{ended.invocation.request_id} {accepted.attempt}"),
        "name": f"Attempt #{accepted.attempt}",
        "start_time": began,
        "end_time": ended.ended,
        "http": {"response": {"status": status}},
        **flags,
    }
    if accepted.attempt > 1:
        return [attempt]
    dwell = {"id": _lasting(f"{ended.invocation.request_id} dwell"), "name": "Dwell Time"}
    return [dwell | {"start_time": accepted.at, "end_time": max(began, accepted.at)}, attempt]


def _of_function(ended: Ended, traced: Traced) -> dict[str, Any]:
    function = ended.function
    parts = list(_parts(ended, traced))
    waited = ended.init is not None and ended.init[1] >= traced.received
    fault = {"fault": True, "cause": cause(ended.payload)} if ended.failed else {}
    return {
        "id": traced.function,
        "trace_id": traced.root,
        "parent_id": traced.service,
        "name": function.name,
        "start_time": min(ended.started, ended.init[0]) if ended.init and waited else ended.started,
        "end_time": ended.ended,
        "aws": {
            "account_id": function.scope.account,
            "function_arn": function.arn,
            "resource_names": [function.name],
        },
        "origin": "AWS::Lambda::Function",
        **fault,
        "subsegments": parts,
    }


def _parts(ended: Ended, traced: Traced) -> Iterable[dict[str, Any]]:
    about = {"aws": {"function_arn": ended.function.arn}}
    if ended.init is not None:
        start, end = ended.init
        name = "Restore" if ended.restored else "Initialization"
        yield {"id": _lasting(traced.invocation), "name": name, "start_time": start, "end_time": end, **about}
    until = ended.responded or ended.ended
    fault = {"fault": True} if ended.failed else {}
    invocation = {"id": traced.invocation, "name": "Invocation", "start_time": ended.started, "end_time": until}
    yield invocation | fault | about
    if ended.responded:
        overhead = {"id": _lasting(traced.function), "name": "Overhead"}
        yield overhead | {"start_time": ended.responded, "end_time": ended.ended} | about


def cause(payload: bytes) -> dict[str, Any]:
    """What an error's payload says, as X-Ray has it."""
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        said = {}
    text = str(said.get("errorMessage") or "")[:LONGEST_MESSAGE]
    kind = str(said.get("errorType") or "Error")[:LONGEST_MESSAGE]
    exception = {"id": f"{zlib.crc32(payload):016x}", "type": kind, "message": text}
    return {"working_directory": "/var/task", "exceptions": [exception]}


def _links(headers: Iterable[str], own: str) -> list[dict[str, Any]]:
    """To the traces of messages, where they are recorded: this trace is a child of theirs."""
    found = dict.fromkeys(trace.read(header) for header in headers)
    return [
        {"trace_id": one.root, "id": one.parent, "attributes": {"reference_type": "parent"}}
        for one in found
        if one.sampled and one.root not in ("", own) and one.parent
    ][:MOST_LINKS]


def _lasting(text: str) -> str:
    """A segment's id that is the same each time."""
    return trace.lasting_id(text, 7)
