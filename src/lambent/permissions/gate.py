"""Whether a request may be carried out: what AWS would say, and what follows from it here.

`report`: a request that AWS would deny is carried out and becomes a finding, found out after it was answered.
`enforce`: it is denied. `off`: nobody looks. A key that only names an account is the account's own and may do
everything in it.
"""

import asyncio
import functools
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.engine.authorisation import document
from lambent.engine.authorisation.decide import Ask, Policies, decide
from lambent.engine.authorisation.document import Policy
from lambent.engine.authorisation.principals import Principal
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.acting import Acting
from lambent.model.default_role import is_default
from lambent.model.finding import Finding
from lambent.model.parts import DENIED
from lambent.model.scope import Caller, Scope
from lambent.permissions import attached, callers, facts, passing, role_checks, user_sessions, worded
from lambent.permissions.attached import Attached
from lambent.permissions.denials import Denials, Verdict
from lambent.permissions.identities import Identities, Identity
from lambent.permissions.keys.conditions import Conditions
from lambent.permissions.keys.view import NOTHING, Sent, View, sent
from lambent.permissions.ledger import Trail
from lambent.permissions.of_services import Remembered, key_of
from lambent.permissions.organisation import Levels
from lambent.permissions.refusals import refusal
from lambent.permissions.requests import Params, Right, account_of, rights
from lambent.permissions.resolved import Resolved
from lambent.wire.fault import Fault
from lambent.wire.http import UNSIGNED, Request
from lambent.wire.service import Service

WAITING = 10_000
"""Requests that are looked at later; more at once are not."""
KEPT = 20_000
AT_ONCE = 50
"""Rights of one request that are looked at before others' turn comes: a batch may need thousands."""
MAX_SESSION = 43_200
"""Seconds for which a session lasts at most, whatever its role says."""
EVERYTHING = document.read("the account's own", {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
PARTS = {
    "s3:DeleteObjects": frozenset({"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"}),
    "secretsmanager:BatchGetSecretValue": frozenset({"secretsmanager:GetSecretValue", "kms:Decrypt"}),
}
"""Operation -> actions that are denied for single resources, while it goes on with the others."""
NONE: Params = {}
NO_KEYS: Mapping[str, str] = {}
OF_POLICIES = re.compile("Policy|Permission|Role|User|Group|Attributes")
"""How the names of operations look after which what was denied may be allowed."""
READS_OF_IAM = ("Get", "List", "Simulate", "Generate")


def is_own(request: Request, caller: Caller) -> bool:
    """Whether this process asks itself, in nobody's name: nothing that comes by a socket is."""
    sent = request.headers.get("authorization", "")
    return request.client is None and caller.held is None and caller.acting is None and sent.endswith(UNSIGNED)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the gate sees it."""

    caller: Caller
    service: Service
    operation: str
    params: dict[str, Any]
    facts: Mapping[str, str] = field(default_factory=dict)
    sent: Sent = NOTHING

    @property
    def rights(self) -> list[Right]:
        """What it needs."""
        return rights(self.service.signing_name, self.service.name, self.operation, self.params, self.caller.scope)


class Gate:
    """One server's. `report` takes findings, `withdraw` takes them back (resource, code); `spawn` runs in the
    background; `wall` is the platform's clock; `role_of` answers a function's role, "" for
    none; `scps` are the organisation's policies, which bound an account's own key as well."""

    def __init__(
        self,
        mode: str,
        identities: Identities,
        resources: Attached,
        resolved: Resolved,
        trail: Trail,
        report: Callable[[Finding], None],
        withdraw: Callable[[str, str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        wall: Callable[[], float],
        role_of: Callable[[Scope, str], Awaitable[str]],
        scps: Levels = (),
    ) -> None:
        self.mode = mode
        self.identities = identities
        self.resources = resources
        self.resolved = resolved
        self.trail = trail
        self.denials = Denials(report, withdraw, spawn, identities, resources)
        self._conditions = Conditions(resolved, self.denials.say)
        self._spawn = spawn
        self.wall = wall
        self.role_of = role_of
        self.scps = scps
        self._waiting: deque[Asked] = deque(maxlen=WAITING)
        self._works = False
        self._allowed: dict[tuple[str | Acting, str, str], int] = {}
        self._of_services = Remembered()

    @property
    def revision(self) -> int:
        """Another one whenever a policy may have changed."""
        return self.identities.revision + self.resources.revision

    def is_known(self, access_key: str, action: str, resource: str) -> bool:
        """Whether it is known that a key of a role or user may do it, until a policy changes."""
        return self.mode == "off" or self._allowed.get((access_key, action, resource)) == self.revision

    async def check(self, request: Request, caller: Caller, service: Service, operation: str, params: Any) -> None:
        """Before a request is carried out. Raises Fault in `enforce`; in `report` it is looked at later. What no policy
        could allow is refused in every mode."""
        passing.check(service, operation, params or {}, caller.scope.account)
        if self.mode == "enforce":
            user_sessions.check(service, operation, caller.held)
        about_role = role_checks.is_about(service.name, operation)
        if self.mode == "off" or (self._unbounded(caller) and not about_role) or is_own(request, caller):
            return
        now = self.wall()
        asked = Asked(caller, service, operation, params or {}, facts.of_request(request, now), sent(request, now))
        if self.mode == "enforce":
            if not self._unbounded(caller):
                await self._enforce_all(asked)
            if about_role:
                await role_checks.check(self, caller.scope, operation, params or {})
        else:
            self._waiting.append(asked)
            if not self._works:
                self._works = True
                self._spawn(self._work())

    async def hidden(
        self, caller: Caller, service: Service, operation: str, params: Mapping[str, Any], fault: Fault
    ) -> Fault | None:
        """The 403 that hides from who may not list a bucket that it has no such object.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Permissions)
        """
        if service.name != "s3" or fault.status != 404 or operation not in ("GetObject", "HeadObject"):
            return None
        if self.mode == "off" or callers.is_unbounded(caller) or fault.code == "NoSuchBucket":
            return None
        bucket = f"arn:aws:s3:::{params.get('Bucket')}"
        right = Right("s3:ListBucket", bucket, caller.scope.account, params={"Prefix": params.get("Key")})
        verdict = await self.judge(caller, right, {})
        if verdict is None or verdict.decision.allowed:
            return None
        self.trail.denied(caller.request_id, verdict)
        self.tell(verdict, "403-for-404")
        return refusal(service, verdict.text) if self.mode == "enforce" else None

    def done(self, service: str, operation: str) -> None:
        """An operation was carried out: a policy may be another now."""
        before = self.revision
        if service == "iam" and not operation.startswith(READS_OF_IAM):
            self.identities.changed()
        self.resources.changed(operation)
        self.resolved.changed(operation)
        if self.revision != before and OF_POLICIES.search(operation):
            self.denials.review()

    def is_bounded(self, caller: Caller) -> bool:
        """Whether a caller may do nothing but what policies allow."""
        return self.mode == "enforce" and not self._unbounded(caller)

    def _unbounded(self, caller: Caller) -> bool:
        """Whether nothing can be denied to it within its account."""
        return callers.is_unbounded(caller) and not self.scps

    async def _rights(self, asked: Asked) -> list[Right]:
        """What a request needs, with what stands behind the names in it."""
        needed = [callers.about_themselves(one, asked.caller) for one in asked.rights]
        return await self.resolved.all_of(needed, asked.params, asked.caller.scope)

    async def _enforce_all(self, asked: Asked) -> None:
        """Raises Fault for what is denied; of parts of an operation that may be denied alone it is told."""
        parts = PARTS.get(f"{asked.service.name}:{asked.operation}", ())
        denied: dict[str, str] = {}
        async for right in _in_turns(await self._rights(asked)):
            try:
                await self._enforce(asked, right)
            except Fault as fault:
                if right.action not in parts:
                    raise
                denied[right.about or right.resource] = fault.message or ""
        if denied:
            asked.params[DENIED] = denied

    async def _enforce(self, asked: Asked, right: Right) -> None:
        key = (callers.known_by(asked.caller), right.action, right.resource)
        if self._allowed.get(key) == self.revision:
            return
        verdict = await self.judge(asked.caller, right, asked.facts, sent=asked.sent)
        self._note(asked, right, verdict)
        if verdict is not None and verdict.decision.allowed:
            return
        if verdict is not None:
            raise refusal(asked.service, verdict.text)
        text = f"no identity-based policy allows the {right.action} action: {_gone(asked.caller)}"
        who = callers.principal(asked.caller).arn
        raise refusal(asked.service, f"User: {who} is not authorized to perform: {right.action} because {text}")

    async def _work(self) -> None:
        """Look at what waits."""
        try:
            while self._waiting:
                asked = self._waiting.popleft()
                await self._look_at(asked)
        finally:
            self._works = False

    async def _look_at(self, asked: Asked) -> None:
        if not self._unbounded(asked.caller):
            async for right in _in_turns(await self._rights(asked)):
                self._note(asked, right, await self.judge(asked.caller, right, asked.facts, sent=asked.sent))
        if role_checks.is_about(asked.service.name, asked.operation):
            await role_checks.check(self, asked.caller.scope, asked.operation, asked.params)

    async def judge(
        self,
        caller: Caller,
        right: Right,
        more: Mapping[str, str],
        resource: Policy | None = None,
        sent: Sent = NOTHING,
    ) -> Verdict | None:
        """What AWS would say; None when there is no such user or role, and nothing can be said. `resource` is the
        resource's policy where who asks has it, `sent` the request beside its parameters."""
        who = callers.principal(caller)
        identity = await self.identity_of(caller)
        if identity is None:
            return None
        policies = await self._policies(caller, who, identity, right, resource)
        found = await self._conditions.find(policies, View(right, caller, who, identity, sent))
        known = {**facts.of_caller(caller, who, identity), **more, **found, **facts.of_right(right.keys, caller)}
        large = right.resource == worded.EVERYTHING
        about = worded.at_large(right, caller.scope) if large else right.resource
        ask = Ask(who, right.action, about, right.account, known, at_large=large)
        return Verdict(ask, policies, decide(ask, policies))

    async def identity_of(self, caller: Caller) -> Identity | None:
        """The policies of who asks."""
        held = caller.held
        arn = (held.role or held.issuer or held.user) if held is not None else ""
        if not arn or ":federated-user/" in arn:
            return Identity((EVERYTHING,))
        return await self.identities.find(arn, caller.scope.region)

    async def _policies(
        self, caller: Caller, who: Principal, identity: Identity, right: Right, given: Policy | None
    ) -> Policies:
        resource = given or await self.resources.find(right.resource, caller.scope)
        needs = right.action.partition(":")[0] in attached.ALWAYS and resource is not None
        session = await self.identities.session(caller.held, who.kind == "federated", caller.scope.region)
        return Policies(identity.policies, resource, identity.boundary, session, self.scps, needs)

    async def is_allowed(
        self, who: Principal, action: str, resource: str, scope: Scope, known: Mapping[str, str], params: Params = NONE
    ) -> Verdict:
        """Whether a service, an account or a role may do something with a resource: the entry for all other rooms.

        `scope` is that of a resource whose ARN names no account, `known` are condition keys, `params` the parameters of
        a request that is made. What a key of KMS keeps needs that key, too. In `report` the answer is as true as in
        `enforce`: what follows from it is up to who asks."""
        right = Right(action, resource, account_of(resource, scope), params=params)
        verdict = await self.of_right(who, right, scope, known)
        if verdict.decision.allowed:
            for more in await self.resolved.keys_behind(right, params, scope):
                behind = await self.of_right(who, more, scope, known)
                if not behind.decision.allowed:
                    return behind
        return verdict

    async def of_right(self, who: Principal, right: Right, scope: Scope, known: Mapping[str, str] = NO_KEYS) -> Verdict:
        """The same of one right alone. What a service may do is found out once (`of_services`)."""
        find = functools.partial(self._verdict, who, right, scope, known)
        if who.kind != "service" or right.params or right.keys:
            return await find()
        key = key_of(who, right.action, right.resource, scope, known)
        return await self._of_services.verdict(key, self.revision, find)

    async def _verdict(self, who: Principal, right: Right, scope: Scope, known: Mapping[str, str]) -> Verdict:
        identity = None
        if who.kind in ("role", "user"):
            identity = await self.identities.find(who.principal_arn, scope.region)
        theirs = identity or Identity()
        found = await self.resources.find(right.resource, scope)
        needs = right.action.partition(":")[0] in attached.ALWAYS and found is not None
        policies = Policies(theirs.policies, found, theirs.boundary, scps=self.scps, needs_resource=needs)
        more = await self._conditions.find(policies, View(right, Caller(scope, ""), who, theirs))
        ask = Ask(
            who, right.action, right.resource, right.account, {**of_any(self.wall()), **more, **right.keys, **known}
        )
        return Verdict(ask, policies, decide(ask, policies))

    async def trusts(
        self, caller: Caller, role: str, action: str, keys: Mapping[str, str | tuple[str, ...]], provider: str = ""
    ) -> tuple[Verdict | None, int]:
        """Whether who asks may assume a role, and the longest session of it; None when there is no such role."""
        identity = await self.identities.find(role, caller.scope.region)
        if identity is None:
            return None, MAX_SESSION
        who = Principal("web", "", provider, provider=provider) if provider else callers.principal(caller)
        own = Identity() if provider else await self.identity_of(caller) or Identity()
        if self.mode != "enforce" and role.split(":")[4] != who.account:
            own = Identity((EVERYTHING,))  # what counts is whether the other account lets it in
        session = (
            None
            if provider
            else await self.identities.session(caller.held, who.kind == "federated", caller.scope.region)
        )
        policies = Policies(own.policies, identity.trust, own.boundary, session, self.scps, needs_resource=True)
        right = Right(action, role, role.split(":")[4])
        found = await self._conditions.find(policies, View(right, caller, who, own))
        more = facts.of_caller(caller, who, own) | of_any(self.wall())
        ask = Ask(who, action, role, right.account, {**more, **found, **keys})
        return Verdict(ask, policies, decide(ask, policies)), identity.max_session

    def tell_trust(self, caller: Caller, role: str, verdict: Verdict | None) -> None:
        """A finding: a role was assumed that AWS would not give."""
        if verdict is None:
            text = f"{callers.principal(caller).arn} assumed a role that does not exist"
            self.say_gone(role, text)
        else:
            self.trail.denied(caller.request_id, verdict)
            self.tell(verdict)

    def tell(self, verdict: Verdict, code: str = "") -> None:
        """A finding of a denial."""
        self.denials.tell(verdict, code)

    def _note(self, asked: Asked, right: Right, verdict: Verdict | None) -> None:
        """What came of it: remembered, told, kept for the trail."""
        caller = asked.caller
        who = callers.principal(caller)
        self.trail.used(who.principal_arn, who.arn, right.action, right.resource)
        if verdict is None:
            self.say_gone(who.principal_arn, _gone(caller))
        elif not verdict.decision.allowed:
            self.trail.denied(caller.request_id, verdict)
            self.tell(verdict)
        elif verdict.decision.lasting:
            if len(self._allowed) >= KEPT:
                self._allowed.clear()
            self._allowed[callers.known_by(caller), right.action, right.resource] = self.revision

    def say_gone(self, role: str, message: str) -> None:
        """A finding of who is not in IAM; of nobody as long as IAM is not used at all, nor of the role that functions
        get whose maker named none."""
        if not self.identities.unused() and not is_default(role):
            self.denials.say(role, "no-such-role", message, 'create it in IAM, or set iam = "off"')


async def _in_turns(rights: list[Right]) -> AsyncIterator[Right]:
    for place, right in enumerate(rights, 1):
        if place % AT_ONCE == 0:
            await asyncio.sleep(0)
        yield right


def _gone(caller: Caller) -> str:
    return f"there is no {callers.principal(caller).principal_arn}, so what it may do can't be told"
