"""Stack policies stand in the way of updates; a stack's topics hear of its events; what can't be is refused at once."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from lambent.deploy.errors import AlreadyThere, TemplateInvalid
from lambent.deploy.notices import message
from lambent.deploy.policy import DELETE, MODIFY, REPLACE, denial, read
from lambent.deploy.stack import Event, Stack
from lambent.model.scope import Scope
from lambent.services.cloudformation.env import check_name
from tests.unit.deploy.test_engine_of_stacks import House, queue, wanted

ALLOW = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Statement": list(statements)})


def deny(action: str, resource: str = "LogicalResourceId/A", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Principal": "*", "Resource": resource, **more}


@pytest.mark.parametrize(
    ("text", "action", "allowed"),
    [
        ("", MODIFY, True),
        (policy(ALLOW), REPLACE, True),
        (policy(ALLOW, deny("Update:Replace")), REPLACE, False),
        (policy(ALLOW, deny("Update:Replace")), MODIFY, True),
        (policy(ALLOW, deny("Update:*", "LogicalResourceId/B*")), DELETE, True),
        (policy(deny("Update:Delete")), MODIFY, False),
        (policy({**ALLOW, "Condition": {"StringEquals": {"ResourceType": ["AWS::SQS::Queue"]}}}), MODIFY, True),
        (policy({**ALLOW, "Condition": {"StringLike": {"ResourceType": "AWS::SNS::*"}}}), MODIFY, False),
        (
            policy({"Effect": "Allow", "NotAction": "Update:Delete", "Principal": "*", "NotResource": "x"}),
            DELETE,
            False,
        ),
    ],
)
def test_what_a_policy_lets_an_update_do(text: str, action: str, allowed: bool) -> None:
    assert (denial(text, action, "A", "AWS::SQS::Queue") == "") == allowed


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"Statement": [{}]}', '{"Statement": [{"Effect": "Allow"}]}'])
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(TemplateInvalid, match="Error validating stack policy"):
        read(text)


def test_an_update_that_the_policy_denies_is_rolled_back_and_one_that_overrides_it_is_not() -> None:
    async def story() -> None:
        house = House()
        first = replace(wanted({"A": queue("a"), "B": queue("b")}, "s"), policy=policy(ALLOW, deny("Update:*")))
        await house.stacks.wait(await house.stacks.create(Scope(), first))
        for resources in ({"A": queue("a", DelaySeconds=5), "B": queue("b")}, {"B": queue("b")}):
            stack = await house.update(resources)
            assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
            assert set(house.services.queues) == {"a", "b"}
        reasons = [one.reason for one in house.records.events(stack)]
        said = (
            "Action denied by stack policy: Statement [#2] does not allow [Update:*] for resource [LogicalResourceId/A]"
        )
        assert said in reasons
        over = replace(wanted({"B": queue("b")}, "s"), during=policy(ALLOW))
        stack = await house.stacks.wait(await house.stacks.update(Scope(), over))
        assert (stack.status, set(house.services.queues)) == ("UPDATE_COMPLETE", {"b"})

    asyncio.run(story())


def test_a_stacks_topics_hear_of_its_events() -> None:
    stack = Stack("u", "s", "000000000000", "us-east-1", "CREATE_COMPLETE", 0.0, {"template": ""})
    text = message(stack, Event("e", "A", "a", "AWS::SQS::Queue", "CREATE_COMPLETE", 1.5, "", '{"X":1}', "t"))
    assert text.splitlines() == [
        "StackId='arn:aws:cloudformation:us-east-1:000000000000:stack/s/u'",
        "Timestamp='1970-01-01T00:00:01.500Z'",
        "EventId='e'",
        "LogicalResourceId='A'",
        "Namespace='000000000000'",
        "PhysicalResourceId='a'",
        "ResourceProperties='{\"X\":1}'",
        "ResourceStatus='CREATE_COMPLETE'",
        "ResourceStatusReason=''",
        "ResourceType='AWS::SQS::Queue'",
        "StackName='s'",
        "ClientRequestToken='t'",
    ]

    async def story() -> None:
        house = House()
        await house.make({"A": queue("a")}, notifications=("arn:aws:sns:us-east-1:000000000000:t",))
        assert [operation for operation, _ in house.services.asked].count("Publish") == len(
            house.records.events(house.stacks.existing(Scope(), "s"))
        )

    asyncio.run(story())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Fn::If": ["X", "a", "b"]}, "Template error: unresolved condition dependency X in Fn::If"),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "Template error: Unable to get mapping for M::a::b"),
        ({"Fn::Join": ["a"]}, "Template error: every Fn::Join object requires two parameters"),
        ({"Fn::Select": ["5", ["a"]]}, "Template error: Fn::Select cannot select nonexistent value at index 5"),
        ({"Fn::Foo": "x"}, r"Template Error: Encountered unsupported function: Fn::Foo Supported functions are: \["),
        ({"Fn::GetAtt": ["X", "Arn"]}, "Template error: instance of Fn::GetAtt references undefined resource X"),
        ({"Fn::Sub": "${X.Arn}"}, "Template error: instance of Fn::Sub references invalid resource attribute X.Arn"),
        ({"Fn::GetAtt": ["B", "No"]}, "Template error: resource B does not support attribute type No in Fn::GetAtt"),
        ({"Fn::Join": ["", [{"Fn::GetAtt": ["B", "No"]}]]}, "resource B does not support attribute type No"),
    ],
)
def test_a_value_that_can_mean_nothing_is_refused_with_the_request(value: Any, text: str) -> None:
    async def story() -> None:
        house = House()
        with pytest.raises(TemplateInvalid, match=text):
            await house.make({"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": value}}, "B": queue("b")})
        assert house.services.asked == []

    asyncio.run(story())


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Select": [3, {"Fn::Split": [":", {"Fn::GetAtt": ["B", "Arn"]}]}]},
        {"Fn::Join": ["-", ["a", {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "B"}]}]}]]},
        {"Fn::Sub": "${B.QueueName}-${!literal.x}-a"},
    ],
)
def test_what_needs_a_resource_is_left_until_it_is_there(value: Any) -> None:
    async def story() -> None:
        house = House()
        stack = await house.make(
            {"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": value}}, "B": queue("b")}
        )
        assert not stack.reason.startswith("Template error: Fn::Select requires")

    asyncio.run(story())


def test_an_export_that_is_not_there_stops_a_stack_before_it_makes_anything() -> None:
    async def story() -> None:
        house = House()
        stack = await house.make({"A": queue("a"), "B": queue("b", DelaySeconds={"Fn::ImportValue": "no"})})
        assert stack.status == "ROLLBACK_COMPLETE"
        assert "No export named no found. Rollback requested by user." in [
            one.reason for one in house.records.events(stack)
        ]
        assert house.services.asked == []

    asyncio.run(story())


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"Parameters": {"P": {"Type": "String", "Foo": 1}}}, "Invalid template parameter property 'Foo'"),
        ({"Outputs": {"O-x": {"Value": "1"}}}, "Outputs name 'O-x' is non alphanumeric."),
    ],
)
def test_what_a_section_may_not_have(more: dict[str, Any], text: str) -> None:
    async def story() -> None:
        house = House()
        one = wanted({"A": queue("a")}, "s")
        body = json.dumps({**json.loads(one.source.body), **more})
        with pytest.raises(TemplateInvalid, match=text):
            await house.stacks.create(Scope(), replace(one, source=replace(one.source, body=body)))

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1bad", r"Value '1bad' at 'stackName' .* Member must satisfy regular expression pattern"),
        ("a_b", "must satisfy regular expression pattern"),
        ("a" * 129, "Member must have length less than or equal to 128"),
    ],
)
def test_what_no_stack_is_called(name: str, said: str) -> None:
    with pytest.raises(TemplateInvalid, match=said):
        check_name(name)


def test_a_request_that_is_sent_again_makes_one_stack() -> None:
    async def story() -> None:
        house = House()
        one = replace(wanted({"A": queue("a")}, "s"), token="t")
        first = await house.stacks.create(Scope(), one)
        assert (await house.stacks.create(Scope(), one)).arn == first.arn
        await house.stacks.wait(first)
        assert (await house.stacks.create(Scope(), one)).arn == first.arn
        with pytest.raises(AlreadyThere):
            await house.stacks.create(Scope(), replace(one, token="other"))

    asyncio.run(story())


def test_a_type_without_snapshots_can_not_have_one() -> None:
    async def story() -> None:
        house = House()
        said = "Template error: resource type AWS::SQS::Queue does not support deletion policy Snapshot"
        with pytest.raises(TemplateInvalid, match=said):
            await house.make({"A": {**queue("a"), "DeletionPolicy": "Snapshot"}})

    asyncio.run(story())
