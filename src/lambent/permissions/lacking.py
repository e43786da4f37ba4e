"""What a function's role lacks of the rights that something needs."""

from collections.abc import Iterable

from lambent.engine.authorisation import principals
from lambent.model.scope import Scope
from lambent.permissions.gate import Gate
from lambent.permissions.roles import Need


async def lacking(gate: Gate, role: str, function: str, needs: Iterable[Need], scope: Scope) -> Need | None:
    """The first right that the role lacks, in a session of the function (its name), which becomes a finding. `scope` is
    that of what is needed. Unless denied in earnest, a role that is not there lacks nothing: that it is gone was said.
    """
    if gate.mode != "enforce" and await gate.identities.find(role, scope.region) is None:
        return None
    who = principals.session(role, function)
    for need in needs:
        verdict = await gate.is_allowed(who, need.action, need.resource, scope, {})
        if not verdict.decision.allowed:
            gate.tell(verdict, need.code)
            return need
    return None
