"""What Lambda says of invocations, and the daemon that functions find."""

import asyncio
import base64
import socket
from collections.abc import Callable
from typing import Any

import orjson

from lambent.engine.traces.sampling import Sampler
from lambent.environments.xray_daemon import A_SECOND, Takers, XRayDaemon
from lambent.model import trace
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation
from lambent.model.scope import Scope
from lambent.model.trace import Accepted
from lambent.observe.traces import Make
from lambent.observe.tracing import Ended, Tracing

NOW = 1_790_000_000.0
ID = "0b5e2e5c-27a5-4c4c-9c0c-3f3c1c2a7b11"
FUNCTION = FunctionVersion(Scope("111111111111"), "f", "$LATEST", "python3.13", "a.b", "00", "role", "r1", traced=True)
HEAD = b'{"format": "json", "version": 1}\n'


class Kit:
    def __init__(self, ahead: float = 0.0) -> None:
        self.made: list[Make] = []
        self.tracing = Tracing(Sampler(lambda: NOW, lambda: 0.9), lambda: NOW + ahead, lambda: NOW, self.made.append)

    def documents(self) -> list[dict[str, Any]]:
        return [orjson.loads(one.document) for make in self.made for one in make()]


def invocation(header: str, **more: Any) -> Invocation:
    return Invocation(ID, b"{}", FUNCTION.arn, header, **more)


def test_who_calls_decides_and_else_the_first_of_a_second_is_recorded() -> None:
    tracing = Kit().tracing
    given = "Root=1-5759e988-bd862e3fe1be46a994272793"
    assert tracing.header(FUNCTION, f"{given};Sampled=0", ID) == f"{given};Sampled=0"
    assert tracing.header(FUNCTION, f"{given};Sampled=?;Lineage=1:a:0", ID) == f"{given};Sampled=1;Lineage=1:a:0"
    made = tracing.header(FUNCTION, None, ID)
    assert made.startswith(f"Root=1-{int(NOW):08x}-") and made.endswith(";Sampled=0")


def test_an_invocation_has_a_segment_of_the_service_and_one_of_the_function() -> None:
    kit = Kit()
    parent = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a:0"
    begun = kit.tracing.begin(FUNCTION, invocation(parent))
    kit.tracing.ended(Ended(FUNCTION, begun, NOW + 1, NOW + 3, NOW + 2, (NOW, NOW + 1)))
    service, function = kit.documents()
    assert (service["origin"], service["parent_id"], service["http"]) == (
        "AWS::Lambda", "53995c3f42cd8ad8", {"response": {"status": 200}},
    )  # fmt: skip
    assert function["parent_id"] == service["id"]
    told = [(one["name"], one["start_time"] - NOW, one["end_time"] - NOW) for one in function["subsegments"]]
    assert told == [("Initialization", 0, 1), ("Invocation", 1, 2), ("Overhead", 2, 3)]
    said = trace.read(begun.trace_id)
    assert said.parent == function["subsegments"][1]["id"]
    assert begun.trace_id.endswith(";Sampled=1;Lineage=1:a:0")


def test_what_is_not_recorded_goes_on_as_it_came() -> None:
    one = invocation("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0")
    assert Kit().tracing.begin(FUNCTION, one) is one


def test_what_nobody_has_decided_is_decided_when_it_runs() -> None:
    tracing = Kit().tracing
    root = "Root=1-5759e988-bd862e3fe1be46a994272793"
    first, second = (tracing.begin(FUNCTION, invocation(f"{root};Lineage=1:a:0")) for _ in range(2))
    assert first.traced is not None and first.trace_id.endswith(";Sampled=1;Lineage=1:a:0")
    assert (second.traced, second.trace_id) == (None, f"{root};Sampled=0;Lineage=1:a:0")


def test_a_function_error_is_a_fault_with_its_cause_and_a_throttle_is_one() -> None:
    kit = Kit()
    begun = kit.tracing.begin(FUNCTION, invocation("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"))
    error = b'{"errorType": "ValueError", "errorMessage": "no"}'
    kit.tracing.ended(Ended(FUNCTION, begun, NOW, NOW + 1, failed=True, payload=error))
    kit.tracing.refused(FUNCTION, begun)
    service, function, throttled = kit.documents()
    assert service["fault"] and "parent_id" not in service
    assert function["cause"]["exceptions"][0]["message"] == "no"
    assert throttled["throttle"] and throttled["http"]["response"]["status"] == 429


def test_attempts_at_an_event_are_parts_of_one_segment() -> None:
    kit = Kit()
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    for attempt, failed in ((1, True), (2, False)):
        begun = kit.tracing.begin(FUNCTION, invocation(header, accepted=Accepted(NOW - 5, attempt)))
        kit.tracing.ended(Ended(FUNCTION, begun, NOW + attempt, NOW + attempt + 1, failed=failed))
    first, _, second, _ = kit.documents()
    assert first["id"] == second["id"]
    assert [one["name"] for one in first["subsegments"]] == ["Dwell Time", "Attempt #1"]
    assert [one["name"] for one in second["subsegments"]] == ["Attempt #2"]


def test_traces_of_messages_are_linked_when_they_are_recorded() -> None:
    kit = Kit()
    links = tuple(f"Root=1-5759e988-{n:024x};Parent=53995c3f42cd8ad8;Sampled={n % 2}" for n in range(4))
    begun = kit.tracing.begin(FUNCTION, invocation(f"{trace.root_of(ID, NOW)};Sampled=1", links=links))
    kit.tracing.ended(Ended(FUNCTION, begun, NOW, NOW + 1))
    assert [one["trace_id"][-1] for one in kit.documents()[0]["links"]] == ["1", "3"]


def test_times_are_those_of_the_platforms_clock() -> None:
    kit = Kit(ahead=3600.0)
    begun = kit.tracing.begin(FUNCTION, invocation(f"{trace.root_of(ID, NOW)};Sampled=1"))
    kit.tracing.ended(Ended(FUNCTION, begun, NOW + 1, NOW + 2))
    assert kit.documents()[1]["start_time"] == NOW + 3601


def _with_daemon(work: Callable[[XRayDaemon, list[bytes], list[str], list[bytes]], None]) -> None:
    async def scene() -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.bind(("127.0.0.1", 0))
        segments, told, spans = list[bytes](), list[str](), list[bytes]()
        daemon = XRayDaemon(sock, Takers(segments.append, spans.append, told.append), lambda: 1.0)
        try:
            work(daemon, segments, told, spans)
        finally:
            daemon.close()
            daemon.close()

    asyncio.run(scene())


def test_the_daemon_takes_segments_and_spans_and_tells_once_what_is_neither() -> None:
    def work(daemon: XRayDaemon, segments: list[bytes], told: list[str], spans: list[bytes]) -> None:
        host, port = daemon.address.split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(HEAD + b'{"id": 1}', (host, int(port)))
        daemon.read()
        for datagram in (HEAD + b"T1S" + base64.b64encode(b"otlp"), HEAD + b"T1Uxx", b"?", b"\xff\n{}", HEAD + b"T1S!"):
            daemon.take(datagram)
        assert (segments, spans, len(told)) == ([b'{"id": 1}'], [b"otlp"], 1)

    _with_daemon(work)


def test_the_daemon_takes_so_many_datagrams_a_second() -> None:
    async def scene() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        segments, told, second = list[bytes](), list[str](), [1.0]
        daemon = XRayDaemon(ours, Takers(segments.append, segments.append, told.append), lambda: second[0])
        for _ in range(A_SECOND):
            theirs.send(HEAD + b"{}")
            daemon.read()
        theirs.send(HEAD + b"{}")
        daemon.read()
        assert (len(segments), len(told)) == (A_SECOND, 1)
        second[0] = 2.0
        daemon.read()
        assert (len(segments), len(told)) == (A_SECOND + 1, 1)
        daemon.close()
        theirs.close()

    asyncio.run(scene())
