"""Sampling rules, and who may sample how much by them.

They are for SDKs outside Lambda, which ask for them: functions are sampled by Lambda. Source:
https://docs.aws.amazon.com/xray/latest/api/API_CreateSamplingRule.html and its like;
https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html (the default rule).
"""

from typing import Any

from lambent.engine.traces.quota import INTERVAL
from lambent.model.scope import Caller, Scope
from lambent.services.xray import faults
from lambent.services.xray.env import XRayEnv
from lambent.services.xray.tags import RULE, given
from lambent.store.errors import RecordExists
from lambent.store.resources import Resource

KIND = RULE
DEFAULT = "Default"
MOST = 25
LAST_PRIORITY = 10_000
OF_DEFAULT = frozenset({"RuleName", "RuleARN", "FixedRate", "ReservoirSize"})
"""What can be changed of the default rule, and what names it."""
_ANY = ("ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath")


async def create_sampling_rule(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Another rule."""
    rule = dict(params["SamplingRule"])
    _check(rule)
    name = rule.get("RuleName")
    if not name or rule.get("RuleARN"):
        raise faults.invalid("A rule is created by its RuleName, without a RuleARN.")
    if rule["Version"] != 1:
        raise faults.invalid("The Version of a rule is 1.")
    if name == DEFAULT or env.resources.get(KIND, caller.scope, "", name) is not None:
        raise faults.invalid(f"The rule {name} already exists.")
    if len(_stored(env, caller.scope)) >= MOST:
        raise faults.too_many_rules(MOST)
    now = env.clock()
    rule |= {"RuleARN": _arn(caller.scope, name), "Attributes": rule.get("Attributes") or {}}
    document = {"rule": rule, "created": now, "modified": now, "tags": given(params)}
    made = Resource(KIND, caller.scope, "", name, env.new_id(), document)
    try:
        await env.resources.insert(made)
    except RecordExists as error:
        raise faults.invalid(f"The rule {name} already exists.") from error
    return {"SamplingRuleRecord": _told(made.document)}


async def update_sampling_rule(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Change some members of a rule."""
    update = params["SamplingRuleUpdate"]
    _check(update)
    name = _name(update)
    if name == DEFAULT and (more := update.keys() - OF_DEFAULT):
        raise faults.invalid(f"{min(more)} of the default rule can't be changed.")
    before = _document(env, caller.scope, name)
    changes = {member: value for member, value in update.items() if member not in ("RuleName", "RuleARN")}
    document = before | {"rule": before["rule"] | changes, "modified": env.clock()}
    await env.resources.put(Resource(KIND, caller.scope, "", name, env.new_id(), document))
    return {"SamplingRuleRecord": _told(document)}


async def delete_sampling_rule(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A rule less."""
    name = _name(params)
    found = env.resources.get(KIND, caller.scope, "", name)
    if name == DEFAULT:
        raise faults.invalid("The default rule can't be deleted.")
    if found is None:
        raise faults.invalid(f"The rule {name} does not exist.")
    await env.resources.discard(found)
    return {"SamplingRuleRecord": _told(found.document)}


async def get_sampling_rules(env: XRayEnv, caller: Caller, _params: dict[str, Any]) -> dict[str, Any]:
    """All rules, by priority; the default one is the last."""
    return {"SamplingRuleRecords": [_told(one) for one in _all(env, caller.scope)]}


async def get_sampling_targets(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """How much who asks may sample by each rule, until they ask again."""
    rules = {one["rule"]["RuleName"]: one for one in _all(env, caller.scope)}
    targets, unknown = [], []
    for said in params["SamplingStatisticsDocuments"]:
        name = said["RuleName"]
        if name in rules:
            targets.append(_target(env, caller.scope, rules[name]["rule"], said["ClientID"]))
        else:
            unknown.append({"RuleName": name, "ErrorCode": "RuleNotFound", "Message": f"There is no rule {name}."})
    modified = max(one["modified"] for one in rules.values())
    return {
        "SamplingTargetDocuments": targets,
        "UnprocessedStatistics": unknown,
        "UnprocessedBoostStatistics": [],
        "LastRuleModification": modified,
    }


def _target(env: XRayEnv, scope: Scope, rule: dict[str, Any], client: str) -> dict[str, Any]:
    return {
        "RuleName": rule["RuleName"],
        "FixedRate": rule["FixedRate"],
        "ReservoirQuota": env.quotas.share((scope, rule["RuleName"]), client, rule["ReservoirSize"]),
        "ReservoirQuotaTTL": env.clock() + INTERVAL,
        "Interval": INTERVAL,
    }


def _check(rule: dict[str, Any]) -> None:
    """What the model's bounds do not say. Raises Fault."""
    if rule.get("SamplingRateBoost"):
        raise faults.unsupported("SamplingRateBoost of sampling rules")
    if not 1 <= rule.get("Priority", 1) < LAST_PRIORITY:
        raise faults.invalid("A Priority is from 1 to 9999.")
    if not 0 <= rule.get("FixedRate", 0.0) <= 1:
        raise faults.invalid("A FixedRate is from 0 to 1.")
    if rule.get("ReservoirSize", 0) < 0:
        raise faults.invalid("A ReservoirSize is not negative.")


def _name(params: dict[str, Any]) -> str:
    """A rule is named by its name or its ARN, not by both."""
    name, arn = params.get("RuleName"), params.get("RuleARN")
    if bool(name) == bool(arn):
        raise faults.invalid("Either RuleName or RuleARN is needed.")
    return str(name or str(arn).rpartition("/")[2])


def _document(env: XRayEnv, scope: Scope, name: str) -> dict[str, Any]:
    found = env.resources.get(KIND, scope, "", name)
    if found is None and name != DEFAULT:
        raise faults.invalid(f"The rule {name} does not exist.")
    return found.document if found is not None else _default(scope)


def _stored(env: XRayEnv, scope: Scope) -> list[dict[str, Any]]:
    return [one.document for one in env.resources.all(KIND, scope)]


def _all(env: XRayEnv, scope: Scope) -> list[dict[str, Any]]:
    stored = _stored(env, scope)
    known = {one["rule"]["RuleName"] for one in stored}
    whole = stored if DEFAULT in known else [*stored, _default(scope)]
    return sorted(whole, key=lambda one: (one["rule"]["Priority"], one["rule"]["RuleName"]))


def _default(scope: Scope) -> dict[str, Any]:
    """The rule that every account has: one request a second, and 5 % of the others."""
    rule = {
        "RuleName": DEFAULT,
        "RuleARN": _arn(scope, DEFAULT),
        **dict.fromkeys(_ANY, "*"),
        "Priority": LAST_PRIORITY,
        "FixedRate": 0.05,
        "ReservoirSize": 1,
        "Version": 1,
        "Attributes": {},
    }
    return {"rule": rule, "created": 0.0, "modified": 0.0}


def _arn(scope: Scope, name: str) -> str:
    return f"arn:aws:xray:{scope.region}:{scope.account}:sampling-rule/{name}"


def _told(document: dict[str, Any]) -> dict[str, Any]:
    return {"SamplingRule": document["rule"], "CreatedAt": document["created"], "ModifiedAt": document["modified"]}
