"""What the pages say of requests and roles: why one was denied, the trail, the least policy."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from lambent.engine.authorisation import principals
from lambent.model import names
from lambent.model.scope import DEFAULT_REGION, Scope
from lambent.permissions import least, of_code, of_lambda
from lambent.permissions.attached import MANAGED
from lambent.permissions.denials import Verdict
from lambent.permissions.gate import Gate
from lambent.permissions.ledger import record, seen
from lambent.permissions.requests import Right, account_of

SHOWN = 50


def why(gate: Gate, request_id: str) -> dict[str, Any]:
    """Every right of a request that AWS would deny, and the call itself if it is kept."""
    call = next((one for one in gate.trail.calls() if one.caller.request_id == request_id), None)
    return {
        "request": request_id,
        "call": record(call) if call else None,
        "denied": [_denied(one) for one in gate.trail.denials(request_id)],
    }


def _denied(verdict: Verdict) -> dict[str, Any]:
    said = verdict.explanation
    ask = verdict.ask
    return {
        "who": ask.who.arn, "action": ask.action, "resource": ask.resource, "text": said.text,
        "why": said.why, "policies": list(said.looked_at), "least": said.mend,
    }  # fmt: skip


def trail(gate: Gate, account: str, most: int = SHOWN) -> dict[str, Any]:
    """The latest calls of an account as CloudTrail's records, the newest first."""
    return {"Records": [record(call) for call in islice(gate.trail.calls(account), most)]}


def calls(gate: Gate, account: str, after: int) -> dict[str, Any]:
    """The calls that functions of an account made after the first `after` of all calls; `next` is what to ask for
    then, `missed` how many are forgotten."""
    kept = gate.trail.since(after)
    mine = [
        one
        for one in kept
        if one.caller.scope.account == account and one.caller.held is not None and one.caller.acting is None
    ]
    missed = max(gate.trail.total - after - len(kept), 0)
    return {"next": gate.trail.total, "missed": missed, "calls": [seen(one) for one in mine]}


async def policy(
    gate: Gate, scope: Scope, name: str, calls: Iterable[Mapping[str, Any]] = ()
) -> Mapping[str, Any] | None:
    """The least policy of a function, for what it did and for the calls of its code; None when there is no such
    function. `code` has the rights of those, `untold` what they act on and can't be told."""
    role = await gate.role_of(scope, name)
    if not role:
        return None
    function = names.function_arn(scope, name)
    session = f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{role.rpartition('/')[2]}/{name}"
    used = gate.trail.rights_of(role, session)
    buckets = await of_lambda.its_buckets(gate.resolved, scope, name, used)
    done = [*least.of_any_object(used, buckets), *await of_lambda.done_for(gate.resolved, scope, name)]
    seen = await of_code.seen(gate.resolved, scope, calls)
    untold = [one for one in seen if not one.told and one.action not in {action for action, _ in done}]
    done = least.of_any_key(done, {one.action for one in seen if not one.told})
    known = {action for action, _ in done}
    read = [one for one in seen if one.told and not (one.resource == "*" and one.action in known)]
    done = list(dict.fromkeys([*done, *((one.action, one.resource) for one in read)]))
    done = [(action, resource) for action, resource in done if f":{MANAGED}" not in resource]
    identity = await gate.identities.find(role, scope.region)
    has = identity.policies if identity else ()
    given = [one for one in done if least.missing([one], has) and await _is_given(gate, role, name, *one)]
    found = least.compared(done, has, [one.action for one in untold], given)
    more = {"code": [asdict(one) for one in seen if one.told], "untold": [asdict(one) for one in untold]}
    return {"function": function, "role": role, **found, **more}


async def _is_given(gate: Gate, role: str, name: str, action: str, resource: str) -> bool:
    """Whether the session of a function may do it all the same: the resource's own policy lets it."""
    account, region = role.split(":")[4], (resource.split(":") + [""] * 4)[3]
    scope = Scope(account, region or DEFAULT_REGION)
    right = Right(action, resource, account_of(resource, scope))
    return (await gate.of_right(principals.session(role, name), right, scope)).decision.allowed
