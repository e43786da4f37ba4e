"""The poller's rights: a mapping reads its source with the role of its function, at every read and not only when it was
made. In `enforce` nothing is read without them; in `report` the finding `source-not-read` says what AWS would not do.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html ("Lambda needs permission to
poll ... your function's execution role")
"""

from collections.abc import Callable

from lambent.model.event_source import EventSource
from lambent.model.scope import Scope
from lambent.permissions import roles
from lambent.permissions.gate import Gate
from lambent.permissions.lacking import lacking


class PollRights:
    """What the roles of all mappings lack, known until a policy changes. `role_of` answers the role of a mapping's
    function, None when that is gone."""

    def __init__(self, gate: Gate, role_of: Callable[[EventSource], str | None]) -> None:
        self._gate = gate
        self._role_of = role_of
        self._known: dict[tuple[str, str], tuple[int, str]] = {}
        """By role and source: the policies' revision when it was asked, and what was lacking."""

    async def lacking(self, source: EventSource) -> str:
        """Why a mapping may not read its source, in AWS's words; "" where it may, nobody minds, or nobody is there to
        read for, which is told elsewhere."""
        role = self._role_of(source) if self._gate.mode != "off" else None
        if role is None:
            return ""
        revision, said = self._known.get((role, source.source), (-1, ""))
        if revision != self._gate.revision:
            revision = self._gate.revision
            said = await self._find_out(role, source.function, source.source)
            self._known[role, source.source] = revision, said
        return said if self._gate.mode == "enforce" else ""

    async def _find_out(self, role: str, function: str, source: str) -> str:
        _, _, _, region, account, _ = source.split(":", 5)
        needs = roles.needs("CreateEventSourceMapping", {"EventSourceArn": source}, "")
        need = await lacking(self._gate, role, function, needs, Scope(account, region))
        return need.refusal if need is not None else ""
