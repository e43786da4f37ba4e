"""Whether buckets may send to what they are configured to."""

import asyncio
from typing import Any

import orjson
import pytest

from lambent.model.scope import Caller, Scope
from lambent.permissions.attached import Attached
from lambent.permissions.gate import Gate
from lambent.permissions.identities import Identities
from lambent.permissions.ledger import Trail
from lambent.permissions.resolved import Resolved
from lambent.server import permissions
from lambent.server.destinations import check_destination
from lambent.wire.http import Request, Response

QUEUE = "arn:aws:sqs:eu-west-1:222222222222:q"
FUNCTION = "arn:aws:lambda:eu-west-1:222222222222:function:f"
TOPIC = "arn:aws:sns:eu-west-1:222222222222:t"
CALLER = Caller(Scope("111111111111"), "id", "111111111111")
NOT_QUEUE = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"


class Bucket:
    arn, scope = "arn:aws:s3:::b", Scope("111111111111")


class World:
    """A gate before one policy, and services that have everything (or, with 404, nothing)."""

    def __init__(self, mode: str, status: int = 200, **condition: Any) -> None:
        self.findings: list[Any] = []
        self.status = status
        statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "*", "Resource": "*"}
        self.policy = orjson.dumps({"Statement": [{**statement, "Condition": condition}]}).decode()
        attached = Attached(self.ask)
        self.gate = Gate(
            mode, Identities(self.ask), attached, Resolved(self.ask), Trail(), self.findings.append,
            lambda _r, _c: None, lambda _task: None, lambda: 0.0, self.role_of,
        )  # fmt: skip

    async def ask(self, _service: str, operation: str, _params: Any, _scope: Scope) -> dict[str, Any] | None:
        return {"Policy": self.policy} if operation == "GetPolicy" else {"Attributes": {"Policy": self.policy}}

    async def role_of(self, _scope: Scope, _name: str) -> str:
        return ""

    async def gateway(self, _request: Request) -> Response:
        return Response(self.status, [], b"{}")

    def check(self, arn: str) -> str:
        async def may_send(*asked: str) -> str:
            return await permissions.may_configure(self.gate, *asked)

        bucket: Any = Bucket
        doors: Any = self
        return asyncio.run(check_destination(doors, may_send, CALLER, bucket, arn))


def of(account: str) -> dict[str, Any]:
    return {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}


@pytest.mark.parametrize("arn", [QUEUE, FUNCTION, TOPIC])
def test_a_policy_lets_the_bucket_send(arn: str) -> None:
    world = World("enforce", **of("111111111111"))
    assert world.check(arn) == ""
    assert not world.findings


REFUSALS = [(QUEUE, NOT_QUEUE), (FUNCTION, f"Not authorized to invoke function [{FUNCTION}]")]


@pytest.mark.parametrize("mode", ["off", "report", "enforce"])
@pytest.mark.parametrize(("arn", "text"), REFUSALS)
def test_another_accounts_is_refused_without_one_in_every_mode(mode: str, arn: str, text: str) -> None:
    assert World(mode, **of("333333333333")).check(arn) == text


@pytest.mark.parametrize(("arn", "text"), REFUSALS)
def test_without_one_it_is_refused_or_a_finding(arn: str, text: str) -> None:
    arn, text = (one.replace("222222222222", "111111111111") for one in (arn, text))
    assert World("enforce", **of("333333333333")).check(arn) == text
    world = World("report", **of("333333333333"))
    assert world.check(arn) == ""
    [finding] = world.findings
    assert (finding.resource, finding.code.partition("/")[0]) == (arn, "denied")
    silent = World("off", **of("333333333333"))
    assert (silent.check(arn), silent.findings) == ("", [])


def test_what_is_not_there_is_said_so() -> None:
    assert World("report", 404).check(QUEUE) == "The destination queue does not exist"
