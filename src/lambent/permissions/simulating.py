"""IAM's policy simulator: what policies would decide, found out by what decides here.

Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html,
API_SimulateCustomPolicy.html, API_EvaluationResult.html, API_GetContextKeysForPrincipalPolicy.html, and
https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html (where a statement begins and ends).
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.engine.authorisation import checking, document, principals
from lambent.engine.authorisation.decide import Ask, Decision, Layer, Policies, decide, first, reaches
from lambent.engine.authorisation.document import Policy, Statement
from lambent.engine.authorisation.principals import Principal
from lambent.model.scope import ACCOUNT, Caller
from lambent.permissions import reference, simulated_places
from lambent.permissions.identities import Identities, Identity, loaded
from lambent.permissions.organisation import Levels
from lambent.permissions.requests import shape
from lambent.wire.fault import Fault

OPERATIONS = frozenset(
    f"{verb}{whose}Policy" for verb in ("Simulate", "GetContextKeysFor") for whose in ("Principal", "Custom")
)
REFUSED = {
    "PolicyExclusionList": "policies are not left out of a simulation",
    "OrderedOrganizationPolicyInputList": "an organisation's policies are those of service_control_policies",
    "ResourceHandlingOption": "scenarios of EC2 are not simulated",
}
AT_ONCE = 50
"""Decisions before others' turn comes."""
PAGE = 100
MOST = 5_000
"""Decisions of a page: there may be fewer than was asked for."""
LARGEST = 1 << 20
"""All documents of a request, in characters (a bound of our own)."""
EVERYTHING = "*"
_ENTITY = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(user|group|role)/(?:.*/)?([^/]+)")
_VARIABLE = re.compile(r"\$\{([^*?${},][^${},]*)(?:,[^${}]*)?\}")
_STRICTEST = ("allowed", "implicitDeny", "explicitDeny")
_OF_RESOURCES = ("EvalResourceDecision", "EvalDecisionDetails")
_KINDS = {Layer.RESOURCE: "Resource Policy"}
Params = Mapping[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Simulated:
    """What is simulated: whose request it is, by which policies; `texts` are documents by their policies' names; `keys`
    what the request says, in lower case; `owner` whose a resource is that does not say it."""

    who: Principal
    policies: Policies
    texts: Mapping[str, str]
    keys: Mapping[str, str | tuple[str, ...]]
    owner: str


class Simulator:
    """One server's. `scps` are the organisation's policies."""

    def __init__(self, identities: Identities, scps: Levels = ()) -> None:
        self._identities = identities
        self._scps = scps

    async def __call__(self, operation: str, params: Params, caller: Caller) -> Result:
        """What IAM answers. Raises Fault."""
        for name, why in REFUSED.items():
            if params.get(name):
                text = f"Lambent does not support {name} of iam:{operation} yet: {why}."
                raise Fault("NotImplementedException", text, status=501)
        members = ("PolicyInputList", "PermissionsBoundaryPolicyInputList")
        if sum(len(str(text)) for member in members for text in params.get(member) or ()) > LARGEST:
            raise _invalid(f"Policies of more than {LARGEST} characters are not simulated.")
        given = dict(_given("PolicyInputList", params))
        source = params.get("PolicySourceArn")
        identity = await self._identity(str(source), caller) if source is not None else Identity()
        policies = (*identity.policies, *(document.read(name, loaded(text)) for name, text in given.items()))
        if operation.startswith("GetContextKeys"):
            return {"ContextKeyNames": list(_names(policies))}
        scps = self._scps if source is not None else ()
        simulated = _simulated(params, caller, replace(identity, policies=policies), given, scps)
        return await _page(simulated, params)

    async def _identity(self, arn: str, caller: Caller) -> Identity:
        entity = _ENTITY.fullmatch(arn)
        if entity is None:
            raise _invalid(f"Invalid Entity Arn: {arn[:256]} does not clearly define entity type and name.")
        mine = entity[1] == caller.scope.account
        found = await self._identities.find(arn, caller.scope.region) if mine else None
        if found is None:
            text = f"The {entity[2]} with name {entity[3]} cannot be found."
            raise Fault("NoSuchEntity", text, status=404)
        return found


def _given(member: str, params: Params) -> Iterator[tuple[str, str]]:
    """The documents of a member by the names that AWS gives them. Raises Fault."""
    for place, text in enumerate(params.get(member) or (), 1):
        wrong = checking.check(str(text), checking.IDENTITY)
        if wrong is not None:
            raise _invalid(checking.told(wrong))
        yield f"{member}.{place}", str(text)


def _simulated(params: Params, caller: Caller, identity: Identity, texts: Params, scps: Levels) -> _Simulated:
    said = str(params.get("CallerArn") or params.get("PolicySourceArn") or "")
    who = _caller(said, caller)
    bounds = dict(_given("PermissionsBoundaryPolicyInputList", params))
    if len(bounds) > 1:
        raise _invalid("Only one permissions boundary policy can be simulated.")
    boundary = next((document.read(name, loaded(text)) for name, text in bounds.items()), identity.boundary)
    resource = _resource_policy(params, said)
    keys = {one["ContextKeyName"].lower(): _value(one) for one in params.get("ContextEntries") or ()}
    owner = re.search("[0-9]{12}", str(params.get("ResourceOwner") or ""))
    policies = Policies(identity.policies, resource, boundary, scps=scps)
    more = {resource.name: str(params["ResourcePolicy"])} if resource is not None else {}
    return _Simulated(who, policies, {**texts, **bounds, **more}, keys, owner[0] if owner else who.account)


def _caller(arn: str, caller: Caller) -> Principal:
    if not arn:
        return Principal("user", caller.scope.account, "")
    entity = _ENTITY.fullmatch(arn)
    if entity is None:
        raise _invalid(f"Invalid Entity Arn: {arn[:256]} does not clearly define entity type and name.")
    return principals.session(arn, EVERYTHING) if entity[2] == "role" else principals.user(arn)


def _resource_policy(params: Params, caller: str) -> Policy | None:
    text = params.get("ResourcePolicy")
    if not text:
        return None
    if not caller:
        raise _invalid("CallerArn must be specified when a resource policy is simulated.")
    if ":role/" in str(params.get("PolicySourceArn") or caller):
        raise _invalid("Simulation of resource-based policies isn't supported for IAM roles.")
    wrong = checking.check(str(text), checking.Kind("needed", "needed", plain_sids=False))
    if wrong is not None:
        raise _invalid(checking.told(wrong))
    return document.read("ResourcePolicy", loaded(str(text)))


def _value(entry: Params) -> str | tuple[str, ...]:
    values = tuple(map(str, entry.get("ContextKeyValues") or ()))
    return values if str(entry.get("ContextKeyType", "")).endswith("List") or len(values) != 1 else values[0]


async def _page(simulated: _Simulated, params: Params) -> Result:
    actions = [str(one) for one in params.get("ActionNames") or ()]
    for action in actions:
        if not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
            raise _invalid(f"Invalid action name: {action[:128]}")
    resources = [str(one) for one in params.get("ResourceArns") or ()] or [EVERYTHING]
    marker = str(params.get("Marker") or "0")
    if not re.fullmatch("[0-9]{1,9}", marker):
        raise _invalid("Invalid Marker.")
    start, most = int(marker), min(int(params.get("MaxItems") or PAGE), max(1, MOST // len(resources)))
    turn = _turns()
    found = [await _result(simulated, action, resources, turn) for action in actions[start : start + most]]
    more = start + most < len(actions)
    return {"EvaluationResults": found, "IsTruncated": more} | ({"Marker": str(start + most)} if more else {})


def _turns() -> Callable[[], bool]:
    """Whether it is others' turn, once in a while."""
    count = 0

    def due() -> bool:
        nonlocal count
        count += 1
        return count % AT_ONCE == 0

    return due


async def _result(simulated: _Simulated, action: str, resources: list[str], turn: Callable[[], bool]) -> Result:
    """Of one action, on each of the resources."""
    each = []
    for one in resources:
        each.append(_one(simulated, action, one))
        if turn():
            await asyncio.sleep(0)
    said = {"EvalActionName": action, "EvalDecision": max((_decision(one) for one in each), key=_STRICTEST.index)}
    if resources == [EVERYTHING]:
        [only] = each
        return said | {name: value for name, value in only.items() if name not in _OF_RESOURCES}
    matched = [found for one in each for found in one["MatchedStatements"]]
    details = [one["EvalDecisionDetails"] for one in each]
    return {
        **said,
        "EvalResourceName": next(_forms(action, resources), EVERYTHING),
        "MatchedStatements": [one for place, one in enumerate(matched) if one not in matched[:place]],
        "MissingContextValues": list(dict.fromkeys(name for one in each for name in one["MissingContextValues"])),
        "EvalDecisionDetails": {kind: _strictest(kind, details) for one in details for kind in one},
        "ResourceSpecificResults": each,
    }


def _forms(action: str, resources: list[str]) -> Iterator[str]:
    """The forms of what an action is about, of what is asked for first."""
    forms = reference.types_of(action)
    yield from (form for form in forms for one in resources if shape(form).fullmatch(one))
    yield from forms


def _decision(result: Result) -> str:
    return str(result["EvalResourceDecision"])


def _strictest(kind: str, details: Iterable[Mapping[str, str]]) -> str:
    return max((one[kind] for one in details if kind in one), key=_STRICTEST.index)


def _one(simulated: _Simulated, action: str, resource: str) -> Result:
    """Of one action on one resource."""
    fields = resource.split(":", 5)
    owner = fields[4] if len(fields) == 6 and ACCOUNT.fullmatch(fields[4]) else simulated.owner
    ask = Ask(simulated.who, action, resource, owner, simulated.keys)
    policies = simulated.policies
    decision = decide(ask, policies)
    said: Result = {
        "EvalResourceName": resource,
        "EvalResourceDecision": _told(decision),
        "MatchedStatements": [_place(one, layer, simulated.texts) for one, layer in _matched(ask, policies, decision)],
        "MissingContextValues": list(dict.fromkeys(_missing(ask, policies))),
        "EvalDecisionDetails": _details(ask, policies) if ask.crosses else {},
    }
    if policies.boundary is not None:
        said["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": _lets(ask, (policies.boundary,))}
    if policies.scps:
        allowed = all(_lets(ask, level) for level in policies.scps)
        said["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
    return said


def _told(decision: Decision) -> str:
    return "allowed" if decision.allowed else "explicitDeny" if decision.explicit else "implicitDeny"


def _lets(ask: Ask, policies: Iterable[Policy]) -> bool:
    """Whether policies of one kind allow it by themselves."""
    return _alone(ask, tuple(policies)) == "allowed"


def _alone(ask: Ask, policies: tuple[Policy, ...]) -> str:
    if any(first(ask, one, allow=False) for one in policies):
        return "explicitDeny"
    return "allowed" if any(first(ask, one, allow=True) for one in policies) else "implicitDeny"


def _details(ask: Ask, policies: Policies) -> dict[str, str]:
    """Between accounts: what each kind of policies says."""
    said = {"identity-based policy": _alone(ask, policies.identity)}
    if policies.resource is not None:
        said["resource-based policy"] = _alone(ask, (policies.resource,))
    if policies.boundary is not None:
        said["permissions boundary"] = _alone(ask, (policies.boundary,))
    return said


def _shown(policies: Policies) -> Iterator[tuple[Layer, Policy]]:
    """The policies of which AWS tells statements and keys: not those of an organisation."""
    if policies.resource is not None:
        yield Layer.RESOURCE, policies.resource
    yield from ((Layer.IDENTITY, one) for one in policies.identity)


def _matched(ask: Ask, policies: Policies, decision: Decision) -> Iterator[tuple[Statement, Layer]]:
    """The statements that made the decision: the one that denies, all that allow."""
    if not decision.allowed:
        if decision.explicit and decision.statement is not None:
            yield decision.statement, decision.layer
        return
    for layer, policy in _shown(policies):
        for statement in policy.about(ask.action, allow=True):
            if first(ask, Policy(policy.name, (statement,)), allow=True) is not None:
                yield statement, layer


def _missing(ask: Ask, policies: Policies) -> Iterator[str]:
    """The keys that decide about it, and that nobody gave."""
    for _layer, policy in _shown(policies):
        for statement in policy.statements:
            if statement.acts(ask.action) and reaches(statement, ask, ask.all_keys):
                yield from (name for name in _keys(statement) if name.lower() not in ask.all_keys)


def _keys(statement: Statement) -> Iterator[str]:
    """The keys of a statement, as it writes them."""
    for one in statement.conditions:
        yield one.key
        for value in one.values:
            yield from _VARIABLE.findall(value)
    for resource in statement.resources if statement.has_variables else ():
        yield from _VARIABLE.findall(resource)


def _names(policies: Iterable[Policy]) -> Iterator[str]:
    """Every key of policies, once."""
    said = {name.lower(): name for one in policies for statement in one.statements for name in _keys(statement)}
    return iter(said.values())


def _place(statement: Statement, layer: Layer, texts: Mapping[str, str]) -> Result:
    """A statement as AWS tells of it; where it stands is known of documents that came with the request."""
    said: Result = {
        "SourcePolicyId": statement.policy.rpartition("/")[2],
        "SourcePolicyType": _KINDS.get(layer, "IAM Policy"),
    }
    text = texts.get(statement.policy)
    return said | (simulated_places.positions(text, statement.place) if text is not None else {})


def _invalid(text: str) -> Fault:
    return Fault("InvalidInput", text, status=400)
