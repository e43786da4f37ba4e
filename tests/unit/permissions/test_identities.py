"""Who there is in IAM, as it is read."""

import asyncio
from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Scope
from lambent.permissions.identities import Identities

ROLE = "arn:aws:iam::111111111111:role/app"


def test_a_role_is_there_although_moto_failed_while_others_were_made() -> None:
    failures = ["dictionary changed size during iteration"]

    async def ask(_service: str, _operation: str, _params: Mapping[str, Any], _scope: Scope) -> dict[str, Any] | None:
        if failures:
            failures.pop()
            return None
        return {"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [{"Arn": ROLE}]}

    assert asyncio.run(Identities(ask).find(ROLE, "us-east-1")) is not None
    failures.extend(["down"] * 99)
    assert asyncio.run(Identities(ask).find(ROLE, "us-east-1")) is None


def test_what_is_no_arn_is_nobody() -> None:
    async def ask(*_said: Any) -> dict[str, Any] | None:
        raise AssertionError

    for text in ("", "app", "arn:aws:iam", "role/app"):
        assert asyncio.run(Identities(ask).find(text, "us-east-1")) is None


def test_a_session_s_policy_that_is_no_arn_lets_in_nobody() -> None:
    async def ask(*_said: Any) -> dict[str, Any] | None:
        raise AssertionError

    said = asyncio.run(Identities(ask).managed("arn:aws:iam:policy/app", "us-east-1"))
    assert not said.statements
