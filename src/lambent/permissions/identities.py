"""The policies of users and roles, as whoever answers IAM has them: asked for once, and again after a change.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from lambent.engine.authorisation import document
from lambent.engine.authorisation.document import Policy
from lambent.model.credentials import Held
from lambent.model.scope import Scope

Ask = Callable[[str, str, Mapping[str, Any], Scope], Awaitable[dict[str, Any] | None]]
"""(service, operation, parameters, whose) -> what it says; None for an error or when it can't be asked."""
WHAT = ["User", "Role", "Group", "LocalManagedPolicy"]
TRIES = 5
_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:")
_AWS_MANAGED = re.compile(r"arn:aws[a-z-]*:iam::aws:policy/.+")


@dataclass(frozen=True, slots=True)
class Identity:
    """A user's or role's policies. `trust` is a role's trust policy, `tags` its tags, `unique_id` AROA… or AIDA…."""

    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    trust: Policy | None = None
    tags: tuple[tuple[str, str], ...] = ()
    max_session: int = 3_600
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The identities of an account by ARN, groups among them."""

    by_arn: Mapping[str, Identity] = field(default_factory=dict)


class Identities:
    """Those of every account. `ask` asks IAM, `unused` tells whether it can hold nothing at all."""

    def __init__(self, ask: Ask, unused: Callable[[], bool] = lambda: False) -> None:
        self._ask = ask
        self.unused = unused
        self._accounts: dict[str, Account] = {}
        self._managed: dict[str, Policy] = {}
        """Managed policies that were asked for one by one: AWS's own, and until a change an account's."""
        self.revision = 0

    def changed(self) -> None:
        """Somebody wrote to IAM."""
        self._accounts.clear()
        self._managed = {arn: policy for arn, policy in self._managed.items() if _AWS_MANAGED.fullmatch(arn)}
        self.revision += 1

    async def find(self, arn: str, region: str) -> Identity | None:
        """The user or role with that ARN; None when there is none, or nobody can say."""
        if self.unused() or not _ARN.match(arn):
            return None
        account = arn.split(":")[4]
        known = self._accounts.get(account)
        if known is None:
            revision = self.revision
            known = await self._read(Scope(account, region))
            if known is None:
                return None
            if revision == self.revision:
                self._accounts[account] = known
        return known.by_arn.get(arn)

    async def managed(self, arn: str, region: str) -> Policy:
        """A managed policy; one that says nothing when there is none with that ARN, or it is none."""
        if not _ARN.match(arn):
            return _policy(arn, None)
        found = self._managed.get(arn)
        return found if found is not None else await self._one(arn, Scope(arn.split(":")[4], region))

    async def session(self, held: Held | None, federated: bool, region: str) -> tuple[Policy, ...] | None:
        """What bounds a session: its own documents, and managed policies by their ARNs; None for nothing."""
        if held is None or held.policies is None:
            return () if federated else None
        return tuple(
            [
                await self.managed(said, region) if said.startswith("arn:") else _of_session(place, said)
                for place, said in enumerate(held.policies, 1)
            ]
        )

    async def _read(self, scope: Scope) -> Account | None:
        said = await self._answer("GetAccountAuthorizationDetails", {"Filter": WHAT}, scope)
        if said is None:
            return None
        local = {one["Arn"]: _default(one) for one in said.get("Policies", ())}
        reader = _Reader(local, self._managed, lambda arn: self._one(arn, scope))
        groups = {one["GroupName"]: await reader.policies(one, "GroupPolicyList") for one in said["GroupDetailList"]}
        found = {one["Arn"]: Identity(groups[one["GroupName"]]) for one in said["GroupDetailList"] if "Arn" in one}
        for one in said.get("UserDetailList", ()):
            own = await reader.policies(one, "UserPolicyList")
            theirs = tuple(policy for name in one.get("GroupList", ()) for policy in groups.get(name, ()))
            found[one["Arn"]] = await reader.identity(one, (*own, *theirs))
        for one in said.get("RoleDetailList", ()):
            found[one["Arn"]] = await reader.identity(one, await reader.policies(one, "RolePolicyList"))
        return Account(found)

    async def _answer(self, operation: str, params: Mapping[str, Any], scope: Scope) -> dict[str, Any] | None:
        """What IAM says. moto fails on what another request changes while it is read: who is there is not denied for
        that."""
        for _ in range(TRIES):
            said = await self._ask("iam", operation, params, scope)
            if said is not None:
                return said
        return None

    async def _one(self, arn: str, scope: Scope) -> Policy:
        revision = self.revision
        said = await self._answer("GetPolicy", {"PolicyArn": arn}, scope)
        version = (said or {}).get("Policy", {}).get("DefaultVersionId", "v1")
        said = await self._answer("GetPolicyVersion", {"PolicyArn": arn, "VersionId": version}, scope)
        policy = _policy(arn, (said or {}).get("PolicyVersion", {}).get("Document"))
        if said is not None and revision == self.revision:
            self._managed[arn] = policy
        return policy


class _Reader:
    """Turns IAM's answer into identities."""

    def __init__(
        self, local: Mapping[str, Policy], managed: Mapping[str, Policy], fetch: Callable[[str], Awaitable[Policy]]
    ) -> None:
        self._local = local
        self._managed = managed
        self._fetch = fetch

    async def policies(self, one: Mapping[str, Any], inline: str) -> tuple[Policy, ...]:
        """The inline ones and those that are attached."""
        own = [_policy(said["PolicyName"], said["PolicyDocument"]) for said in one.get(inline, ())]
        return (*own, *[await self.by_arn(said["PolicyArn"]) for said in one.get("AttachedManagedPolicies", ())])

    async def by_arn(self, arn: str) -> Policy:
        """A managed policy."""
        found = self._local.get(arn) or self._managed.get(arn)
        return found if found is not None else await self._fetch(arn)

    async def identity(self, one: Mapping[str, Any], policies: tuple[Policy, ...]) -> Identity:
        """With its boundary, trust and tags."""
        bound = one.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        trust = one.get("AssumeRolePolicyDocument")
        return Identity(
            policies,
            await self.by_arn(bound) if bound else None,
            _policy(f"the trust policy of {one['Arn']}", trust) if trust else None,
            tuple((tag["Key"], tag["Value"]) for tag in one.get("Tags", ())),
            int(one.get("MaxSessionDuration", 3_600)),
            str(one.get("RoleId") or one.get("UserId") or ""),
        )


@functools.lru_cache(1_024)
def _of_session(place: int, text: str) -> Policy:
    return document.read(f"session policy {place}", loaded(text))


def _default(one: Mapping[str, Any]) -> Policy:
    versions = one.get("PolicyVersionList", ())
    found = next((said["Document"] for said in versions if said.get("IsDefaultVersion")), None)
    return _policy(one["Arn"], found)


def _policy(name: str, said: Any) -> Policy:
    return document.read(name, loaded(said))


def loaded(said: Any) -> Any:
    """A policy's document out of its text, which IAM answers percent-encoded."""
    if not isinstance(said, str):
        return said
    try:
        return orjson.loads(said if said.lstrip().startswith("{") else unquote(said))
    except orjson.JSONDecodeError:
        return said
