"""What is asked of IAM changes users' access keys here."""

import asyncio
from typing import Any

import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.permissions.user_keys import UserKeys
from lambent.wire.fault import Fault

ACCOUNT = "111111111111"
ARN = f"arn:aws:iam::{ACCOUNT}:user/path/al"
OWN = Caller(Scope(ACCOUNT), "id", ACCOUNT)
OTHERS = Caller(Scope("222222222222"), "id", "222222222222")
GIVEN = {"AccessKey": {"UserName": "al", "AccessKeyId": "AKIA1", "SecretAccessKey": "s"}}
KEY = {"UserName": "al", "AccessKeyId": "AKIA1"}


class Kept(dict[str, Held]):
    """Keys in memory."""

    def held(self, key: str) -> Held | None:
        return self.get(key)

    def of_user(self, arn: str) -> dict[str, Held]:
        return {key: held for key, held in self.items() if held.user == arn}

    async def put(self, key: str, held: Held) -> None:
        self[key] = held

    async def remove(self, key: str) -> None:
        self.pop(key, None)


class World:
    """An IAM with one user, al."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.users = {"al": ARN}
        self.keys = UserKeys(self.kept, self.user)

    async def user(self, scope: Scope, name: str) -> str:
        return self.users.get(name, "") if scope.account == ACCOUNT else ""

    def __call__(
        self, operation: str, params: dict[str, Any], answer: Any = None, error: str = "", caller: Caller = OWN
    ) -> None:
        async def ask() -> None:
            theirs = await self.keys.before(operation, params, caller)
            if operation == "UpdateUser" and not error:
                self.users[params["NewUserName"]] = f"arn:aws:iam::{ACCOUNT}:user/path/{params['NewUserName']}"
            await self.keys.after(operation, params, caller, answer or {}, error, theirs)

        asyncio.run(ask())


@pytest.fixture
def world() -> World:
    made = World()
    made("CreateAccessKey", {"UserName": "al"}, GIVEN)
    return made


def test_a_key_is_its_users_with_the_path(world: World) -> None:
    assert world.kept == {"AKIA1": Held("s", ACCOUNT, user=ARN)}


def test_a_key_is_inactive_and_active_again(world: World) -> None:
    world("UpdateAccessKey", KEY | {"Status": "Inactive"})
    assert world.kept["AKIA1"].inactive
    world("UpdateAccessKey", KEY | {"Status": "Active"}, error="NoSuchEntity")
    assert world.kept["AKIA1"].inactive
    world("UpdateAccessKey", KEY | {"Status": "Active"})
    assert not world.kept["AKIA1"].inactive


@pytest.mark.parametrize(
    ("params", "caller", "error", "gone"),
    [
        (KEY, OWN, "", True),
        (KEY, OWN, "NoSuchEntity", True),
        (KEY, OWN, "AccessDenied", False),
        (KEY, OTHERS, "NoSuchEntity", False),
        ({**KEY, "UserName": "bo"}, OWN, "NoSuchEntity", False),
        ({"AccessKeyId": "AKIA1"}, OWN, "NoSuchEntity", False),
        ({"AccessKeyId": "AKIA1"}, Caller(Scope(ACCOUNT), "id", held=Held("s", ACCOUNT, user=ARN)), "", True),
    ],
)
def test_a_key_is_deleted_by_whom_iam_lets(
    world: World, params: dict[str, Any], caller: Caller, error: str, gone: bool
) -> None:
    world("DeleteAccessKey", params, error=error, caller=caller)
    assert ("AKIA1" not in world.kept) == gone


def test_a_user_with_keys_is_not_deleted(world: World) -> None:
    with pytest.raises(Fault, match="must delete access keys first") as refused:
        world("DeleteUser", {"UserName": "al"})
    assert (refused.value.code, refused.value.status) == ("DeleteConflict", 409)
    world("DeleteAccessKey", KEY)
    world("DeleteUser", {"UserName": "al"})


def test_a_user_takes_the_keys_along(world: World) -> None:
    world("UpdateUser", {"UserName": "al", "NewUserName": "bo"}, error="EntityAlreadyExists")
    assert world.kept["AKIA1"].user == ARN
    world("UpdateUser", {"UserName": "al", "NewUserName": "bo"})
    assert world.kept["AKIA1"].user == f"arn:aws:iam::{ACCOUNT}:user/path/bo"
