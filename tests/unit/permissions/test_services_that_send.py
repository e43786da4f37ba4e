"""Services that call functions: the policy of the function, version or alias lets in the very source, and no other."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.server.permissions import may_send
from tests.unit.permissions.test_gate import ACCOUNT, World

OTHER = "222222222222"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
SENDERS = {
    "s3": "arn:aws:s3:::bucket",
    "sns": f"arn:aws:sns:us-east-1:{ACCOUNT}:topic",
    "events": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rule",
    "scheduler": f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/s",
    "logs": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g",
    "apigateway": f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/prod/GET/x",
    "elasticloadbalancing": f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/t/1",
    "cloudwatch": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:a",
}


class Targets(World):
    """A function, a version or an alias of which has a policy; each has its own."""

    policies: Mapping[str, Any] = {}

    async def ask(self, service: str, operation: str, params: Mapping[str, Any], scope: Scope) -> dict[str, Any] | None:
        if operation == "GetPolicy":
            said = self.policies.get(params.get("Qualifier", ""))
            return {"Policy": json.dumps(said)} if said else None
        return await super().ask(service, operation, params, scope)


def sends(
    mode: str, policies: Mapping[str, Any], sender: str, source: str, target: str = FUNCTION, account: str = ACCOUNT
) -> bool:
    world = Targets(mode=mode)
    world.policies = policies
    denied = asyncio.run(may_send(world.gate, sender, source, account, target))
    return not (denied or world.findings)


def statement(sender: str, source: str, resource: str = FUNCTION, **more: str) -> dict[str, Any]:
    keys = {"AWS:SourceArn": source}
    said = {
        "Effect": "Allow",
        "Principal": {"Service": f"{sender}.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": resource,
        "Condition": {"ArnLike": keys} | ({"StringEquals": more} if more else {}),
    }
    return {"Version": "2012-10-17", "Statement": [said]}


@pytest.mark.parametrize("mode", ["report", "enforce"])
@pytest.mark.parametrize("sender", SENDERS)
def test_a_service_needs_the_functions_policy_for_its_source(mode: str, sender: str) -> None:
    source = SENDERS[sender]
    lets_in = statement(sender, source)
    assert sends(mode, {"": lets_in}, sender, source)
    assert not sends(mode, {}, sender, source)
    assert not sends(mode, {"": lets_in}, sender, f"{source}-other")
    assert not sends(mode, {"": lets_in}, "config", source)
    for qualifier in ("live", "3"):
        there = f"{FUNCTION}:{qualifier}"
        assert not sends(mode, {"": lets_in}, sender, source, there)
        assert sends(mode, {qualifier: statement(sender, source, there)}, sender, source, there)


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_a_bucket_of_that_name_in_another_account_is_told_by_the_account(mode: str) -> None:
    """The confused deputy of S3: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"""
    keys = {"AWS:SourceAccount": ACCOUNT}
    mine = statement("s3", SENDERS["s3"], **keys)
    assert sends(mode, {"": mine}, "s3", SENDERS["s3"])
    assert not sends(mode, {"": mine}, "s3", SENDERS["s3"], account=OTHER)


def test_off_looks_at_nothing() -> None:
    assert sends("off", {}, "sns", SENDERS["sns"])
