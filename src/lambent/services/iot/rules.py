"""Topic rules.

Source: https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html and its neighbours
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from lambent.engine.iot import actions, sql
from lambent.model.scope import Caller, Scope
from lambent.services.iot import faults
from lambent.services.iot.env import IotEnv
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

RULE = "iot-topic-rule"
MOST_ACTIONS = 10
MOST_RULES = 1000
"""Of an account in a region (https://docs.aws.amazon.com/general/latest/gr/iot-core.html)."""
MOST_TAGS = 50
PAGE = 10_000


async def create_topic_rule(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A new rule."""
    name, scope = params["ruleName"], caller.scope
    tags = _bounded(dict(parse_qsl(params.get("tags") or "", keep_blank_values=True)))
    document = {"payload": _checked(params["topicRulePayload"]), "created": env.clock(), "tags": tags}
    if len(env.resources.all(RULE, scope)) >= MOST_RULES:
        raise Fault("LimitExceededException", f"There are {MOST_RULES} rules already.", status=410)
    try:
        await env.resources.insert(Resource(RULE, scope, "", name, env.new_id(), document))
    except RecordExists:
        raise faults.there_already(actions.arn_of(scope, name)) from None
    return {}


async def replace_topic_rule(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of a rule anew, but for when it was made."""
    await _change(env, _find(env, caller.scope, params), payload=_checked(params["topicRulePayload"]))
    return {}


async def enable_topic_rule(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """It takes messages from now on."""
    rule = _find(env, caller.scope, params)
    await _change(env, rule, payload={**rule.document["payload"], "ruleDisabled": False})
    return {}


async def disable_topic_rule(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """It takes no more messages; what it has sent arrives."""
    rule = _find(env, caller.scope, params)
    await _change(env, rule, payload={**rule.document["payload"], "ruleDisabled": True})
    return {}


async def delete_topic_rule(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """No more of it; what it has sent arrives."""
    await env.resources.discard(_find(env, caller.scope, params))
    return {}


async def get_topic_rule(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of a rule."""
    rule = _find(env, caller.scope, params)
    created = datetime.fromtimestamp(rule.document["created"], UTC)
    shown = {"ruleName": rule.name, "createdAt": created, "ruleDisabled": False, **rule.document["payload"]}
    return {"ruleArn": actions.arn_of(rule.scope, rule.name), "rule": shown}


async def list_topic_rules(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Rules by name; with `topic` those whose filter is that."""
    after = params.get("nextToken")
    most = min(params.get("maxResults") or PAGE, PAGE)
    found = env.resources.page(RULE, caller.scope, ("", after) if after else None, most + 1)
    shown = [_listed(one) for one in found[:most]]
    for name, member in (("topic", "topicPattern"), ("ruleDisabled", "ruleDisabled")):
        if params.get(name) is not None:
            shown = [one for one in shown if one[member] == params[name]]
    return {"rules": shown, **({"nextToken": found[most - 1].name} if len(found) > most else {})}


async def list_tags_for_resource(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All tags of a rule."""
    tags = _tagged(env, caller, params).document["tags"]
    return {"tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


async def tag_resource(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add and change tags of a rule."""
    rule = _tagged(env, caller, params)
    given = {one["Key"]: one.get("Value", "") for one in params["tags"]}
    await _change(env, rule, tags=_bounded({**rule.document["tags"], **given}))
    return {}


async def untag_resource(env: IotEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags of a rule."""
    rule = _tagged(env, caller, params)
    left = {key: value for key, value in rule.document["tags"].items() if key not in params["tagKeys"]}
    await _change(env, rule, tags=left)
    return {}


def _tagged(env: IotEnv, caller: Caller, params: Mapping[str, Any]) -> Resource:
    """Raises Fault."""
    arn = params["resourceArn"]
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind != "rule":
        raise faults.not_built("tags of anything of IoT but topic rules")
    rule = env.resources.get(RULE, caller.scope, "", name)
    if rule is None or arn != actions.arn_of(caller.scope, name):
        raise Fault("ResourceNotFoundException", f"There is no {arn}.", status=404)
    return rule


def _listed(rule: Resource) -> dict[str, Any]:
    payload = rule.document["payload"]
    return {
        "ruleArn": actions.arn_of(rule.scope, rule.name),
        "ruleName": rule.name,
        "topicPattern": sql.statement(payload["sql"]).pattern,
        "createdAt": datetime.fromtimestamp(rule.document["created"], UTC),
        "ruleDisabled": bool(payload.get("ruleDisabled")),
    }


def _find(env: IotEnv, scope: Scope, params: Mapping[str, Any]) -> Resource:
    rule = env.resources.get(RULE, scope, "", params["ruleName"])
    if rule is None:
        raise faults.no_rule(actions.arn_of(scope, params["ruleName"]))
    return rule


def _bounded(tags: dict[str, str]) -> dict[str, str]:
    """Raises Fault."""
    if len(tags) > MOST_TAGS:
        raise Fault("LimitExceededException", f"A rule has at most {MOST_TAGS} tags.", status=410)
    return tags


async def _change(env: IotEnv, rule: Resource, **changes: dict[str, Any]) -> None:
    try:
        await env.resources.replace(rule, rule.changed(env.new_id(), {**rule.document, **changes}))
    except RecordChanged:
        text = "The rule is being changed by another request."
        raise Fault("ConflictingResourceUpdateException", text, status=409) from None


def _checked(payload: dict[str, Any]) -> dict[str, Any]:
    """A rule that can be carried out. Raises Fault."""
    listed = payload.get("actions") or []
    if len(listed) > MOST_ACTIONS:
        raise faults.invalid(f"A rule has at most {MOST_ACTIONS} actions.")
    error = payload.get("errorAction")
    every = [*listed, error] if error else listed
    for action in every:
        if missing := actions.missing(action):
            raise faults.not_built(f"{missing} of topic rules")
    _read(payload["sql"], [text for action in every for text in actions.templates_of(action)])
    return payload


def _read(statement: str, templates: list[str]) -> None:
    try:
        sql.statement(statement)
        for one in templates:
            sql.template(one)
    except sql.Unreadable as error:
        raise faults.unreadable(f"The statement is not valid: {error}.") from None
    except sql.NotBuilt as error:
        raise faults.not_built(f"{error} in statements of topic rules") from None
