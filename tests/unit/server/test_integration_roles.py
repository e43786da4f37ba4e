"""In whose name an integration of an API asks AWS's services and calls functions: attacks and what is meant.

Source: the docstring of server/integration_roles.py.
"""

import asyncio
from typing import Any

import pytest

from lambent.model.acting import Acting, as_role
from lambent.model.credentials import Held, Signer
from lambent.model.door import CALLERS, Call, Door, NotPermitted
from lambent.permissions.assuming import UNSAID
from lambent.server.integration_roles import GATEWAY, SESSION, IntegrationRoles
from tests.unit.permissions.test_gate import ACCOUNT, ROLE, World

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
THEIRS = "arn:aws:lambda:us-east-1:222222222222:function:f"
CALL = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": [FUNCTION, THEIRS]}
HELD = Held("secret", ACCOUNT, ROLE, "s", token="t", expires=1.0)
SIGNED = Signer("ASIA1", ACCOUNT, ROLE, session="s")
TRUSTED = {"Effect": "Allow", "Principal": {"Service": GATEWAY}, "Action": "sts:AssumeRole"}


def roles(world: World, *keys: Held) -> IntegrationRoles:
    known = dict(zip(("ASIA1",), keys, strict=False))
    return IntegrationRoles(world.gate, world.report, lambda: 0.0, known.get)


def door(role: str = CALLERS, signer: Signer | None = SIGNED) -> Door:
    return Door(GATEWAY, "arn:aws:execute-api:us-east-1:111111111111:a/s/GET/", ACCOUNT, "us-east-1", role, signer)


def admits(world: World, door: Door, function: str = FUNCTION) -> bool:
    try:
        asyncio.run(roles(world, HELD).admit(door, Call(function, b"", "id")))
    except NotPermitted:
        return False
    return True


def test_without_a_role_the_accounts_own_key_is_nobodys_where_policies_are_enforced() -> None:
    """Or who may make an API, and little else, could do everything by it."""
    with pytest.raises(NotPermitted, match="no role"):
        asyncio.run(roles(World(mode="enforce")).acting(door("", None)))
    for mode in ("report", "off"):
        assert asyncio.run(roles(World(mode=mode)).acting(door("", None))) == Acting(GATEWAY, ACCOUNT)


def test_a_service_is_asked_with_the_rights_of_who_signed_and_with_nothing_to_sign_with() -> None:
    said = asyncio.run(roles(World(mode="enforce"), HELD).acting(door()))
    assert said == Acting(GATEWAY, ACCOUNT, Held("", ACCOUNT, ROLE, "s"))
    own = asyncio.run(roles(World(mode="enforce")).acting(door(signer=Signer("test", ACCOUNT))))
    assert own == Acting(GATEWAY, ACCOUNT)


@pytest.mark.parametrize("mode", ["off", "report", "enforce"])
@pytest.mark.parametrize(
    "one", [door(signer=None), door("arn:aws:iam::*:role/r"), door("anything"), door(ROLE.replace("1111", "2222"))]
)
def test_what_is_nobodys_asks_and_calls_nothing(mode: str, one: Door) -> None:
    world = World(CALL, mode=mode)
    with pytest.raises(NotPermitted):
        asyncio.run(roles(world, HELD).acting(one))
    assert not admits(world, one)


def test_a_key_that_went_while_it_was_used_is_not_the_accounts_own() -> None:
    with pytest.raises(NotPermitted, match="no more"):
        asyncio.run(roles(World(mode="enforce")).acting(door()))


@pytest.mark.parametrize(("statements", "admitted"), [((CALL,), True), ((), False)])
def test_a_function_is_called_with_the_rights_of_who_signed(statements: tuple[Any, ...], admitted: bool) -> None:
    assert admits(World(*statements, mode="enforce"), door()) is admitted
    world = World(*statements)
    assert admits(world, door())
    assert (("denied/lambda:InvokeFunction", ROLE) in world.findings) is not admitted


@pytest.mark.parametrize("mode", ["off", "report", "enforce"])
def test_another_accounts_function_is_its_policys_to_open(mode: str) -> None:
    assert not admits(World(CALL, mode=mode), door(), THEIRS)


@pytest.mark.parametrize("key", ["aws:SourceAccount", "aws:SourceArn"])
def test_api_gateway_does_not_say_whom_it_assumes_a_role_for(key: str) -> None:
    world = World(mode="enforce")
    world.trust = {"Version": "2012-10-17", "Statement": [TRUSTED]}
    assert asyncio.run(roles(world).acting(door(ROLE, None))) == as_role(GATEWAY, ROLE, SESSION)
    condition = {"StringLike": {key: "*"}}
    world = World(mode="report")
    world.trust = {"Version": "2012-10-17", "Statement": [TRUSTED | {"Condition": condition}]}
    asyncio.run(roles(world).acting(door(ROLE, None)))
    assert UNSAID in world.findings["role-not-assumable", ROLE].message
