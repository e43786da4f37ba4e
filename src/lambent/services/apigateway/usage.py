"""API keys, usage plans, and which keys a plan has.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html, API_CreateUsagePlan.html
"""

import secrets
import string
from collections.abc import Sequence
from typing import Any

import orjson

from lambent.model import api_kinds
from lambent.model.api_kinds import USED
from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import faults, patching
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import API_KEY, REST_API, STAGE, USAGE_PLAN, USAGE_PLAN_KEY, Patches
from lambent.services.apigateway.tabled import Operation, listed, page, shown
from lambent.store.resources import Resource

VALUE_CHARACTERS = 40
LEAST_CHARACTERS, MOST_CHARACTERS = 20, 128


async def create_api_key(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A key, with a value of its own unless one is given."""
    scope, now = caller.scope, int(env.wall())
    value = params.get("value") or "".join(
        secrets.choice(string.ascii_letters + string.digits) for _ in range(VALUE_CHARACTERS)
    )
    _check_value(env, scope, value)
    name = env.new_name(API_KEY, scope, "")
    document = {
        "id": name,
        "value": value,
        "enabled": bool(params.get("enabled", False)),
        "createdDate": now,
        "lastUpdatedDate": now,
        "stageKeys": [f"{one['restApiId']}/{one['stageName']}" for one in params.get("stageKeys") or ()],
    }
    given = {key: params[key] for key in ("name", "description", "customerId", "tags") if params.get(key)}
    return (await env.insert(API_KEY, scope, "", name, document | given)).document


def _check_value(env: ApiGatewayEnv, scope: Scope, value: str) -> None:
    if len(value) < LEAST_CHARACTERS:
        raise faults.bad_request(f"API Key value should be at least {LEAST_CHARACTERS} characters")
    if len(value) > MOST_CHARACTERS:
        raise faults.bad_request(f"Value exceeds maximum size of {MOST_CHARACTERS} characters")
    if any(one.document["value"] == value for one in env.all(API_KEY, scope, "")):
        raise faults.conflict("API Key already exists")


async def get_api_key(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One, with its value when that is asked for."""
    return _shown(env.asked(API_KEY, caller.scope, params), bool(params.get("includeValue")))


async def get_api_keys(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A page of those whose names begin so."""
    begins, customer = params.get("nameQuery") or "", params.get("customerId")
    found = [
        one
        for one in env.all(API_KEY, caller.scope, "")
        if str(one.document.get("name", "")).startswith(begins) and customer in (None, one.document.get("customerId"))
    ]
    here, position = page(found, params, lambda one: str(one.name))
    return listed([_shown(one, bool(params.get("includeValues"))) for one in here], position)


def _shown(key: Resource, value: bool) -> Document:
    return {name: one for name, one in key.document.items() if value or name != "value"}


async def update_api_key(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations, which call its stages `/stages`."""

    def work(document: Document) -> Document:
        operations = [one | {"path": "/stageKeys" if one.get("path") == "/stages" else one.get("path")}
                      for one in params.get("patchOperations") or ()]  # fmt: skip
        new = patching.patched(env.shape("ApiKey"), document, operations, API_KEY.patched)
        return new | {"lastUpdatedDate": int(env.wall())}

    return {"tags": {}} | _shown(await env.change(API_KEY, (caller.scope, "", params["apiKey"]), work), False)


async def delete_api_key(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A key, and its places in usage plans."""
    key = env.asked(API_KEY, caller.scope, params)
    places = [one for one in env.resources.all(USAGE_PLAN_KEY.stored, caller.scope) if one.name == key.name]
    await env.resources.write(deletes=[key, *places])
    return {}


# --- usage plans


async def create_usage_plan(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A plan for stages that are there."""
    name = env.new_name(USAGE_PLAN, caller.scope, "")
    document = {"id": name, "apiStages": []} | shown(env, USAGE_PLAN, params)
    _check_plan(env, caller.scope, document)
    return shown(env, USAGE_PLAN, (await env.insert(USAGE_PLAN, caller.scope, "", name, document)).document)


def _check_plan(env: ApiGatewayEnv, scope: Scope, plan: Document) -> None:
    for one in plan.get("apiStages") or ():
        api, stage = one.get("apiId", ""), one.get("stage", "")
        kind = _stage_kind(env, scope, api)
        if kind is None:
            raise faults.not_found(f"Invalid API identifier specified {api}")
        if env.resources.get(kind, scope, api, stage) is None:
            raise faults.not_found(f"Invalid API Stage specified {stage}")
    quota = plan.get("quota")
    if quota:
        quota.setdefault("offset", 0)
    if quota and not ("limit" in quota and "period" in quota):
        raise faults.bad_request("Usage Plan quota must have both limit and period")
    if quota and not 0 <= quota.get("offset", 0) < {"DAY": 1, "WEEK": 7, "MONTH": 28}[quota["period"]]:
        raise faults.bad_request(f"Usage Plan quota offset must be zero in the {quota['period']} period")
    throttle = plan.get("throttle")
    if throttle and throttle.get("rateLimit", 0) < 0:
        raise faults.bad_request("Usage Plan throttle rate limit must be non-negative")


def _stage_kind(env: ApiGatewayEnv, scope: Scope, api: str) -> str | None:
    """How the stages of an API are stored: of a REST or WebSocket API, which alone have plans."""
    if env.resources.get(REST_API.stored, scope, "", api) is not None:
        return STAGE.stored
    found = env.resources.get(api_kinds.API, scope, "", api)
    return api_kinds.STAGE if found is not None and found.document["ProtocolType"] == "WEBSOCKET" else None


async def update_usage_plan(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations: `/apiStages` has a way of its own."""

    def work(document: Document) -> Document:
        new = patched_plan(env, document, params.get("patchOperations") or ())
        _check_plan(env, caller.scope, new)
        return new

    changed = await env.change(USAGE_PLAN, (caller.scope, "", params["usagePlanId"]), work)
    return {"tags": {}} | shown(env, USAGE_PLAN, changed.document)


async def get_usage_plan(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One, with its tags also where it has none."""
    return {"tags": {}} | shown(env, USAGE_PLAN, env.asked(USAGE_PLAN, caller.scope, params).document)


def patched_plan(env: ApiGatewayEnv, document: Document, operations: Sequence[Document]) -> Document:
    """A copy of the plan, changed. Raises 400."""
    shape, new = env.shape("UsagePlan"), document
    for operation in operations:
        segments = patching.pointer(str(operation.get("path") or ""))
        if segments[:1] == ["apiStages"]:
            _check_removed(new, segments[1:], operation)
            new = new | {"apiStages": _stages(shape, list(new.get("apiStages") or ()), segments[1:], operation)}
        elif len(segments) == 1 and segments[0] in ("throttle", "quota") and operation.get("op") == "remove":
            new = {name: value for name, value in new.items() if name != segments[0]}
        else:
            new = patching.patched(shape, new, [operation], USAGE_PLAN.patched)
    return new


def _check_removed(plan: Document, segments: list[str], operation: Document) -> None:
    """Raises 400, 404 for a stage that the plan hasn't."""
    if segments or operation.get("op") != "remove":
        return
    text = str(operation.get("value") or "")
    if text.count(":") != 1:
        raise faults.bad_request("Invalid API Stage specified")
    api, stage = text.split(":")
    if (api, stage) not in {(one["apiId"], one["stage"]) for one in plan.get("apiStages") or ()}:
        raise faults.not_found(f"Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {plan['id']}")


def _stages(shape: Any, stages: list[Document], segments: list[str], operation: Document) -> list[Document]:
    """`add` or `remove` a stage (value `API:STAGE`), or change the throttles of one."""
    text, op = str((segments[0] if segments else operation.get("value")) or ""), operation.get("op")
    api, _, stage = text.partition(":")
    if not stage:
        raise faults.bad_request(f"Invalid API stage specified: {text}. It has to be of the form API:STAGE")
    there = next((one for one in stages if (one["apiId"], one["stage"]) == (api, stage)), None)
    if not segments:
        rest = [one for one in stages if one is not there]
        return rest if op == "remove" else [*rest, {"apiId": api, "stage": stage}]
    if there is None:
        raise faults.not_found(f"Invalid API Stage specified {text}")
    if segments[1:] == ["throttle"]:
        changed = {name: value for name, value in there.items() if name != "throttle"}
        if op != "remove":
            changed["throttle"] = _throttles(operation.get("value"))
        return [changed if one is there else one for one in stages]
    path = "/".join(["", *(part.replace("~", "~0").replace("/", "~1") for part in _throttle(segments[1:]))])
    changed = patching.patched(
        shape.members["apiStages"].member, there, [operation | {"path": path}], Patches(("throttle",))
    )
    return [changed if one is there else one for one in stages]


def _throttle(segments: list[str]) -> list[str]:
    """The path and method of a throttle are one key of a map."""
    limit = segments[-1:] if segments[-1] in ("rateLimit", "burstLimit") else []
    return [segments[0], "/".join(segments[1 : len(segments) - len(limit)]), *limit]


def _throttles(value: Any) -> Document:
    """All throttles of a stage's methods, as JSON. Raises 400."""
    try:
        said = orjson.loads(str(value))
        return {str(method): {"rateLimit": float(one["rateLimit"]), "burstLimit": int(one["burstLimit"])}
                for method, one in said.items()}  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError):
        raise faults.bad_request(f"Invalid value specified for patch: {value}") from None


async def delete_usage_plan(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A plan that no stage has any more."""
    plan = env.asked(USAGE_PLAN, caller.scope, params)
    stages = plan.document.get("apiStages") or ()
    kinds = (STAGE.stored, api_kinds.STAGE)
    if any(env.resources.get(kind, caller.scope, one["apiId"], one["stage"]) for one in stages for kind in kinds):
        raise faults.bad_request(f"Cannot delete usage plan {plan.name} because it is associated with API stages")
    keys = env.all(USAGE_PLAN_KEY, caller.scope, plan.name)
    used = env.resources.children(USED, caller.scope, plan.name)
    await env.resources.write(deletes=[plan, *keys, *used])
    return {}


async def get_usage_plans(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A page, of all or of those that have a key."""
    key = params.get("keyId")
    found = [
        one
        for one in env.all(USAGE_PLAN, caller.scope, "")
        if key is None or env.resources.get(USAGE_PLAN_KEY.stored, caller.scope, one.name, key)
    ]
    here, position = page(found, params, lambda one: str(one.name))
    return listed([shown(env, USAGE_PLAN, one.document) for one in here], position)


async def create_usage_plan_key(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Put a key into a plan."""
    plan = env.owner(USAGE_PLAN_KEY, caller.scope, params)
    if params["keyType"] != "API_KEY":
        raise faults.bad_request("Invalid key type specified: only API_KEY is allowed")
    key = env.find(API_KEY, caller.scope, "", params["keyId"])
    document = {"id": key.name, "type": "API_KEY", "value": key.document["value"]}
    if key.document.get("name"):
        document["name"] = key.document["name"]
    return (await env.insert(USAGE_PLAN_KEY, caller.scope, plan, key.name, document)).document


async def get_usage_plan_keys(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A page of a plan's keys."""
    begins = params.get("nameQuery") or ""
    found = env.all(USAGE_PLAN_KEY, caller.scope, env.owner(USAGE_PLAN_KEY, caller.scope, params))
    named = [one for one in found if str(one.document.get("name", "")).startswith(begins)]
    here, position = page(named, params, lambda one: str(one.name))
    return listed([one.document for one in here], position)


OPERATIONS: dict[str, Operation] = {
    "CreateApiKey": create_api_key,
    "GetApiKey": get_api_key,
    "GetApiKeys": get_api_keys,
    "UpdateApiKey": update_api_key,
    "DeleteApiKey": delete_api_key,
    "CreateUsagePlan": create_usage_plan,
    "GetUsagePlan": get_usage_plan,
    "UpdateUsagePlan": update_usage_plan,
    "DeleteUsagePlan": delete_usage_plan,
    "GetUsagePlans": get_usage_plans,
    "CreateUsagePlanKey": create_usage_plan_key,
    "GetUsagePlanKeys": get_usage_plan_keys,
}
