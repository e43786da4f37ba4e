"""The door of load balancers, with functions that are not there."""

import asyncio
from typing import Any

import pytest

from lambent.clock import ManualClock
from lambent.http_events.alb import Balancer, Rule, TargetGroup
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.finding import Finding
from lambent.model.invocation import Outcome, Throttled
from lambent.services.elbv2.door import BalancerDoor, Ports
from lambent.wire.fault import Fault
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

GROUPS = {
    "tg": TargetGroup("tg", function="arn:aws:lambda:us-east-1:1:function:f"),
    "tg2": TargetGroup("tg2", function="arn:aws:lambda:us-east-1:1:function:g"),
    "empty": TargetGroup("empty"),
    "ip": TargetGroup("ip", "ip"),
}

NEVER = b"never"
"""A function that does not answer."""


def asked(
    outcome: Outcome | Exception, action: Any, findings: list[Finding] | None = None, *, draw: float = 0.0,
    told: dict[str, str] | None = None, **request: Any,
) -> Response | None:  # fmt: skip
    """`action` is one, or several of a rule; `told` are attributes of the listener."""
    rules = [Rule((), action if isinstance(action, list) else [action])] if action else ()
    balancer = Balancer(
        "arn:lb", "1", "us-east-1", 80, "HTTP", rules, GROUPS, idle_seconds=60.0, listener_attributes=told or {}
    )
    clock = ManualClock(0)

    async def find(label: str, _region: str, _listener: str) -> Balancer | None:
        return balancer if label == "lb" else None

    async def call(door: Door, call: Call) -> Outcome:
        assert (door.service, door.source_arn) in {("elasticloadbalancing.amazonaws.com", one) for one in ("tg", "tg2")}
        if isinstance(outcome, Exception):
            raise outcome
        if outcome.payload == NEVER:
            clock.call_at(clock.monotonic(), lambda: asyncio.ensure_future(clock.advance(60.0)))
            await asyncio.Event().wait()
        return outcome

    said = findings if findings is not None else []
    door = BalancerDoor(Ports(find, clock, call, lambda _id: "Root=1-a-b", said.append, lambda: draw))
    site = SiteRequest("elb", "lb", "us-east-1", "GET", "/", "", [], b"", "lb.us-east-1.elb.localhost", "id")
    for name, value in request.items():
        setattr(site, name, value)
    return asyncio.run(door.serve(site))


def forward(group: str) -> dict[str, str]:
    return {"Type": "forward", "TargetGroupArn": group}


@pytest.mark.parametrize(
    ("outcome", "action", "status", "code"),
    [
        (Outcome(b'{"statusCode":200}'), forward("tg"), 200, ""),
        (Outcome(b'{"errorMessage":"x"}', "Unhandled"), forward("tg"), 502, ""),
        (Outcome(b'"text"'), forward("tg"), 502, "load-balancer-answer-malformed"),
        (Throttled("x"), forward("tg"), 502, ""),
        (Fault("ResourceNotFoundException", "x", status=404), forward("tg"), 502, ""),
        (NotPermitted("f has no permission"), forward("tg"), 502, "load-balancer-permission"),
        (Outcome(NEVER), forward("tg"), 504, "load-balancer-timeout"),
        (Outcome(b"{}"), forward("empty"), 503, ""),
        (Outcome(b"{}"), forward("gone"), 503, ""),
        (Outcome(b"{}"), None, 503, ""),
        (Outcome(b"{}"), {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}, 404, ""),
        (Outcome(b"{}"), {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Path": "/x"}}, 302, ""),
    ],
)
def test_what_a_client_gets(outcome: Outcome | Exception, action: Any, status: int, code: str) -> None:
    findings: list[Finding] = []
    response = asked(outcome, action, findings)
    assert response is not None
    assert (response.status, "".join(one.code for one in findings)) == (status, code)
    assert dict(response.headers)["Server"] == "awselb/2.0"


def test_limits_and_names() -> None:
    fine = Outcome(b'{"statusCode":200}')
    for request, status in (
        ({"length": (1 << 20) + 1}, 413),
        ({"length": 1 << 20}, 200),
        ({"upgrade": True}, 400),
        ({"method": "TRACE"}, 405),
    ):
        response = asked(fine, forward("tg"), **request)
        assert response is not None
        assert response.status == status
    assert asked(fine, forward("tg"), id="other") is None


@pytest.mark.parametrize(
    "action",
    [
        {"Type": "authenticate-oidc"},
        [{"Type": "authenticate-cognito", "Order": 1}, forward("tg") | {"Order": 2}],
        [forward("tg"), {"Type": "jwt-validation"}],
        forward("ip"),
    ],
)
def test_what_is_not_served_is_said(action: Any) -> None:
    findings: list[Finding] = []
    with pytest.raises(Fault) as refused:
        asked(Outcome(b"{}"), action, findings)
    assert (refused.value.status, findings[0].code) == (501, "load-balancer-not-served")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"path": "/" + "x" * (16 << 10)}, 414),
        ({"query": "x" * (16 << 10)}, 414),
        ({"named": {"x-forwarded-for": ",".join(["10.0.0.1"] * 31)}}, 463),
        ({"named": {"x-forwarded-for": ",".join(["10.0.0.1"] * 30)}}, 200),
        ({"headers": [("a", "x" * (16 << 10))]}, 400),
        ({"headers": [(f"a{at}", "x" * 15_000) for at in range(5)]}, 400),
        ({"headers": [(f"a{at}", "x" * 15_000) for at in range(4)]}, 200),
    ],
)
def test_a_request_line_and_headers_have_limits(request_: Any, status: int) -> None:
    response = asked(Outcome(b'{"statusCode":200}'), forward("tg"), **request_)
    assert response is not None
    assert response.status == status


def test_a_payload_near_the_limit_is_told() -> None:
    findings: list[Finding] = []
    large = Outcome(b'{"statusCode":200,"body":"' + b"x" * 900_000 + b'"}')
    response = asked(large, forward("tg"), findings)
    assert response is not None
    assert (response.status, [one.code for one in findings]) == (200, ["payload-near-limit"])


STICKY = {
    "Type": "forward",
    "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": "tg", "Weight": 1}, {"TargetGroupArn": "tg2", "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    },
}


def cookies_of(response: Response | None) -> list[str]:
    assert response is not None
    return [value for name, value in response.headers if name == "Set-Cookie"]


def test_a_client_stays_with_its_target_group() -> None:
    fine = Outcome(b'{"statusCode":200}')
    first = cookies_of(asked(fine, STICKY, draw=0.9))
    assert [one.partition("=")[0] for one in first] == ["AWSALBTG", "AWSALBTGCORS"]
    assert first[0].endswith("; Expires=Thu, 01 Jan 1970 00:01:00 GMT; Path=/")
    assert first[1].endswith("; Path=/; SameSite=None; Secure")
    kept, own = first[0].partition(";")[0], cookies_of(asked(fine, STICKY, draw=0.0))[0].partition(";")[0]
    assert kept != own
    for draw in (0.0, 0.9):
        for cookie in (kept, kept.replace("AWSALBTG", "AWSALBTGCORS")):
            again = cookies_of(asked(fine, STICKY, draw=draw, headers=[("Cookie", f"a=b; {cookie}")]))
            assert again[0].partition(";")[0] == kept
    over = kept.rpartition("-")[0] + "-0"
    for cookie in (over, "AWSALBTG=x", "AWSALBTG=", f"{kept}9" * 9):
        assert cookies_of(asked(fine, STICKY, draw=0.0, headers=[("Cookie", cookie)]))[0].partition(";")[0] == own
    assert cookies_of(asked(fine, forward("tg"))) == []


def test_a_listener_adds_headers_and_drops_its_own() -> None:
    told = {
        "routing.http.response.server.enabled": "false",
        "routing.http.response.strict_transport_security.header_value": "max-age=1",
        "routing.http.response.x_frame_options.header_value": "DENY",
    }
    answer = Outcome(b'{"statusCode":200,"headers":{"x-frame-options":"SAMEORIGIN","a":"b"}}')
    response = asked(answer, forward("tg"), told=told)
    assert response is not None
    assert sorted(response.headers) == [
        ("Strict-Transport-Security", "max-age=1"), ("X-Frame-Options", "DENY"), ("a", "b"),
    ]  # fmt: skip
