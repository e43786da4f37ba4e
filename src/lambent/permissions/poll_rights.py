"""The poller's rights: a mapping reads its source with the role of its function, at every read and not only when it was
made. In `enforce` nothing is read without them; in `report` the finding `source-not-read` says what AWS would not do.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html ("Lambda needs permission to
poll ... your function's execution role")
"""

from lambent.engine.authorisation import principals
from lambent.model.scope import Scope
from lambent.permissions import roles
from lambent.permissions.gate import Gate


class PollRights:
    """What the roles of all mappings lack, known until a policy changes."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._known: dict[tuple[str, str], tuple[int, str]] = {}
        """By role and source: the policies' revision when it was asked, and what was lacking."""

    async def lacking(self, role: str, function: str, source: str) -> str:
        """Why a function's role may not read a source (its ARN), in AWS's words; "" where it may, or nobody minds."""
        if self._gate.mode == "off":
            return ""
        revision, said = self._known.get((role, source), (-1, ""))
        if revision != self._gate.revision:
            revision = self._gate.revision
            said = await self._find_out(role, function, source)
            self._known[role, source] = revision, said
        return said if self._gate.mode == "enforce" else ""

    async def _find_out(self, role: str, function: str, source: str) -> str:
        _, _, _, region, account, _ = source.split(":", 5)
        if self._gate.mode != "enforce" and await self._gate.identities.find(role, region) is None:
            return ""  # that the role is not there has been said
        who = principals.session(role, function)
        for need in roles.needs("CreateEventSourceMapping", {"EventSourceArn": source}, ""):
            verdict = await self._gate.is_allowed(who, need.action, need.resource, Scope(account, region), {})
            if not verdict.decision.allowed:
                self._gate.tell(verdict, need.code)
                return need.refusal
        return ""
