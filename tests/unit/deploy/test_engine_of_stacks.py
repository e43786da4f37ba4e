"""Stacks are brought to what they are to be, with services that are dictionaries: no HTTP, no server."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambent.clock import Clock
from lambent.deploy.errors import AlreadyThere, DeployError, TemplateInvalid
from lambent.deploy.goals import Wanted
from lambent.deploy.makers import Makers
from lambent.deploy.phases import NEXT, End, Phase, after, phase_of
from lambent.deploy.planning import UNCHANGED, Asked, ChangeSets
from lambent.deploy.ports import Refused
from lambent.deploy.records import Records
from lambent.deploy.running import Ports
from lambent.deploy.signals import Signals
from lambent.deploy.sources import Source
from lambent.deploy.stack import Stack
from lambent.deploy.stacks import Stacks
from lambent.deploy.walk import Walk
from lambent.model.acting import Acting
from lambent.model.scope import Scope
from lambent.store.resources import Resources

SCOPE = Scope()


class Memory:
    """A database that keeps nothing: what is committed is in memory alone."""

    async def run(self, _work: Any, then: Callable[[Any], None] | None = None) -> None:
        await asyncio.sleep(0)
        if then is not None:
            then(None)

    async def change(self, work: Any, then: Callable[[Any], None], _changed: Any, **_how: bool) -> None:
        await self.run(work, then)


@dataclass
class Services:
    """Answers what SQS and SNS are asked; `refusals` by (operation, name) are told once each time."""

    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refusals: dict[tuple[str, str], Refused] = field(default_factory=dict)
    template: str = ""
    alarms: dict[str, str] = field(default_factory=dict)

    async def __call__(self, scope: Scope, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        name = str(params.get("QueueName") or params.get("QueueUrl") or params.get("Name") or "").removeprefix("u/")
        self.asked.append((operation, name))
        for (refused, part), error in self.refusals.items():
            if operation == refused and part in name:
                raise error
        if operation == "CreateQueue":
            if name in self.queues:
                raise Refused("sqs", "QueueAlreadyExists", "there is one", 400)
            self.queues[name] = dict(params.get("Attributes") or {})
            return {"QueueUrl": f"u/{name}"}
        if operation == "SetQueueAttributes":
            self.queues[name] |= params["Attributes"]
        if operation == "DeleteQueue":
            self.queues.pop(name, None)
        if operation == "DescribeAlarms":
            found = [{"AlarmName": one, "StateValue": state} for one, state in self.alarms.items()]
            return {"MetricAlarms": [one for one in found if one["AlarmName"] in params["AlarmNames"]]}
        if operation == "GetQueueUrl":
            return {"QueueUrl": f"u/{name}"}
        if operation == "GetObject":
            return {"Body": self.template}
        if operation == "GetParameter":
            return {"Parameter": {"Value": "fetched"}}
        return {}


class House:
    """An engine with those services."""

    def __init__(self, resources: Resources | None = None, clock: Clock | None = None, most: int = 2_000) -> None:
        self.services = Services()
        self.acted: list[Acting] = []
        self.resources = resources or Resources(Memory())  # type: ignore[arg-type]
        numbers = itertools.count(1)
        new_id = lambda: f"id-{next(numbers)}-{id(self)}"  # noqa: E731
        clock = clock or Clock()
        self.signals = Signals(self.resources, clock, new_id, "http://here", "http://inside")
        makers = Makers(self.signals)
        self.records = Records(self.resources, new_id)
        chances = itertools.count(1)
        ports = Ports(
            self.records, self.acting, clock, new_id, lambda: (next(chances) * 7 % 61) / 61, self.spawn, makers
        )
        makers.stacks = self.stacks = Stacks(ports, most)
        self.change_sets = ChangeSets(self.stacks)
        self.tasks: list[asyncio.Task[None]] = []

    def acting(self, acting: Acting) -> Services:
        self.acted.append(acting)
        return self.services

    def spawn(self, work: Coroutine[Any, Any, None]) -> object:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    async def make(self, resources: dict[str, Any], name: str = "s", **more: Any) -> Stack:
        return await self.stacks.wait(await self.stacks.create(SCOPE, wanted(resources, name, **more)))

    async def update(self, resources: dict[str, Any], name: str = "s", **more: Any) -> Stack:
        return await self.stacks.wait(await self.stacks.update(SCOPE, wanted(resources, name, **more)))

    async def delete(self, name: str = "s") -> Stack:
        stack = self.stacks.existing(SCOPE, name)
        await self.stacks.delete(SCOPE, name)
        return await self.stacks.wait(stack)

    def told(self, stack: Stack) -> list[tuple[str, str]]:
        return [(one.logical_id, one.status) for one in reversed(self.records.events(stack))]


def wanted(resources: dict[str, Any], name: str, **more: Any) -> Wanted:
    document = {"Resources": resources, **{key: more.pop(key) for key in ("Outputs", "Parameters") if key in more}}
    return Wanted(name, Source(json.dumps(document)), **more)


def queue(name: str = "", needs: str = "", **properties: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": properties}
    if name:
        properties["QueueName"] = name
    return {**said, "DependsOn": needs} if needs else said


def test_every_phase_has_an_end() -> None:
    for phase in Phase:
        assert phase_of(phase) is phase
        assert (phase, End.DONE) in NEXT and (phase, End.FAILED) in NEXT
    assert after(Phase.CREATE, End.FAILED) == "ROLLBACK_IN_PROGRESS"
    assert phase_of("CREATE_COMPLETE") is None


def test_a_walk_does_first_what_others_need_and_stops_at_a_failure() -> None:
    graph = {"a": frozenset[str](), "b": frozenset({"a"}), "c": frozenset[str](), "d": frozenset({"b"})}
    walk = Walk(graph)
    assert walk.begin() == ["a", "c"] and walk.begin() == []
    walk.finish("a")
    assert walk.begin() == ["b"]
    walk.fail("c", "no")
    walk.finish("b")
    assert walk.begin() == []
    through = Walk(graph, through=True)
    through.begin()
    through.fail("c", "no")
    through.finish("a")
    assert through.begin() == ["b"]


def test_a_stack_is_made_in_order_and_deleted_in_reverse() -> None:
    async def story() -> None:
        house = House()
        stack = await house.make({"B": queue("b", "A"), "A": queue("a")}, Outputs={"O": {"Value": {"Ref": "B"}}})
        assert (stack.status, stack.outputs) == ("CREATE_COMPLETE", [{"OutputKey": "O", "OutputValue": "u/b"}])
        assert house.told(stack) == [
            ("s", "CREATE_IN_PROGRESS"),
            ("A", "CREATE_IN_PROGRESS"), ("A", "CREATE_IN_PROGRESS"), ("A", "CREATE_COMPLETE"),
            ("B", "CREATE_IN_PROGRESS"), ("B", "CREATE_IN_PROGRESS"), ("B", "CREATE_COMPLETE"),
            ("s", "CREATE_COMPLETE"),
        ]  # fmt: skip
        gone = await house.delete()
        assert gone.status == "DELETE_COMPLETE" and house.services.queues == {}
        assert [one for one in house.services.asked if one[0] == "DeleteQueue"] == [
            ("DeleteQueue", "b"),
            ("DeleteQueue", "a"),
        ]

    asyncio.run(story())


def test_a_resource_that_fails_takes_the_stack_back_and_leaves_what_is_not_its_own() -> None:
    async def story() -> None:
        house = House()
        house.services.queues["taken"] = {}
        stack = await house.make({"A": queue("mine"), "B": queue("taken", "A")})
        assert stack.status == "ROLLBACK_COMPLETE" and list(house.services.queues) == ["taken"]
        events = {(one.logical_id, one.status): one.reason for one in house.records.events(stack)}
        reason = events["B", "CREATE_FAILED"]
        assert reason.startswith('Resource handler returned message: "there is one (Service: Sqs, Status Code: 400')
        assert "HandlerErrorCode: AlreadyExists" in reason
        said = "The following resource(s) failed to create: [B]. Rollback requested by user."
        assert events["s", "ROLLBACK_IN_PROGRESS"] == said

    asyncio.run(story())


@pytest.mark.parametrize(
    ("more", "status", "left"),
    [
        ({"disable_rollback": True}, "CREATE_FAILED", ["mine", "taken"]),
        ({"on_failure": "DO_NOTHING"}, "CREATE_FAILED", ["mine", "taken"]),
        ({"on_failure": "DELETE"}, "DELETE_COMPLETE", ["taken"]),
    ],
)
def test_what_follows_a_failure_is_the_callers_to_say(more: dict[str, Any], status: str, left: list[str]) -> None:
    async def story() -> None:
        house = House()
        house.services.queues["taken"] = {}
        stack = await house.make({"A": queue("mine"), "B": queue("taken", "A")}, **more)
        assert stack.status == status and sorted(house.services.queues) == left

    asyncio.run(story())


def test_an_update_changes_what_differs_and_deletes_what_is_gone() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": queue("a", DelaySeconds=1), "B": queue("b"), "C": queue("c")})
        house.services.asked.clear()
        stack = await house.update({"A": queue("a", DelaySeconds=2), "B": queue("b"), "D": queue("d")})
        assert stack.status == "UPDATE_COMPLETE" and sorted(house.services.queues) == ["a", "b", "d"]
        assert house.services.queues["a"]["DelaySeconds"] == "2"
        assert sorted(name for _, name in house.services.asked) == ["a", "c", "d"]
        assert ("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") in house.told(stack)
        with pytest.raises(TemplateInvalid, match=r"No updates are to be performed\."):
            await house.update({"A": queue("a", DelaySeconds=2), "B": queue("b"), "D": queue("d")})

    asyncio.run(story())


def test_another_physical_resource_is_made_before_the_old_one_is_deleted() -> None:
    async def story() -> None:
        house = House()
        first = {"A": queue(), "B": queue("b", KmsMasterKeyId={"Ref": "A"})}
        await house.make(first)
        [old] = [name for name in house.services.queues if name != "b"]
        stack = await house.update({**first, "A": queue(FifoQueue=True)})
        assert stack.status == "UPDATE_COMPLETE", house.records.events(stack)
        [new] = [name for name in house.services.queues if name != "b"]
        assert new.endswith(".fifo") and house.services.queues["b"]["KmsMasterKeyId"] == f"u/{new}"
        changed = [one for one in house.services.asked if one[0] != "SetQueueAttributes"]
        assert changed[-2:] == [("CreateQueue", new), ("DeleteQueue", old)]

    asyncio.run(story())


def test_a_custom_name_can_not_be_replaced() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": queue("a.fifo", FifoQueue=True)})
        stack = await house.update({"A": queue("a.fifo", FifoQueue=False)})
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE" and "a.fifo" in house.services.queues
        said = " ".join(one.reason for one in house.records.events(stack))
        assert "cannot update a stack when a custom-named resource requires replacing. Rename a.fifo" in said

    asyncio.run(story())


def test_an_update_that_fails_brings_everything_back() -> None:
    async def story() -> None:
        house = House()
        before = {"A": queue("a", DelaySeconds=1), "R": queue()}
        await house.make(before)
        [old] = [name for name in house.services.queues if name != "a"]
        house.services.refusals["CreateQueue", "bad"] = Refused("sqs", "Bad", "no", 400)
        after_it = {
            "A": queue("a", DelaySeconds=2),
            "R": queue(FifoQueue=True),
            "New": queue("new"),
            "X": {**queue("bad"), "DependsOn": ["A", "R", "New"]},
        }
        stack = await house.update(after_it)
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
        assert sorted(house.services.queues) == sorted(["a", old]) and house.services.queues["a"]["DelaySeconds"] == "1"
        assert set(house.records.resources(stack)) == {"A", "R"}
        assert all(one.before is None and not one.garbage for one in house.records.resources(stack).values())
        again = await house.update({**before, "Y": queue("y")})
        assert again.status == "UPDATE_COMPLETE" and sorted(house.services.queues) == sorted(["a", old, "y"])

    asyncio.run(story())


def test_what_is_to_be_kept_is_kept() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": {**queue("a"), "DeletionPolicy": "Retain"}, "B": queue("b")})
        gone = await house.delete()
        assert gone.status == "DELETE_COMPLETE" and list(house.services.queues) == ["a"]
        assert ("A", "DELETE_SKIPPED") in house.told(gone)

    asyncio.run(story())


def test_a_delete_that_is_refused_says_what_is_left() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": queue("a"), "B": queue("b", "A")})
        house.services.refusals["DeleteQueue", "b"] = Refused("sqs", "Bad", "no", 400)
        failed = await house.delete()
        assert failed.status == "DELETE_FAILED" and sorted(house.services.queues) == ["a", "b"]
        assert failed.reason == "The following resource(s) failed to delete: [B]. "
        await house.stacks.delete(SCOPE, "s", ("B",))
        assert (await house.stacks.wait(failed)).status == "DELETE_COMPLETE"
        assert list(house.services.queues) == ["b"]

    asyncio.run(story())


def test_two_at_once_are_refused_and_a_name_is_taken_once() -> None:
    async def story() -> None:
        house = House()
        stack = await house.stacks.create(SCOPE, wanted({"A": queue("a")}, "s"))
        with pytest.raises(AlreadyThere, match=r"Stack \[s\] already exists"):
            await house.stacks.create(SCOPE, wanted({"A": queue("a")}, "s"))
        with pytest.raises(TemplateInvalid, match="is in CREATE_IN_PROGRESS state and can not be updated"):
            await house.stacks.update(SCOPE, wanted({"A": queue("b")}, "s"))
        await house.stacks.wait(stack)
        with pytest.raises(DeployError, match=r"Stack \[none\] does not exist"):
            await house.stacks.update(SCOPE, wanted({"A": queue("b")}, "none"))

    asyncio.run(story())


def test_of_two_updates_at_the_same_time_one_is_refused() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": queue("a")})
        both = [house.stacks.update(SCOPE, wanted({"A": queue("a", DelaySeconds=n)}, "s")) for n in (1, 2)]
        said = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one) for one in said if isinstance(one, DeployError)) == [TemplateInvalid]
        names = [house.stacks.create(SCOPE, wanted({"A": queue()}, "new")) for _ in range(2)]
        said = await asyncio.gather(*names, return_exceptions=True)
        assert [type(one) for one in said if isinstance(one, DeployError)] == [AlreadyThere]

    asyncio.run(story())


def test_two_hundred_resources_take_a_moment() -> None:
    async def story() -> None:
        house = House()
        many = {f"Q{n}": queue("", f"Q{n - 1}" if n % 5 else "", DelaySeconds=n) for n in range(200)}
        began = time.process_time()
        assert (await house.make(many)).status == "CREATE_COMPLETE"
        assert time.process_time() - began < 10

    asyncio.run(story())


def test_types_and_properties_that_are_not_made_fail_by_name() -> None:
    async def story() -> None:
        house = House()
        unknown = await house.make({"A": {"Type": "AWS::No::Such"}}, "one")
        assert "Lambent does not make AWS::No::Such yet" in house.records.events(unknown)[-3].reason
        wrong = await house.make({"A": queue(Nonsense=1)}, "two")
        assert "#: extraneous key [Nonsense] is not permitted" in house.records.events(wrong)[-3].reason

    asyncio.run(story())


def test_change_sets_say_what_they_do_and_do_it() -> None:
    async def story() -> None:
        house = House()
        stack, planned = await house.change_sets.plan(SCOPE, wanted({"A": queue("a")}, "s"), Asked("c", "CREATE"))
        assert (stack.status, planned.status) == ("REVIEW_IN_PROGRESS", "CREATE_COMPLETE")
        assert [one["ResourceChange"]["Action"] for one in planned.changes] == ["Add"]
        await house.change_sets.execute(stack, planned, None, "")
        assert (await house.stacks.wait(stack)).status == "CREATE_COMPLETE"
        _, same = await house.change_sets.plan(SCOPE, wanted({"A": queue("a")}, "s"), Asked("same", "UPDATE"))
        assert (same.status, same.reason) == ("FAILED", UNCHANGED)
        _, more = await house.change_sets.plan(
            SCOPE, wanted({"A": queue("a", DelaySeconds=3)}, "s"), Asked("more", "UPDATE")
        )
        await house.change_sets.execute(stack, more, None, "")
        assert (await house.stacks.wait(stack)).status == "UPDATE_COMPLETE"
        assert house.services.queues["a"]["DelaySeconds"] == "3"
        assert [one.name for one in house.records.change_sets(stack)] == ["more"]

    asyncio.run(story())


def test_exports_are_imported_and_kept_as_long() -> None:
    async def story() -> None:
        house = House()
        out = {"O": {"Value": {"Ref": "A"}, "Export": {"Name": "it"}}}
        await house.make({"A": queue("a")}, "one", Outputs=out)
        used = {"B": queue("b", KmsMasterKeyId={"Fn::ImportValue": "it"})}
        assert (await house.make(used, "two")).imports == ["it"]
        assert house.services.queues["b"]["KmsMasterKeyId"] == "u/a"
        kept = await house.delete("one")
        assert (kept.status, kept.reason) == ("DELETE_FAILED", "Export it cannot be deleted as it is in use by two")
        second = await house.make({"A": queue("c")}, "three", Outputs=out)
        assert second.status == "ROLLBACK_COMPLETE"

    asyncio.run(story())


def test_secrets_are_fetched_for_the_call_and_not_kept() -> None:
    async def story() -> None:
        house = House()
        stack = await house.make({"A": queue("a", KmsMasterKeyId="{{resolve:ssm:/key}}")})
        assert house.services.queues["a"]["KmsMasterKeyId"] == "fetched"
        assert house.records.resources(stack)["A"].properties["KmsMasterKeyId"] == "{{resolve:ssm:/key}}"

    asyncio.run(story())


class Killed(BaseException):
    """The server is gone."""


@pytest.mark.parametrize("calls", range(1, 5))
def test_a_server_that_is_killed_half_way_leaves_a_stack_that_the_next_one_brings_to_its_end(calls: int) -> None:
    """The n-th call is made, and nobody hears its answer."""

    async def story() -> None:
        house = House()
        answer, count = Services.__call__, itertools.count(1)

        async def dying(*said: Any) -> dict[str, Any]:
            result = await answer(house.services, *said)
            if next(count) == calls:
                raise Killed
            return result

        dead = House(house.resources)
        dead.services.queues = house.services.queues
        object.__setattr__(dead.stacks.ports, "asks", lambda _acting: dying)
        resources = {"A": queue(), "B": queue("b", "A"), "C": queue("c", "B")}
        await dead.stacks.create(SCOPE, wanted(resources, "s"))
        await asyncio.wait(dead.tasks)
        for task in dead.tasks:
            task.cancelled() or task.exception()
        house.stacks.resume()
        stack = await house.stacks.wait(house.stacks.existing(SCOPE, "s"))
        assert stack.status == "CREATE_COMPLETE", house.records.events(stack)
        assert len(house.services.queues) == 3
        assert all(one.physical_id.startswith("u/") for one in house.records.resources(stack).values())

    asyncio.run(story())


def test_a_wait_condition_waits_for_its_signals() -> None:
    async def story() -> None:
        house = House()
        resources = {
            "H": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "W": {
                "Type": "AWS::CloudFormation::WaitCondition",
                "Properties": {"Handle": {"Ref": "H"}, "Count": 2, "Timeout": "60"},
            },
        }
        stack = await house.stacks.create(SCOPE, wanted(resources, "s"))
        while "W" not in (made := house.records.resources(stack)) or not made["W"].physical_id:  # noqa: ASYNC110 - a turn of the loop, not a time
            await asyncio.sleep(0)
        token = made["H"].physical_id.rpartition("/")[2]
        assert not await house.signals.say(SCOPE, "another", {})
        for name in ("a", "b"):
            assert await house.signals.say(SCOPE, token, {"Status": "SUCCESS", "UniqueId": name, "Data": name})
        done = await house.stacks.wait(stack)
        assert done.status == "CREATE_COMPLETE"
        assert json.loads(house.records.resources(stack)["W"].attributes["Data"]) == {"a": "a", "b": "b"}

    asyncio.run(story())


def test_a_stack_that_is_protected_is_not_deleted() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": queue("a")}, protected=True)
        with pytest.raises(TemplateInvalid, match="cannot be deleted while TerminationProtection is enabled"):
            await house.stacks.delete(SCOPE, "s")

    asyncio.run(story())


def test_a_template_that_nests_itself_ends_and_nothing_is_left() -> None:
    async def story() -> None:
        house = House(most=50)
        again = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://b.s3.amazonaws.com/t"}}
        house.services.template = json.dumps({"Resources": {"A": again, "B": again}})
        assert (await house.make({"A": again})).status == "ROLLBACK_COMPLETE"
        assert house.records.alive(SCOPE) == 1
        assert len(house.records.stacks(SCOPE)) < 150
        await house.delete()
        assert (await house.make({"A": queue("a")})).status == "CREATE_COMPLETE"

    asyncio.run(asyncio.wait_for(story(), 30))


def test_exports_are_of_stacks_that_are_there() -> None:
    async def story() -> None:
        house = House()
        output = {"O": {"Value": "v", "Export": {"Name": "e"}}}
        await house.make({"A": queue("a")}, Outputs=output)
        assert {name: value for name, (value, _) in house.records.exports(SCOPE).items()} == {"e": "v"}
        await house.delete()
        assert house.records.exports(SCOPE) == {}

    asyncio.run(story())
