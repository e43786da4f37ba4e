"""Who signed a request to a door (a function URL, an API): their own policies, and the door's."""

import asyncio
from typing import Any

import pytest

from lambent.model.credentials import Held, Signer
from lambent.server.permissions import may_ask, may_invoke
from lambent.settings import Settings
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

ACTION, OTHER = "execute-api:Invoke", "222222222222"
HERE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/prod/GET/x"
THERE = HERE.replace(ACCOUNT, OTHER)
KEYS = {"ASIA1": Held("s", ACCOUNT, ROLE, "f")}
SESSION, ROOT = Signer("ASIA1", ACCOUNT, ROLE, "us-east-1"), Signer(ACCOUNT, ACCOUNT, "", "us-east-1")
MAY = {"Effect": "Allow", "Action": ACTION, "Resource": "arn:aws:execute-api:*:*:api/prod/GET/*"}
OPEN = {"Statement": {**MAY, "Principal": "*"}}
CLOSED = {"Statement": {**MAY, "Principal": "*", "Effect": "Deny"}}


def ask(world: World, signer: Signer, arn: str = HERE, policy: dict[str, Any] | None = None) -> bool:
    return asyncio.run(may_ask(world.gate, KEYS.get, signer, ACTION, arn, policy, {}))


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_within_an_account_either_allows(mode: str) -> None:
    assert ask(World(MAY, mode=mode), SESSION)
    assert ask(World(mode=mode), SESSION, policy=OPEN)
    assert ask(World(mode=mode), ROOT)
    assert not ask(World(MAY, mode=mode), SESSION, policy=CLOSED)
    world = World(mode=mode)
    assert not ask(world, SESSION)
    assert [code for code, _ in world.findings] == [f"denied/{ACTION}"]


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_between_accounts_both_must(mode: str) -> None:
    assert ask(World(MAY, mode=mode), SESSION, THERE, OPEN)
    assert not ask(World(MAY, mode=mode), SESSION, THERE)
    assert not ask(World(mode=mode), SESSION, THERE, OPEN)
    assert not ask(World(mode=mode), ROOT, THERE)


def test_of_a_role_that_is_not_there_nothing_is_said() -> None:
    assert ask(World(gone=True), SESSION)
    assert not ask(World(gone=True), SESSION, THERE)
    assert ask(World(gone=True), SESSION, THERE, OPEN)
    assert not ask(World(gone=True, mode="enforce"), SESSION)


def test_off_looks_at_accounts_alone() -> None:
    assert ask(World(mode="off"), SESSION)
    assert not ask(World(mode="off"), ROOT, THERE)


@pytest.mark.parametrize(
    ("host", "key", "inside", "may"),
    [
        ("127.0.0.1", ACCOUNT, "", True),
        ("10.0.0.5", ACCOUNT, "", False),
        ("127.0.0.1", "ASIA1", "", False),
        ("10.0.0.5", "ASIA1", "", False),
        ("127.0.0.1", "ASIA1", "ASIA1", True),
    ],
)
def test_the_short_road_takes_whose_signature_needs_no_look(host: str, key: str, inside: str, may: bool) -> None:
    world = World({"Effect": "Allow", "Action": "*", "Resource": "*"}, mode="enforce")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    asyncio.run(_known(world, arn))
    settings = Settings(host=host, iam="enforce")
    assert may_invoke(world.gate, KEYS.get, settings, (), key, arn, inside) is may


async def _known(world: World, arn: str) -> None:
    world.gate._allowed["ASIA1", "lambda:InvokeFunction", arn] = world.gate.revision
