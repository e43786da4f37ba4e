"""Resource policies of functions and layer versions: documents under a revision of their own, changed under guard.

The order of members is that of AWS's JSON.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import Key, Resource

ATTEMPTS = 100
"""Changes by others that may get in between."""

Document = dict[str, Any]

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts)::(\d{12}|cloudfront):\S+", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one policy is kept. `function` is the function that it goes with."""

    kind: str
    scope: Scope
    parent: str
    name: str
    function: str = ""

    @property
    def key(self) -> Key:
        """What finds it."""
        return (self.kind, self.scope, self.parent, self.name)

    def holding(self, revision: str, document: Document) -> Resource:
        """The policy as it is stored."""
        return Resource(*self.key, revision, {"policy": document}, self.function)


def text(content: Mapping[str, Any]) -> str:
    """A policy or a statement as its answers hold it: JSON in a string."""
    return orjson.dumps(content).decode()


def document(policy: Resource) -> Document:
    """The policy itself."""
    return dict(policy.document["policy"])


def statements(policy: Resource) -> list[dict[str, Any]]:
    """Its statements."""
    said = policy.document["policy"]["Statement"]
    return list(said) if isinstance(said, list) else [said]


def answer(policy: Resource) -> dict[str, Any]:
    """Policy and RevisionId."""
    return {"Policy": text(document(policy)), "RevisionId": policy.revision}


def principal(sent: str) -> str | dict[str, str]:
    """A Principal as a statement holds it: an account becomes its root. Raises 400 for what can't be one."""
    if sent == "*":
        return sent
    if _ACCOUNT.fullmatch(sent):
        return {"AWS": f"arn:aws:iam::{sent}:root"}
    if _PRINCIPAL_ARN.fullmatch(sent):
        return {"AWS": sent}
    if _SERVICE.fullmatch(sent):
        return {"Service": sent}
    raise faults.invalid("The provided principal was invalid. Please check the principal and try again.")


def statement(sid: str, who: str, action: str, resource: str, condition: Mapping[str, Any]) -> dict[str, Any]:
    """One statement; `condition` is left out when it is empty. Raises 400."""
    said = {"Sid": sid, "Effect": "Allow", "Principal": principal(who), "Action": action, "Resource": resource}
    return said | ({"Condition": dict(condition)} if condition else {})


async def add(env: LambdaEnv, place: Place, new: dict[str, Any], guard: Callable[[Resource | None], None]) -> Resource:
    """Add a statement, making the policy if there is none. Raises 409 for a Sid that is there, 400 for the length.

    `guard` is shown the policy as it is and raises if it is not what the caller meant.
    """

    def change(policy: Resource | None) -> Document:
        guard(policy)
        before = statements(policy) if policy else []
        if any(one.get("Sid") == new["Sid"] for one in before):
            raise faults.statement_exists(new["Sid"])
        head = document(policy) if policy else {"Version": "2012-10-17", "Id": "default"}
        return head | {"Statement": [*before, new]}

    return await _put(env, place, change)


async def put(env: LambdaEnv, place: Place, said: Document, guard: Callable[[Resource | None], None]) -> Resource:
    """Put a whole policy in the place of what is there. Raises 400 for the length, and what `guard` raises."""

    def change(policy: Resource | None) -> Document:
        guard(policy)
        return said

    return await _put(env, place, change)


async def remove(
    env: LambdaEnv, place: Place, sid: str, guard: Callable[[Resource | None], None], missing: Callable[[], Exception]
) -> bool:
    """Remove a statement; with the last one the policy goes. Whether a policy is left.

    Raises `missing()` when there is no policy, 404 for a Sid that it lacks, and what `guard` raises.
    """
    for _ in range(ATTEMPTS):
        policy = env.resources.get(*place.key)
        if policy is None:
            raise missing()
        left = [one for one in statements(policy) if one.get("Sid") != sid]
        if len(left) == len(statements(policy)):
            # Wording from memory of AWS's answers; none is recorded.
            raise faults.not_found(f"Statement {sid} is not found in resource policy.")
        guard(policy)
        try:
            if not left:
                await env.resources.delete(policy)
                return False
            rest = place.holding(env.new_id(), document(policy) | {"Statement": left})
            await env.resources.replace(policy, rest)
        except RecordChanged:
            continue
        return True
    raise RecordChanged(place.name)


async def delete(env: LambdaEnv, place: Place, guard: Callable[[Resource | None], None]) -> None:
    """Remove a policy. Raises 404 when there is none, and what `guard` raises."""
    for _ in range(ATTEMPTS):
        policy = env.resources.get(*place.key)
        if policy is None:
            raise faults.not_there()
        guard(policy)
        try:
            await env.resources.delete(policy)
        except RecordChanged:
            continue
        return
    raise RecordChanged(place.name)


async def _put(env: LambdaEnv, place: Place, change: Callable[[Resource | None], Document]) -> Resource:
    for _ in range(ATTEMPTS):
        policy = env.resources.get(*place.key)
        new = place.holding(env.new_id(), change(policy))
        size = len(text(document(new)).encode())
        if size > env.limits.policy:
            raise faults.policy_too_long(size, env.limits.policy)
        try:
            if policy is None:
                await env.resources.insert(new)
            else:
                await env.resources.replace(policy, new)
        except (RecordExists, RecordChanged):
            continue
        return new
    raise RecordChanged(place.name)
