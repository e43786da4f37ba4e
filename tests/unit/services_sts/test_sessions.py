"""Sessions of roles: what has to be allowed for them, and by which id they are known.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

import asyncio
from typing import Any

import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.services.sts.assume_role import assume_role
from lambent.services.sts.env import Granted, StsEnv, Wanted
from lambent.services.sts.get_caller_identity import get_caller_identity
from lambent.wire.fault import Fault

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
USER = f"arn:aws:iam::{ACCOUNT}:user/u"
KNOWN = {ROLE: "AROAKNOWN", USER: "AIDAKNOWN"}


class World:
    """An STS whose roles allow what is not `denied`; `asked` is what was asked of them."""

    def __init__(self, *denied: str) -> None:
        self.denied = denied
        self.asked: list[Wanted] = []
        self.given: list[Held] = []
        self.env = StsEnv(
            lambda: 0.0, self.learn, lambda _key: None, lambda _key: ACCOUNT, self.ask, bytes, self.known_id
        )

    async def learn(self, _key: str, held: Held) -> None:
        self.given.append(held)

    async def ask(self, _caller: Caller, wanted: Wanted) -> Granted:
        self.asked.append(wanted)
        return Granted("no" if wanted.action in self.denied else "")

    async def known_id(self, arn: str, _region: str) -> str:
        return KNOWN.get(arn, "")

    def assume(self, held: Held | None = None, **more: Any) -> dict[str, Any]:
        caller = Caller(Scope(ACCOUNT), "id", "key", held=held)
        return asyncio.run(assume_role(self.env, caller, {"RoleArn": ROLE, "RoleSessionName": "s", **more}))


def test_a_source_identity_has_to_be_allowed() -> None:
    with pytest.raises(Fault):
        World("sts:SetSourceIdentity").assume(SourceIdentity="me")
    world = World()
    assert world.assume(SourceIdentity="me")["SourceIdentity"] == "me"
    assert world.asked[-1].action == "sts:SetSourceIdentity"
    assert world.asked[-1].keys["sts:sourceidentity"] == "me"


def test_one_that_goes_on_has_to_be_allowed_by_the_next_role_too() -> None:
    before = Held("s", ACCOUNT, ROLE, "s", source_identity="me")
    with pytest.raises(Fault):
        World("sts:SetSourceIdentity").assume(before)
    world = World()
    world.assume(before)
    assert world.given[0].source_identity == "me"


def test_without_one_nothing_is_asked() -> None:
    world = World("sts:SetSourceIdentity", "sts:TagSession")
    assert world.assume()["AssumedRoleUser"]["AssumedRoleId"] == "AROAKNOWN:s"
    assert [one.action for one in world.asked] == ["sts:AssumeRole"]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (None, ACCOUNT),
        (Held("s", ACCOUNT, ROLE, "f"), "AROAKNOWN:f"),
        (Held("s", ACCOUNT, user=USER), "AIDAKNOWN"),
        (Held("s", ACCOUNT, user=f"arn:aws:sts::{ACCOUNT}:federated-user/bob"), f"{ACCOUNT}:bob"),
    ],
)
def test_who_asks_has_the_id_that_iam_gave(held: Held | None, expected: str) -> None:
    caller = Caller(Scope(ACCOUNT), "id", "key", held=held)
    assert asyncio.run(get_caller_identity(World().env, caller, {}))["UserId"] == expected


def test_a_role_that_iam_does_not_know_has_an_id_of_its_form() -> None:
    caller = Caller(Scope(ACCOUNT), "id", "key", held=Held("s", ACCOUNT, f"{ROLE}2", "f"))
    said = [asyncio.run(get_caller_identity(World().env, caller, {}))["UserId"] for _ in range(2)]
    assert said[0] == said[1]
    assert said[0].startswith("AROA")
    assert len(said[0]) == 21 + len(":f")
