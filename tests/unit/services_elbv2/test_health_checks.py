"""Health checks of target groups on a clock that is moved, and what DescribeTargetHealth says of them."""

import asyncio
from typing import Any

import orjson
import pytest

from lambent.clock import ManualClock
from lambent.engine import target_health
from lambent.engine.target_health import Health
from lambent.http_events.alb import HealthCheck, TargetGroup, is_wanted
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.invocation import Outcome
from lambent.model.scope import Caller, Scope
from lambent.services.elbv2 import operations
from lambent.services.elbv2.health import HealthChecks
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

SCOPE = Scope("1", "us-east-1")
FUNCTION = "arn:aws:lambda:us-east-1:1:function:f"
CHECK = HealthCheck("/up?deep=1", interval=10.0, timeout=5.0, passes=2, failures=2)
GROUP = TargetGroup("tg", function=FUNCTION, check=CHECK)


async def nothing(_caller: Caller, _group: str) -> list[str]:
    return []


class Function:
    """Answers `says`; what is an exception is raised, None is no answer."""

    def __init__(self, says: Any) -> None:
        self.says = says
        self.events: list[dict[str, Any]] = []

    async def call(self, door: Door, call: Call) -> Outcome:
        assert (door.source_arn, door.account, call.function) == ("tg", "1", FUNCTION)
        self.events.append(orjson.loads(call.payload))
        if self.says is None:
            await asyncio.Event().wait()
        if isinstance(self.says, Exception):
            raise self.says
        return Outcome(orjson.dumps(self.says), "Unhandled" if "errorMessage" in self.says else None)


def checked(function: Function, clock: ManualClock) -> HealthChecks:
    return HealthChecks(clock, function.call, lambda work: asyncio.get_running_loop().create_task(work), lambda: "id")


def test_a_function_is_invoked_once_an_interval_with_the_documented_event() -> None:
    async def run() -> None:
        clock, function = ManualClock(0), Function({"statusCode": 200})
        checks = checked(function, clock)
        checks.watch(SCOPE, {"tg": GROUP})
        assert checks.health("tg", FUNCTION).state == "initial"
        await clock.advance(0)
        assert checks.health("tg", FUNCTION).state == "healthy"
        await clock.advance(35)
        assert len(function.events) == 4
        assert function.events[0] == {
            "requestContext": {"elb": {"targetGroupArn": "tg"}},
            "httpMethod": "GET",
            "path": "/up",
            "queryStringParameters": {"deep": "1"},
            "headers": {"user-agent": "ELB-HealthChecker/2.0"},
            "body": "",
            "isBase64Encoded": False,
        }
        checks.watch(Scope("2", "us-east-1"), {})
        await clock.advance(10)
        assert len(function.events) == 5
        checks.watch(SCOPE, {})
        await clock.advance(60)
        assert len(function.events) == 5

    asyncio.run(run())


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"statusCode": 503}, "Target.ResponseCodeMismatch"),
        ({"errorMessage": "x"}, "Target.ResponseCodeMismatch"),
        ({"no": "status"}, "Target.FailedHealthChecks"),
        (NotPermitted("x"), "Target.FailedHealthChecks"),
        (None, "Target.Timeout"),
    ],
)
def test_why_a_target_is_unhealthy(says: Any, reason: str) -> None:
    async def run() -> Health:
        clock = ManualClock(0)
        checks = checked(Function(says), clock)
        checks.watch(SCOPE, {"tg": GROUP})
        for _ in range(8):
            await clock.advance(5, settle=0.01)
        found = checks.health("tg", FUNCTION)
        checks.watch(SCOPE, {})
        await asyncio.sleep(0)
        return found

    health = asyncio.run(run())
    assert (health.state, health.reason) == ("unhealthy", reason)


@pytest.mark.parametrize(
    ("status", "codes", "wanted"),
    [(200, "200", True), (204, "200,204", True), (250, "200-299", True), (300, "200-299", False), (200, "x", False)],
)
def test_which_statuses_pass(status: int, codes: str, wanted: bool) -> None:
    assert is_wanted(status, codes) is wanted


def described(used: TargetGroup | None, target: dict[str, Any], health: dict[str, Any]) -> Any:
    async def forward(request: Request, _caller: Caller) -> Response:
        return Response(200, [], request.body)

    async def find(_caller: Caller, _arn: str) -> TargetGroup | None:
        return used

    def read(_operation: str, _response: Response) -> dict[str, Any]:
        return {"TargetHealthDescriptions": [{"Target": target, "TargetHealth": health}]}

    async def run() -> Any:
        checks = checked(Function({}), ManualClock(0))
        env = operations.ElbEnv(forward, read, find, checks, nothing, lambda *_: True)
        asked = operations.Asked(env, Request("POST", "/"))
        return await operations.describe_target_health(asked, Caller(SCOPE, ""), {"TargetGroupArn": "tg"})

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("used", "health"),
    [
        (None, target_health.NOT_USED),
        (TargetGroup("tg", function=FUNCTION), target_health.NOT_CHECKED),
        (GROUP, target_health.REGISTERING),
    ],
)
def test_what_is_said_of_a_function(used: TargetGroup | None, health: Health) -> None:
    (one,) = described(used, {"Id": FUNCTION, "Port": 80}, {"State": "healthy"})["TargetHealthDescriptions"]
    assert one["Target"] == {"Id": FUNCTION, "AvailabilityZone": "all"}
    assert one["TargetHealth"] == {
        "State": health.state,
        "Reason": health.reason,
        "Description": health.description,
    }


def test_what_is_no_function_or_not_registered_is_as_moto_says() -> None:
    assert isinstance(described(GROUP, {"Id": "i-1"}, {"State": "healthy"}), Response)
    gone = {"State": "unused", "Reason": "Target.NotRegistered"}
    (one,) = described(GROUP, {"Id": FUNCTION}, gone)["TargetHealthDescriptions"]
    assert one["TargetHealth"] == gone


def test_only_these_operations_are_taken() -> None:
    assert operations.takes(Request("POST", "/", body=b"Version=1&Action=DescribeTargetHealth"))
    assert not operations.takes(Request("POST", "/", body=b"Action=DescribeListeners"))


@pytest.mark.parametrize(
    ("named", "there", "permitted", "code"),
    [
        ([FUNCTION], [], True, ""),
        ([FUNCTION], [FUNCTION], True, ""),
        ([FUNCTION], [], False, "AccessDenied"),
        ([FUNCTION], [f"{FUNCTION}2"], True, "TooManyTargets"),
        ([FUNCTION, f"{FUNCTION}2"], [], True, "TooManyTargets"),
        (["i-1", "i-2"], [], False, ""),
    ],
)
def test_which_functions_a_target_group_takes(named: list[str], there: list[str], permitted: bool, code: str) -> None:
    taken = Response(200, [], b"taken")

    async def run() -> Any:
        async def forward(_request: Request, _caller: Caller) -> Response:
            return taken

        async def targets(_caller: Caller, group: str) -> list[str]:
            assert group == "tg"
            return there

        env = operations.ElbEnv(
            forward, lambda *_: {}, nothing, checked(Function({}), ManualClock(0)), targets, lambda *_: permitted
        )
        asked = operations.Asked(env, Request("POST", "/"))
        params = {"TargetGroupArn": "tg", "Targets": [{"Id": one} for one in named]}
        return await operations.register_targets(asked, Caller(SCOPE, ""), params)

    if not code:
        assert asyncio.run(run()) is taken
        return
    with pytest.raises(Fault) as refused:
        asyncio.run(run())
    assert refused.value.code == code
