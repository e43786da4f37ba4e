"""Rotation of secrets: what is asked, which steps are called, and when. No sockets."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lambent.clock import ManualClock
from lambent.events.rotations import Rotations
from lambent.model.scope import Caller, Scope
from lambent.observe.findings import Ledger
from lambent.services.secretsmanager.env import SecretsEnv
from lambent.services.secretsmanager.operations import OPERATIONS, takes
from lambent.store.open import Store, open_store
from lambent.wire.fault import Fault
from lambent.wire.http import Request

HERE = Scope("111111111111", "eu-west-1")
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC).timestamp()
ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:s-AbCdEf"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:rotate"
DAY = 24 * 3_600.0
TOKEN = "0" * 32
ALL = ["createSecret", "setSecret", "testSecret", "finishSecret"]


class Secrets:
    """One secret at a neighbour that is not there, and a function that rotates it."""

    def __init__(self, store: Store, now: float) -> None:
        self.store, self.clock, self.findings = store, ManualClock(now), Ledger()
        self.calls: list[tuple[str, str]] = []
        self.fails: list[str] = []
        self.there = self.allowed = True
        self._tasks: set[asyncio.Task[None]] = set()
        numbers = itertools.count()

        def new_id() -> str:
            return f"{now:.0f}-{next(numbers)}"

        ledger = self.findings.report, self.findings.withdraw
        self.rotations = Rotations(
            store.resources, self.clock, self._invoke, self._exists, new_id, self._spawn, *ledger, (0.0, 0.0)
        )
        self.env = SecretsEnv(store.resources, self.clock.wall, new_id, self._ask, self._may_call, self.rotations)
        self.rotations.start()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _invoke(self, scope: Scope, function: str, event: dict[str, str]) -> str:
        assert (scope, function, event["SecretId"]) == (HERE, FUNCTION, ARN)
        self.calls.append((event["Step"], event["ClientRequestToken"]))
        await asyncio.sleep(0)
        return self.fails.pop(0) if self.fails else ""

    async def _exists(self, _scope: Scope, _arn: str) -> bool:
        return self.there

    async def _ask(self, _caller: Caller, _operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if params["SecretId"] not in ("s", ARN):
            raise Fault("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return {"ARN": ARN, "Name": "s", "VersionIdsToStages": {"old": ["AWSCURRENT"]}}

    async def _may_call(self, *_asked: object) -> bool:
        return self.allowed

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return await OPERATIONS[operation](self.env, Caller(HERE, "r"), {"SecretId": "s", **params})

    async def rotate(self, **params: Any) -> dict[str, Any]:
        given = {"RotationLambdaARN": FUNCTION, "ClientRequestToken": TOKEN, **params}
        return await self.call("RotateSecret", **given)

    async def settle(self, days: float = 0.0) -> None:
        await self.clock.advance(days * DAY)

    @property
    def steps(self) -> list[str]:
        return [step for step, _ in self.calls]


def secrets(folder: Path, work: Callable[[Secrets], Awaitable[None]], now: float = START) -> None:
    async def run() -> None:
        store = await open_store(folder)
        try:
            await work(Secrets(store, now))
        finally:
            await store.close()

    asyncio.run(run())


def test_the_four_steps_and_what_is_told_of_them(tmp_path: Path) -> None:
    async def work(aws: Secrets) -> None:
        rules = {"AutomaticallyAfterDays": 30}
        assert await aws.rotate(RotationRules=rules) == {"ARN": ARN, "Name": "s", "VersionId": TOKEN}
        pending = await aws.call("DescribeSecret")
        assert pending["VersionIdsToStages"] == {"old": ["AWSCURRENT"], TOKEN: ["AWSPENDING"]}
        await aws.settle()
        assert aws.calls == [(step, TOKEN) for step in ALL]
        said = await aws.call("DescribeSecret")
        assert (said["RotationEnabled"], said["RotationLambdaARN"], said["RotationRules"]) == (True, FUNCTION, rules)
        assert said["LastRotatedDate"].timestamp() == START
        assert said["NextRotationDate"].timestamp() == START + 30 * DAY

    secrets(tmp_path, work)


def test_it_is_rotated_again_when_it_is_time(tmp_path: Path) -> None:
    async def work(aws: Secrets) -> None:
        await aws.rotate(RotationRules={"AutomaticallyAfterDays": 10})
        await aws.settle(days=25)
        assert aws.steps == ALL * 3
        assert len({token for _, token in aws.calls}) == 3
        await aws.call("CancelRotateSecret")
        await aws.settle(days=25)
        assert len(aws.calls) == 12
        assert (await aws.call("DescribeSecret"))["RotationEnabled"] is False
        await aws.call("RotateSecret", RotateImmediately=False, RotationRules={"ScheduleExpression": "rate(10 days)"})
        await aws.settle(days=11)
        assert aws.steps == ALL * 4

    secrets(tmp_path, work)


def test_a_cron_in_utc(tmp_path: Path) -> None:
    async def work(aws: Secrets) -> None:
        await aws.rotate(RotationRules={"ScheduleExpression": "cron(0 4 1 * ? *)", "Duration": "2h"})
        said = await aws.call("DescribeSecret")
        assert said["NextRotationDate"] == datetime(2026, 4, 1, 4, 0, tzinfo=UTC)

    secrets(tmp_path, work)


def test_a_failed_step_is_tried_again_from_the_first_one(tmp_path: Path) -> None:
    async def work(aws: Secrets) -> None:
        aws.fails = ["", "no such user"]
        await aws.rotate()
        await aws.settle()
        assert aws.steps == ["createSecret", "setSecret", *ALL]
        assert aws.findings.all() == []
        aws.fails = ["broken"] * 3
        await aws.call("RotateSecret", ClientRequestToken="1" * 32)
        await aws.settle()
        [finding] = aws.findings.all()
        assert (finding.code, finding.resource) == ("rotation-failed", ARN)
        assert "createSecret: broken" in finding.message
        await aws.call("RotateSecret", ClientRequestToken="2" * 32)
        await aws.settle()
        assert aws.findings.all() == []

    secrets(tmp_path, work)


def test_what_is_refused(tmp_path: Path) -> None:
    async def work(aws: Secrets) -> None:
        async def refused(**params: Any) -> tuple[str, str | None]:
            with pytest.raises(Fault) as caught:
                await aws.call("RotateSecret", **params)
            return caught.value.code, caught.value.message

        no_function = "No Lambda rotation function ARN is associated with this secret."
        assert await refused() == ("InvalidRequestException", no_function)
        assert (await refused(SecretId="x"))[0] == "ResourceNotFoundException"
        elsewhere = [{"Key": "k", "Value": "v"}]
        assert (await refused(ExternalSecretRotationMetadata=elsewhere))[0] == "NotImplementedException"
        bad = {"ScheduleExpression": "cron(* *)"}
        assert (await refused(RotationLambdaARN=FUNCTION, RotationRules=bad))[0] == "InvalidParameterException"
        aws.allowed = False
        code, message = await refused(RotationLambdaARN=FUNCTION)
        assert code == "AccessDeniedException"
        assert message is not None and "secretsmanager.amazonaws.com" in message
        aws.allowed = True
        await aws.rotate()
        assert (await refused())[1] == "A previous rotation isn't complete. That rotation will be reattempted."
        await aws.settle()

    secrets(tmp_path, work)


def test_a_restart_finishes_what_was_under_way_and_keeps_the_date(tmp_path: Path) -> None:
    async def before(aws: Secrets) -> None:
        await aws.rotate(RotationRules={"AutomaticallyAfterDays": 10})
        aws.rotations.close()
        aws.fails = ["the server ends"] * 9

    async def after(aws: Secrets) -> None:
        await aws.settle()
        assert aws.calls == [(step, TOKEN) for step in ALL]
        aws.there = False
        await aws.settle(days=11)
        assert len(aws.calls) == 4
        assert not [one for one in aws.store.resources if one.kind == "secret-rotation"]

    secrets(tmp_path, before)
    secrets(tmp_path, after, START + DAY)


def test_which_requests_are_answered_here() -> None:
    asked = {name: Request("POST", "/", "", {"x-amz-target": f"secretsmanager.{name}"}) for name in
             ("RotateSecret", "CancelRotateSecret", "DescribeSecret", "GetSecretValue", "CreateSecret")}  # fmt: skip
    assert [name for name, request in asked.items() if takes(request)] == [
        "RotateSecret",
        "CancelRotateSecret",
        "DescribeSecret",
    ]
