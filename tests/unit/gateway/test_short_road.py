"""Which requests the short road takes, and what it hands on."""

import pytest

from lambent.gateway.hosts import Hosts
from lambent.gateway.short import ShortRoad
from lambent.model import lineage
from lambent.model.async_event import NewEvent
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Outcome
from lambent.model.names import function_arn
from lambent.model.scope import Scope
from lambent.wire.http import Request, Response

SCOPE = Scope("111111111111", "us-east-1")
AUTH = "AWS4-HMAC-SHA256 Credential=111111111111/20261121/us-east-1/lambda/aws4_request, SignedHeaders=host"


def sent(
    path: str, query: str = "", running: str | None = None, inside: str = "", **headers: str
) -> tuple[str, str | None] | None:
    """The name and qualifier that were looked up; None when the request was left to the chain. `running` is the trace
    header of what runs in the caller's environment, `inside` the key of the environment by whose socket it comes."""
    seen: list[tuple[str, str | None]] = []

    def functions(scope: Scope, name: str, qualifier: str | None) -> tuple[FunctionVersion, str]:
        assert scope == SCOPE
        seen.append((name, qualifier))
        version = FunctionVersion(scope, name, "7", "python3.12", "h.h", "0" * 64, "r", "1")
        return version, function_arn(scope, name, qualifier)

    def submit(function: FunctionVersion, invocation, answer) -> None:
        assert running is None or invocation.trace_id.startswith(headers.get("x_amzn_trace_id", running))
        name, qualifier = seen[0]
        assert invocation.function_arn == function_arn(SCOPE, name, qualifier)
        answer(Outcome(b"1"))

    def accept(event: NewEvent, done) -> None:
        assert event.trace_id == (running or "trace")
        assert (event.function, event.qualifier or None) == seen[0]
        done(None)

    road = ShortRoad(
        functions,
        submit,
        account_of=lambda key: key,
        new_id=lambda: "id",
        trace_id=lambda request_id: "trace",
        fail=lambda *_: Response(500),
        request_bytes=100,
        accept=accept,
        event_bytes=0 if headers.get("large") else 100,
        trace_of={"111111111111": running}.get,
        hosts=Hosts(),
    )
    answers: list[Response] = []
    sent = {"authorization": AUTH} | {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("POST", f"/2015-03-31/functions/{path}/invocations", query, sent, b"1", inside)
    taken = road(request, answers.append)
    assert taken == bool(answers)
    if answers and answers[0].status == 200:
        assert b"X-Amz-Executed-Version: 7\r\n" in answers[0].head
        assert b"X-Amzn-Trace-Id: trace;Lineage=1:" in answers[0].head or "x_amzn_trace_id" in headers or running
    return seen[0] if taken else None


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("f", "", ("f", None)),
        ("f", "Qualifier=live", ("f", "live")),
        ("f", "Qualifier=7", ("f", "7")),
        ("f", "Qualifier=%24LATEST", ("f", "$LATEST")),
        ("f", "Qualifier=$LATEST", ("f", "$LATEST")),
        ("f:live", "", ("f", "live")),
        ("f%3A7", "", ("f", "7")),
        ("f%3A%24LATEST", "", ("f", "$LATEST")),
        ("f:live", "Qualifier=live", None),
        ("f", "Qualifier=", None),
        ("f", "Qualifier=a&Qualifier=b", None),
        ("f", "Qualifier=live&x=1", None),
        ("f", "qualifier=live", None),
        ("f", "Qualifier=inval%21d", None),
        ("function:f", "", None),
        ("111111111111:f", "", None),
        ("us-east-1:f", "", None),
        ("arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Af", "", None),
        ("f:a:b", "", None),
        ("a" * 65, "", None),
    ],
)
def test_what_the_short_road_takes(path: str, query: str, found: tuple[str, str | None] | None) -> None:
    assert sent(path, query) == found


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"host": "127.0.0.1:4566"}, True),
        ({"host": "lambda.us-east-1.amazonaws.com"}, True),
        ({"host": "evil.test:4566"}, False),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "null"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
    ],
)
def test_pages_and_foreign_names_are_left_to_the_chain(headers: dict[str, str], taken: bool) -> None:
    assert sent("f", **headers) == (("f", None) if taken else None)


def test_from_inside_only_the_environments_own_key_is_taken() -> None:
    assert sent("f", inside="111111111111") == ("f", None)
    assert sent("f", inside="ASIAOTHER") is None


def test_events_go_to_the_queue() -> None:
    assert sent("f", x_amz_invocation_type="Event") == ("f", None)
    assert sent("f:live", x_amz_invocation_type="Event") == ("f", "live")
    assert sent("f", x_amz_invocation_type="Event", large="yes") is None
    assert sent("f", x_amz_invocation_type="DryRun") is None


def test_a_chain_of_calls_that_may_be_a_loop_is_left_to_the_chain() -> None:
    header = "Root=1"
    for _ in range(16):
        assert sent("f", x_amzn_trace_id=header) == ("f", None)
        header = lineage.advance(header, function_arn(SCOPE, "f")).header
    assert sent("f", x_amzn_trace_id=header) is None


def test_a_call_without_a_header_goes_on_with_what_runs_in_the_callers_environment() -> None:
    header = "Root=1"
    for _ in range(16):
        assert sent("f", running=header) == ("f", None)
        assert sent("f", running=header, x_amz_invocation_type="Event") == ("f", None)
        header = lineage.unwatched(lineage.advance(header, function_arn(SCOPE, "f")).header, "plain")
    assert sent("f", running=header) is None
    assert sent("f", running=header, x_amzn_trace_id="Root=1") == ("f", None)
