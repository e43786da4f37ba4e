"""Operations of topic rules, and what Publish refuses. No sockets."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lambent.model.finding import Finding
from lambent.model.push import Push
from lambent.model.scope import Caller, Scope
from lambent.services.iot.env import IotEnv
from lambent.services.iot.operations import MESSAGES, RULES, is_message, is_of_rules
from lambent.store.open import open_store
from lambent.wire.fault import Fault
from lambent.wire.http import Request

HERE = Scope("111111111111", "eu-west-1")
RULE: dict[str, Any] = {"sql": "SELECT * FROM 'a/+'", "actions": [{"lambda": {"functionArn": "arn:f"}}]}


class Iot:
    """What was sent, and the operations."""

    def __init__(self, env: IotEnv) -> None:
        self.env = env
        self.sent: list[Push] = []

    async def ask(self, operation: str, scope: Scope = HERE, **params: Any) -> dict[str, Any]:
        return await (RULES | MESSAGES)[operation](self.env, Caller(scope, "id"), params)

    async def refused(self, operation: str, **params: Any) -> str:
        with pytest.raises(Fault) as caught:
            await self.ask(operation, **params)
        return caught.value.code


def run(folder: Path, test: Any) -> None:
    async def inside() -> None:
        store = await open_store(folder)
        numbers = itertools.count()
        findings: list[Finding] = []

        async def add(pushes: Sequence[Push]) -> None:
            iot.sent += pushes

        iot = Iot(IotEnv(store.resources, lambda: 1.5, lambda: str(next(numbers)), add, findings.append))
        try:
            await test(iot)
        finally:
            await store.close()

    asyncio.run(inside())


def test_a_rule_is_made_changed_and_deleted(tmp_path: Path) -> None:
    async def test(iot: Iot) -> None:
        await iot.ask("CreateTopicRule", ruleName="r", topicRulePayload=RULE)
        assert (
            await iot.refused("CreateTopicRule", ruleName="r", topicRulePayload=RULE)
            == "ResourceAlreadyExistsException"
        )
        found = await iot.ask("GetTopicRule", ruleName="r")
        assert found["ruleArn"] == "arn:aws:iot:eu-west-1:111111111111:rule/r"
        assert (found["rule"]["sql"], found["rule"]["ruleDisabled"]) == (RULE["sql"], False)
        await iot.ask("Publish", topic="a/b", payload=b"{}")
        await iot.ask("DisableTopicRule", ruleName="r")
        await iot.ask("Publish", topic="a/b", payload=b"{}")
        assert [push.delivery.target for push in iot.sent] == ["arn:f"]
        await iot.ask("EnableTopicRule", ruleName="r")
        await iot.ask("ReplaceTopicRule", ruleName="r", topicRulePayload={**RULE, "sql": "SELECT * FROM 'c'"})
        await iot.ask("CreateTopicRule", ruleName="s", topicRulePayload=RULE)
        first = await iot.ask("ListTopicRules", maxResults=1)
        assert [one["topicPattern"] for one in first["rules"]] == ["c"]
        second = await iot.ask("ListTopicRules", maxResults=1, nextToken=first["nextToken"])
        assert ([one["ruleName"] for one in second["rules"]], "nextToken" in second) == (["s"], False)
        assert [one["ruleName"] for one in (await iot.ask("ListTopicRules", topic="c"))["rules"]] == ["r"]
        await iot.ask("DeleteTopicRule", ruleName="r")
        for operation in ("GetTopicRule", "DeleteTopicRule", "EnableTopicRule"):
            assert await iot.refused(operation, ruleName="r") == "UnauthorizedException"
        await iot.ask("Publish", scope=Scope("222222222222", "eu-west-1"), topic="a/b")
        assert len(iot.sent) == 1

    run(tmp_path, test)


def test_rules_have_tags(tmp_path: Path) -> None:
    async def test(iot: Iot) -> None:
        arn = "arn:aws:iot:eu-west-1:111111111111:rule/r"
        await iot.ask("CreateTopicRule", ruleName="r", topicRulePayload=RULE, tags="a=1&b=2%203")
        await iot.ask("TagResource", resourceArn=arn, tags=[{"Key": "c", "Value": "4"}])
        await iot.ask("UntagResource", resourceArn=arn, tagKeys=["a"])
        found = (await iot.ask("ListTagsForResource", resourceArn=arn))["tags"]
        assert found == [{"Key": "b", "Value": "2 3"}, {"Key": "c", "Value": "4"}]
        assert await iot.refused("ListTagsForResource", resourceArn=f"{arn}s") == "ResourceNotFoundException"
        thing = arn.replace("rule", "thing")
        assert await iot.refused("ListTagsForResource", resourceArn=thing) == "NotImplementedException"

    run(tmp_path, test)


def test_what_can_not_be_carried_out_is_refused(tmp_path: Path) -> None:
    async def test(iot: Iot) -> None:
        async def refused(**changes: Any) -> str:
            return await iot.refused("CreateTopicRule", ruleName="r", topicRulePayload={**RULE, **changes})

        assert await refused(sql="SELECT") == "SqlParseException"
        assert await refused(sql="SELECT get_thing_shadow('a') FROM 'x'") == "NotImplementedException"
        assert await refused(actions=[{"timestream": {}}]) == "NotImplementedException"
        assert await refused(errorAction={"kafka": {}}) == "NotImplementedException"
        assert await refused(actions=RULE["actions"] * 11) == "InvalidRequestException"
        bad = {"s3": {"roleArn": "r", "bucketName": "b", "key": "${topic(}"}}
        assert await refused(actions=[bad]) == "SqlParseException"
        for topic in ("a/+", "a/#", "a" * 257, "a" + "/a" * 8):
            assert await iot.refused("Publish", topic=topic, payload=b"") == "InvalidRequestException"
        assert await iot.refused("Publish", topic="$aws/things/t/shadow/update") == "NotImplementedException"
        assert await iot.refused("Publish", topic="a", retain=True) == "NotImplementedException"
        assert await iot.refused("Publish", topic="a", payload=b"a" * 131_073) == "RequestEntityTooLargeException"

    run(tmp_path, test)


def test_only_rules_and_messages_are_answered_here() -> None:
    assert is_of_rules(Request("GET", "/rules")) and is_of_rules(Request("POST", "/rules/r/enable"))
    assert not is_of_rules(Request("GET", "/rules-of-mine")) and not is_of_rules(Request("GET", "/things"))
    assert is_message(Request("POST", "/topics/a")) and not is_message(Request("GET", "/things/t/shadow"))
