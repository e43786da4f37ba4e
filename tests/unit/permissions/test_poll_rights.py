"""What a mapping's role lacks to read its source, in each mode, with an IAM that is a table."""

import asyncio

import pytest

from lambent.model.event_source import EventSource
from lambent.model.scope import Scope
from lambent.permissions.poll_rights import PollRights
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

SOURCE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
READS = {"Effect": "Allow", "Action": "sqs:*", "Resource": SOURCE}
REFUSED = "The provided execution role does not have permissions to call ReceiveMessage on SQS"


MAPPING = EventSource("u", "arn", Scope(ACCOUNT), SOURCE, "f", "", 10, 0)


def of(world: World) -> PollRights:
    return PollRights(world.gate, lambda _source: ROLE)


def lacking(rights: PollRights) -> str:
    return asyncio.run(rights.lacking(MAPPING))


@pytest.mark.parametrize(("mode", "said", "told"), [("off", "", 0), ("report", "", 1), ("enforce", REFUSED, 1)])
def test_who_lacks_a_right_is_held_back_where_it_counts(mode: str, said: str, told: int) -> None:
    world = World(mode=mode)
    assert lacking(of(world)) == said
    assert [code for code, _ in world.findings] == ["source-not-read"] * told


def test_it_is_asked_again_when_a_policy_has_changed() -> None:
    world = World(READS, mode="enforce")
    rights = of(world)
    assert lacking(rights) == ""
    asked = len(world.asked)
    assert (lacking(rights), len(world.asked)) == ("", asked)
    world.statements = []
    world.gate.done("iam", "DeleteRolePolicy")
    assert lacking(rights) == REFUSED


@pytest.mark.parametrize(("mode", "said"), [("report", ""), ("enforce", REFUSED)])
def test_a_role_that_is_gone(mode: str, said: str) -> None:
    world = World(READS, mode=mode, gone=True)
    assert lacking(of(world)) == said
    assert bool(world.findings) == (mode == "enforce")
