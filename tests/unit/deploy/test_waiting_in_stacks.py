"""What a stack waits for: signals, custom resources behind topics, and how long at most; what it lets go of."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.making import ApiMaker
from lambent.deploy.ports import Owner, Refused
from lambent.deploy.resources.calls import Calls, NotMade
from lambent.deploy.resources.kind import Subject
from lambent.deploy.resources.table import KINDS
from lambent.deploy.stack import Stack
from lambent.model.scope import Scope
from tests.unit.deploy.test_engine_of_stacks import SCOPE, House, queue, wanted

WAIT = "AWS::CloudFormation::WaitCondition"


async def made(house: House, stack: Stack, name: str) -> Any:
    """The resource, when it has a physical id."""
    while name not in (found := house.records.resources(stack)) or not found[name].physical_id:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return found[name]


def test_a_creation_policy_waits_for_signals_of_the_resource() -> None:
    async def story() -> None:
        house = House()
        signal = {"ResourceSignal": {"Count": {"Ref": "N"}, "Timeout": "PT1H"}}
        resources = {"W": {"Type": WAIT, "CreationPolicy": signal}}
        parameters = {"N": {"Type": "Number", "Default": "2"}}
        stack = await house.stacks.create(SCOPE, wanted(resources, "s", Parameters=parameters))
        token = (await made(house, stack, "W")).name
        for one in ("a", "b"):
            assert await house.signals.say(SCOPE, token, {"Status": "SUCCESS", "UniqueId": one})
        assert (await house.stacks.wait(stack)).status == "CREATE_COMPLETE"
        await house.delete()
        assert not await house.signals.say(SCOPE, token, {"Status": "SUCCESS", "UniqueId": "c"})

    asyncio.run(story())


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"Timeout": "PT0S"}, "WaitCondition timed out. Received 0 conditions when expecting 1"),
        ({"Timeout": "5 minutes"}, "Invalid Timeout 5 minutes"),
    ],
)
def test_signals_that_do_not_come_fail_the_stack(policy: dict[str, str], reason: str) -> None:
    async def story() -> None:
        house = House()
        stack = await house.make({"W": {"Type": WAIT, "CreationPolicy": {"ResourceSignal": policy}}})
        assert stack.status == "ROLLBACK_COMPLETE"
        assert any(one.reason.startswith(reason) for one in house.records.events(stack))

    asyncio.run(story())


def test_a_failed_signal_fails_the_resource() -> None:
    async def story() -> None:
        house = House()
        resources = {"W": {"Type": WAIT, "CreationPolicy": {"ResourceSignal": {"Timeout": "PT5M"}}}}
        stack = await house.stacks.create(SCOPE, wanted(resources, "s"))
        token = (await made(house, stack, "W")).name
        await house.signals.say(SCOPE, token, {"Status": "FAILURE", "UniqueId": "a", "Reason": "no"})
        assert (await house.stacks.wait(stack)).status == "ROLLBACK_COMPLETE"
        assert any("WaitCondition received failed message" in one.reason for one in house.records.events(stack))

    asyncio.run(story())


def test_a_stack_that_takes_longer_than_it_may_is_rolled_back() -> None:
    async def story() -> None:
        house = House()
        slow = {"Type": WAIT, "CreationPolicy": {"ResourceSignal": {"Timeout": "PT5H"}}}
        stack = await house.stacks.create(SCOPE, wanted({"A": queue("a"), "W": slow}, "s", minutes=1))
        await made(house, stack, "W")
        house.stacks._running[stack.uid].cancel("Stack creation timed out")  # what the timer does
        assert (await house.stacks.wait(stack)).status == "ROLLBACK_COMPLETE"
        assert house.services.queues == {}

    asyncio.run(story())


class Topics:
    """Answers Publish as a worker behind a topic would, by way of the response URL."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.heard: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"Status": "SUCCESS", "PhysicalResourceId": "p", "Data": {"A": "b"}}

    async def __call__(self, scope: Scope, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if (service, operation) != ("sns", "Publish"):
            return await self.house.services(scope, service, operation, params)
        said = json.loads(params["Message"])
        self.heard.append({**said, "Subject": params["Subject"], "TopicArn": params["TopicArn"]})
        token = said["ResponseURL"].rpartition("/")[2]
        self.house.spawn(self._say(scope, token))
        return {}

    async def _say(self, scope: Scope, token: str) -> None:
        assert await self.house.signals.say(scope, token, self.answer)


def test_a_custom_resource_behind_a_topic_is_made_changed_and_deleted() -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:t"

    def custom(**properties: Any) -> dict[str, Any]:
        return {"C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": topic, **properties}}}

    async def story() -> None:
        house = House()
        topics = Topics(house)
        object.__setattr__(house.stacks.ports, "asks", lambda _acting: topics)
        stack = await house.make(custom(N=1), Outputs={"O": {"Value": {"Fn::GetAtt": "C.A"}}})
        assert stack.status == "CREATE_COMPLETE" and stack.outputs[0]["OutputValue"] == "b"
        stack = await house.update(custom(N=2), Outputs={"O": {"Value": {"Fn::GetAtt": "C.A"}}})
        assert stack.status == "UPDATE_COMPLETE"
        await house.delete()
        assert [one["RequestType"] for one in topics.heard] == ["Create", "Update", "Delete"]
        assert topics.heard[1]["OldResourceProperties"]["N"] == "1" and topics.heard[0]["TopicArn"] == topic
        topics.answer = {"Status": "FAILED", "Reason": "no"}
        assert (await house.make(custom(), "t")).status == "ROLLBACK_COMPLETE"

    asyncio.run(story())


def test_a_forced_deletion_lets_go_of_what_can_not_be_deleted() -> None:
    async def story() -> None:
        house = House()
        await house.make({"A": queue("kept"), "B": queue("gone", "A"), "C": queue("free")})
        with pytest.raises(TemplateInvalid, match="only when the stack is in the DELETE_FAILED state"):
            await house.stacks.delete(SCOPE, "s", forced=True)
        house.services.refusals["DeleteQueue", "gone"] = Refused("sqs", "AccessDenied", "no", 403)
        stack = await house.delete()
        assert stack.status == "DELETE_FAILED" and sorted(house.services.queues) == ["gone", "kept"]
        await house.stacks.delete(SCOPE, "s", forced=True)
        stack = await house.stacks.wait(stack)
        assert stack.status == "DELETE_COMPLETE" and list(house.services.queues) == ["gone"]
        assert ("B", "DELETE_SKIPPED") in house.told(stack)

    asyncio.run(story())


def test_properties_that_are_not_done_here_are_passed_over_when_that_is_wanted() -> None:
    owner = Owner("s", "arn", SCOPE, {}, {})
    said = {
        "BucketName": "b",
        "WebsiteConfiguration": {"IndexDocument": "i"},
        "ReplicationConfiguration": {"Role": "r"},
    }
    subject = Subject("AWS::S3::Bucket", "B", "b", owner, said)
    asked, told = [], []

    async def ask(scope: Scope, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(operation)
        if operation == "PutBucketWebsite":
            raise Refused("s3", "NotImplemented", "not yet", 501)
        return {}

    async def note(subject: Subject) -> None:
        pass

    def maker(over: Any) -> ApiMaker:
        kind = KINDS["AWS::S3::Bucket"]
        return ApiMaker("AWS::S3::Bucket", kind, Calls(ask, lambda: False, over), over)

    asyncio.run(maker(lambda subject, names: told.append(names)).create(subject, note))
    assert told == [["ReplicationConfiguration"], ["WebsiteConfiguration"]] and asked[0] == "CreateBucket"
    with pytest.raises(NotMade, match="ReplicationConfiguration of AWS::S3::Bucket"):
        asyncio.run(maker(None).create(subject, note))


def test_signals_that_come_at_once_are_all_kept_and_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambent.deploy.signals.MOST", 3)

    async def story() -> None:
        signals = House().signals
        await signals.expect(SCOPE, "t")
        told = [signals.say(SCOPE, "t", {"UniqueId": one}) for one in "abcd"]
        assert await asyncio.gather(*told) == [True, True, True, False]
        assert [one["UniqueId"] for one in signals.said(SCOPE, "t")] == ["a", "b", "c"]

    asyncio.run(story())
