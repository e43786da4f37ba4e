"""Tasks of Step Functions ask in the name of their machine's role, or of the task's own."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lambent.gateway.chain import Gateway
from lambent.model.acting import Acting
from lambent.model.finding import Finding
from lambent.model.scope import Caller, Scope
from lambent.permissions.assuming import may_assume
from lambent.permissions.gate import Gate
from lambent.server.hatch import Task
from lambent.server.state_tasks import MachineCheck, StateTasks
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response, unsigned
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

OTHER = f"arn:aws:iam::{ACCOUNT}:role/task"
SERVICE = "states.amazonaws.com"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
JOBS = "arn:aws:states:::states:"
NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody"


def trust(**principal: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}


class Trusting(World):
    """An IAM with a machine's role, and a task's that lets it in."""

    def __init__(self, mode: str, machine: dict[str, Any], *statements: dict[str, Any]) -> None:
        super().__init__(*statements, mode=mode)
        self.machine = machine
        self.sent: list[Request] = []

    async def ask(self, service: str, operation: str, params: Any, scope: Scope) -> dict[str, Any] | None:
        said = await super().ask(service, operation, params, scope)
        if operation == "GetAccountAuthorizationDetails" and said is not None:
            said["RoleDetailList"][0]["AssumeRolePolicyDocument"] = self.machine
            said["RoleDetailList"].append({"Arn": OTHER, "AssumeRolePolicyDocument": trust(AWS=ROOT)})
        return said

    def task(self, task: Task) -> int:
        async def forward(request: Request, caller: Caller, _service: str) -> Response:
            assert caller.acting is request.acting
            self.sent.append(request)
            return Response(200)

        gateway = Gateway({}, {}, forward, lambda key: key, lambda _key: None, lambda: "id")
        tasks = StateTasks(cast(Any, SimpleNamespace(gateway=gateway)), self.gate, self.report, lambda: 0.0)
        request = Request(
            "POST", "/", "", {"authorization": unsigned(ACCOUNT, "us-east-1", "sqs"), "host": "127.0.0.1"}
        )
        return asyncio.run(tasks(request, task)).status


TRUSTED, ASSUMES = trust(Service=SERVICE), {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": OTHER}


def test_a_task_asks_as_its_machines_role() -> None:
    world = Trusting("enforce", TRUSTED)
    assert world.task(Task(ROLE, "s")) == 200
    (sent,) = world.sent
    assert isinstance(sent.acting, Acting) and sent.acting.held is not None
    assert (sent.acting.service, sent.acting.held.role, sent.acting.held.session) == (SERVICE, ROLE, "s")


@pytest.mark.parametrize(("mode", "status"), [("enforce", 403), ("report", 200), ("off", 200)])
def test_a_machines_role_has_to_trust_the_service_when_a_task_asks(mode: str, status: int) -> None:
    world = Trusting(mode, trust(Service="lambda.amazonaws.com"))
    assert world.task(Task(ROLE, "s")) == status
    assert (("role-not-assumable", ROLE) in world.findings) is (mode != "off")


@pytest.mark.parametrize(
    ("mode", "statements", "status"),
    [("enforce", [ASSUMES], 200), ("enforce", [], 403), ("report", [], 200), ("off", [], 200)],
)
def test_a_tasks_own_role_is_assumed_by_the_machines(mode: str, statements: list[dict[str, Any]], status: int) -> None:
    world = Trusting(mode, TRUSTED, *statements)
    assert world.task(Task(OTHER, "s", ROLE)) == status
    assert all(cast(Acting, one.acting).held.role == OTHER for one in world.sent)  # type: ignore[union-attr]
    assert bool(world.findings) is (mode == "report" or status == 403)


@pytest.mark.parametrize(("role", "machine"), [(ROLE, trust(Service="lambda.amazonaws.com")), (NOBODY, TRUSTED)])
def test_a_machine_is_not_made_with_a_role_that_cannot_be_assumed(role: str, machine: dict[str, Any]) -> None:
    async def passes(*_said: Any) -> None:
        return None

    def make(mode: str) -> None:
        world = Trusting(mode, machine)
        check = MachineCheck(passes, world.gate, world.report, lambda: 0.0)
        caller = Caller(Scope(ACCOUNT), "id")
        model = wire_service.load("stepfunctions")
        asyncio.run(check(Request("POST", "/"), caller, model, "CreateStateMachine", {"roleArn": role}))

    with pytest.raises(Fault, match="nor the regional one is authorized to assume the provided role") as caught:
        make("enforce")
    assert caught.value.code == "AccessDeniedException"
    make("report")
    make("off")


SYNC = json.dumps({"States": {"A": {"Branches": [{"States": {"B": {"Resource": f"{JOBS}startExecution.sync:2"}}}]}}})
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
MAKES = {"Effect": "Allow", "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"], "Resource": RULE}


@pytest.mark.parametrize(
    ("definition", "statements", "made"),
    [
        (SYNC, [MAKES], True),
        (SYNC, [], False),
        (SYNC, [MAKES | {"Action": "events:PutRule"}], False),
        (SYNC.replace(".sync:2", ""), [], True),
        (SYNC.replace("startExecution", "startSomething"), [], True),
        ("{", [], True),
        ("[" * 100_000, [], True),
        ("7", [], True),
    ],
)
def test_who_waits_for_jobs_has_to_be_let_make_the_rule_that_tells(
    definition: str, statements: list[dict[str, Any]], made: bool
) -> None:
    async def passes(*_said: Any) -> None:
        return None

    def make(mode: str) -> Trusting:
        world = Trusting(mode, TRUSTED, *statements)
        check = MachineCheck(passes, world.gate, world.report, lambda: 0.0)
        model, params = wire_service.load("stepfunctions"), {"roleArn": ROLE, "definition": definition}
        asyncio.run(check(Request("POST", "/"), Caller(Scope(ACCOUNT), "id"), model, "CreateStateMachine", params))
        return world

    if made:
        make("enforce")
    else:
        with pytest.raises(Fault, match="role/app' is not authorized to create managed-rule"):
            make("enforce")
    assert (("managed-rule-not-made", ROLE) in make("report").findings) is not made
    assert not make("off").findings


@pytest.mark.parametrize(
    ("role", "principal", "good"),
    [
        (ROLE, SERVICE, True),
        (ROLE, "states.us-east-1.amazonaws.com", True),
        (ROLE, "states.eu-west-1.amazonaws.com", False),
        ("arn:aws:iam::222222222222:role/app", SERVICE, False),
        ("role", SERVICE, False),
        ("", SERVICE, False),
    ],
)
def test_which_roles_a_service_may_assume(role: str, principal: str, good: bool) -> None:
    world = Trusting("enforce", trust(Service=principal))
    gate: Gate = world.gate
    told: list[Finding] = []
    assert (asyncio.run(may_assume(gate, told.append, lambda: 0.0, SERVICE, role, Scope(ACCOUNT))) == "") is good


MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"


@pytest.mark.parametrize(
    ("condition", "source", "good"),
    [
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, "", True),
        ({"StringEquals": {"aws:SourceAccount": "222222222222"}}, MACHINE, False),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:*"}}, MACHINE, True),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:n"}}, MACHINE, False),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:*"}}, "", False),
    ],
)
def test_a_role_may_be_for_some_machines_alone(condition: Any, source: str, good: bool) -> None:
    document = trust(Service=SERVICE)
    document["Statement"][0]["Condition"] = condition
    world = Trusting("enforce", document)
    gate: Gate = world.gate
    told: list[Finding] = []
    refusal = asyncio.run(may_assume(gate, told.append, lambda: 0.0, SERVICE, ROLE, Scope(ACCOUNT), source))
    assert (refusal == "") is good
    assert world.task(Task(ROLE, "s", arn=source)) == (200 if good else 403)
