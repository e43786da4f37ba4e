"""What is scaled from minute to minute."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from lambent.dispatch.autoscaling import Autoscaler
from lambent.engine.autoscaling import ACTION, POLICY, TARGET
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.store.resources import Resource

HERE = Scope("111111111111", "eu-west-1")
NAME = "function:f:live"
NOT_SUSPENDED = dict.fromkeys(
    ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
)


class Stored:
    """Resources without a database."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Resource] = {}

    def put(self, kind: str, parent: str, name: str, document: dict[str, Any]) -> None:
        self.kept[kind, parent, name] = Resource(kind, HERE, parent, name, "r", document)

    def children(self, kind: str, scope: Scope, parent: str) -> list[Resource]:
        return [one for one in self.kept.values() if (one.kind, one.parent) == (kind, parent)]

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self.kept.values()))

    async def replace(self, old: Resource, new: Resource) -> None:
        self.kept[new.kind, new.parent, new.name] = new


class Stage:
    """One target, and what was provisioned for it."""

    def __init__(self, low: int = 1, high: int = 100, **suspended: bool) -> None:
        self.stored, self.now, self.refusal = Stored(), 0.0, ""
        self.spread: dict[str, int] | None = {"1": 10}
        self.asked: list[int] = []
        self.findings: list[Finding] = []
        self.work: list[Coroutine[Any, Any, None]] = []
        bounds = {"MinCapacity": low, "MaxCapacity": high, "SuspendedState": NOT_SUSPENDED | suspended}
        self.stored.put(TARGET, "", NAME, bounds)
        self.scaler = Autoscaler(
            self.stored,  # type: ignore[arg-type]
            lambda: self.now,
            lambda: "id",
            lambda scope, name: self.spread,
            self.provision,
            self.work.append,
            self.findings.append,
        )

    def policy(self, name: str, target: float, **more: Any) -> None:
        config = {"TargetValue": target, **more}
        self.stored.put(POLICY, NAME, name, {"TargetTrackingScalingPolicyConfiguration": config})

    def action(self, schedule: str, bounds: dict[str, int], **more: Any) -> None:
        document = {"Schedule": schedule, "ScalableTargetAction": bounds, "CreationTime": 0.0, **more}
        self.stored.put(ACTION, NAME, f"a{len(self.stored.kept)}", document)

    async def provision(self, scope: Scope, name: str, places: int) -> None:
        if self.refusal:
            raise ValueError(self.refusal)
        self.asked.append(places)
        self.spread = {"1": places}

    def minutes(self, count: int, **used: float) -> None:
        async def work() -> None:
            for one in self.work:
                await one
            self.work.clear()

        for _ in range(count):
            self.now += 60
            self.scaler.minute({(HERE, "f", version.removeprefix("v")): share for version, share in used.items()})
            asyncio.run(work())


def test_a_policy_scales_out_within_the_bounds() -> None:
    stage = Stage(high=16)
    stage.policy("p", 0.5)
    stage.minutes(4, v1=1.0)
    assert stage.asked == [16]
    (activity,) = stage.scaler.activities(HERE)
    assert (activity["StartTime"], activity["Cause"]) == (180.0, "policy p: utilization was 1.0")
    assert list(stage.scaler.activities(Scope())) == []


def test_out_when_one_policy_wants_to_in_when_all_do() -> None:
    stage = Stage()
    stage.policy("high", 0.9)
    stage.policy("low", 0.3)
    stage.minutes(3, v1=0.6)
    assert stage.asked == [20]
    stage = Stage()
    stage.policy("in", 0.9)
    stage.policy("not in", 0.9, DisableScaleIn=True)
    stage.minutes(20, v1=0.1)
    assert stage.asked == []


def test_a_weighted_alias_is_used_as_its_versions_are() -> None:
    stage = Stage()
    stage.spread = {"1": 8, "2": 2}
    stage.policy("p", 0.5)
    stage.minutes(3, v1=0.6, v2=0.4)
    assert stage.asked == [12]  # 0.56 of 10


def test_what_is_suspended_stands_still() -> None:
    stage = Stage(DynamicScalingOutSuspended=True, ScheduledScalingSuspended=True)
    stage.policy("p", 0.5)
    stage.action("rate(1 minute)", {"MinCapacity": 50})
    stage.minutes(5, v1=1.0)
    assert stage.asked == []
    stage = Stage(DynamicScalingInSuspended=True)
    stage.policy("p", 0.5)
    stage.minutes(20, v1=0.1)
    assert stage.asked == []


def test_a_scheduled_action_sets_bounds_in_its_time_zone() -> None:
    stage = Stage()
    stage.action("at(1970-01-01T01:05:00)", {"MinCapacity": 30, "MaxCapacity": 40}, Timezone="Europe/Berlin")
    stage.minutes(4)
    assert stage.asked == []
    stage.minutes(10)
    assert stage.asked == [30]
    bounds = stage.stored.kept[TARGET, "", NAME].document
    assert (bounds["MinCapacity"], bounds["MaxCapacity"]) == (30, 40)


def test_a_scheduled_action_has_a_first_and_a_last_time() -> None:
    stage = Stage()
    stage.action("rate(2 minutes)", {"MinCapacity": 11}, StartTime=240.0, EndTime=500.0)
    stage.minutes(3)
    assert stage.asked == []
    stage.minutes(1)
    stage.spread = {"1": 10}
    stage.minutes(20)
    assert stage.asked == [11, 11]  # once more at 300 s, because it was out of bounds
    assert len(list(stage.scaler.activities(HERE))) == 4  # at 240, 300, 360 and 480 s


def test_what_is_refused_is_told() -> None:
    stage = Stage(low=20)
    stage.refusal = "not so many"
    stage.minutes(1)
    (activity,) = stage.scaler.activities(HERE)
    assert (activity["StatusCode"], activity["StatusMessage"]) == ("Failed", "not so many")
    assert [one.resource for one in stage.findings] == [f"arn:aws:lambda:eu-west-1:111111111111:{NAME}"]


def test_a_target_whose_function_is_gone_is_left_alone() -> None:
    stage = Stage()
    stage.spread = None
    stage.action("rate(1 minute)", {"MinCapacity": 50})
    stage.minutes(3)
    assert stage.asked == []
