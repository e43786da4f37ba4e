"""The access keys of IAM's users, as what is asked of IAM changes them.

Whoever answers IAM gives the keys; whose they are is kept here, before the caller hears of it. A user who has keys is
not deleted (https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.wire.fault import Fault

CONFLICT = "Cannot delete entity, must delete access keys first."
GONE = "NoSuchEntity"
GIVES = "CreateAccessKey"
Params = Mapping[str, Any]


class Kept(Protocol):
    """Where keys are kept; every change is on disk when it returns."""

    def held(self, key: str) -> Held | None:
        """Whose a key is."""

    def of_user(self, arn: str) -> Mapping[str, Held]:
        """A user's keys, by id."""

    async def put(self, key: str, held: Held) -> None:
        """A key is given, or has changed."""

    async def remove(self, key: str) -> None:
        """A key is deleted."""


class UserKeys:
    """`user` asks IAM for the ARN of a user by name, "" for none."""

    def __init__(self, kept: Kept, user: Callable[[Scope, str], Awaitable[str]]) -> None:
        self._kept = kept
        self._user = user

    async def before(self, operation: str, params: Params, caller: Caller) -> tuple[str, ...]:
        """What has to be known of a request to IAM before it is carried out: the keys of a user who gets another name
        or path. Raises Fault (409) for one that deletes a user who has keys."""
        if operation not in ("DeleteUser", "UpdateUser"):
            return ()
        arn = await self._arn(params, caller)
        keys = tuple(self._kept.of_user(arn)) if arn else ()
        if keys and operation == "DeleteUser":
            raise Fault("DeleteConflict", CONFLICT, status=409)
        return keys

    async def after(
        self, operation: str, params: Params, caller: Caller, answer: Params, error: str, theirs: tuple[str, ...]
    ) -> None:
        """IAM has answered, with the code of an error or ""; `theirs` is what was known before."""
        key = str(params.get("AccessKeyId", ""))
        gone = not error or (error == GONE and "UserName" in params)  # asked again: the server was killed in between
        if operation == "DeleteAccessKey" and gone and self._is_of(key, params, caller):
            await self._kept.remove(key)
        if error:
            return
        if operation == GIVES:
            await self._given(answer["AccessKey"], caller)
        elif operation == "UpdateAccessKey" and self._is_of(key, params, caller):
            held = self._kept.held(key)
            assert held is not None
            await self._kept.put(key, replace(held, inactive=params.get("Status") == "Inactive"))
        elif operation == "UpdateUser" and theirs:
            name = params.get("NewUserName") or params["UserName"]
            await self._renamed(theirs, await self._user(caller.scope, name))

    async def _given(self, said: Params, caller: Caller) -> None:
        arn = await self._user(caller.scope, said["UserName"])
        await self._kept.put(said["AccessKeyId"], Held(said["SecretAccessKey"], caller.scope.account, user=arn))

    async def _renamed(self, keys: tuple[str, ...], arn: str) -> None:
        for key in keys:
            held = self._kept.held(key)
            if held is not None and arn:
                await self._kept.put(key, replace(held, user=arn))

    async def _arn(self, params: Params, caller: Caller) -> str:
        """The user that a request is about: without a name, who asks."""
        name = params.get("UserName")
        return await self._user(caller.scope, name) if name else caller.held.user if caller.held else ""

    def _is_of(self, key: str, params: Params, caller: Caller) -> bool:
        """Whether a key is that of the user whom a request names, or who asks."""
        held = self._kept.held(key)
        if held is None or held.account != caller.scope.account:
            return False
        name = params.get("UserName")
        mine = caller.held.user if caller.held else ""
        return held.user.rpartition("/")[2] == name if name else held.user == mine
