"""What was said of denials: it is taken back when it is no longer so."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from lambent.engine.authorisation import explain
from lambent.engine.authorisation.decide import Ask, Decision, Policies, decide, keys_of_policies
from lambent.model.finding import Finding
from lambent.model.scope import DEFAULT_REGION, Scope
from lambent.permissions import attached, worded
from lambent.permissions.attached import Attached
from lambent.permissions.identities import Identities

BOUND = 1_000
"""What is remembered, as many as findings are kept."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What AWS would say to one right of a request, and all that it went by."""

    ask: Ask
    policies: Policies
    decision: Decision

    @property
    def text(self) -> str:
        """AWS's text for a denial."""
        return explain.denial(self.ask, self.decision, worded.words(self.ask))

    @property
    def explanation(self) -> explain.Explanation:
        """Why."""
        return explain.explain(self.ask, self.policies, self.decision, worded.words(self.ask))


class Denials:
    """Findings of denials. `report` takes them, `withdraw` takes them back (resource, code); `spawn` runs in the
    background; the others have the policies of now."""

    def __init__(
        self,
        report: Callable[[Finding], None],
        withdraw: Callable[[str, str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        identities: Identities,
        resources: Attached,
    ) -> None:
        self._report = report
        self._withdraw = withdraw
        self._spawn = spawn
        self._identities = identities
        self._resources = resources
        self._said: dict[tuple[str, str], Verdict | None] = {}
        self._reviews = False
        self._due = False

    def tell(self, verdict: Verdict, code: str = "") -> None:
        """A finding of a denial."""
        ask = verdict.ask
        about = ask.resource if ask.who.kind == "service" else ask.who.principal_arn
        self.say(about, code or f"denied/{ask.action}", *_texts(verdict.explanation), verdict)

    def say(self, resource: str, code: str, message: str, hint: str, verdict: Verdict | None = None) -> None:
        """A finding; without a verdict, that there is no such role or user."""
        self._said.pop((resource, code), None)
        self._said[resource, code] = verdict
        if len(self._said) > BOUND:
            del self._said[next(iter(self._said))]
        self._report(Finding(code, resource, message, hint))

    def review(self) -> None:
        """Policies are others now: what is no longer so is taken back."""
        self._due = bool(self._said)
        if self._due and not self._reviews:
            self._reviews = True
            self._spawn(self._review())

    async def _review(self) -> None:
        try:
            while self._due:
                self._due = False
                for (resource, code), verdict in list(self._said.items()):
                    await self._look_at(resource, code, verdict)
        finally:
            self._reviews = False

    async def _look_at(self, resource: str, code: str, verdict: Verdict | None) -> None:
        now = await self._again(verdict) if verdict is not None else None
        over = now is None or now.decision.allowed if verdict is not None else await self._exists(resource)
        if self._said.get((resource, code)) is not verdict:
            return  # it was said again meanwhile
        if over:
            del self._said[resource, code]
            self._withdraw(resource, code)
        elif verdict is not None and now is not None and now.explanation != verdict.explanation:
            self.tell(now, code)

    async def _again(self, verdict: Verdict) -> Verdict | None:
        """The same right by the policies of now; None where who asked, or the role that was asked for, is gone."""
        ask, policies = verdict.ask, verdict.policies
        region = (ask.resource.split(":") + [""] * 4)[3] or DEFAULT_REGION
        if ask.who.kind in ("role", "user"):
            identity = await self._identities.find(ask.who.principal_arn, region)
            if identity is None:
                return None
            policies = replace(policies, identity=identity.policies, boundary=identity.boundary)
        if ask.action.startswith("sts:"):
            role = await self._identities.find(ask.resource, region)
            policies = replace(policies, resource=role.trust if role else None)
        elif attached.is_asked_of(ask.resource):
            found = await self._resources.find(ask.resource, Scope(ask.account or ask.who.account, region))
            policies = replace(policies, resource=found)
        if not keys_of_policies(policies, ask.action) <= ask.all_keys.keys():
            return None  # what they go by now was not found out then
        return Verdict(ask, policies, decide(ask, policies))

    async def _exists(self, arn: str) -> bool:
        return await self._identities.find(arn, DEFAULT_REGION) is not None


def _texts(said: explain.Explanation) -> tuple[str, str]:
    if said.mend is None:
        return f"AWS would deny it: {said.text}; {said.why}", "take the Deny away, or what is denied"
    return f"AWS would deny it: {said.text}; {said.why}", f"the least that allows it: {explain.as_text(said.mend)}"
