"""Deployments, which are snapshots, and the stages that serve them.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html, API_CreateStage.html. A deployment's
document keeps the snapshot beside its shape's members: what a stage serves is read from there alone.
"""

import re
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services import door_logs
from lambent.services.apigateway import faults, patching
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import (
    ACCOUNT,
    AUTHORIZER,
    CLIENT_CERTIFICATE,
    DEPLOYMENT,
    GATEWAY_RESPONSE,
    MODEL,
    RESOURCE,
    REST_API,
    STAGE,
    VALIDATOR,
)
from lambent.services.apigateway.stage_patches import patch_stage
from lambent.services.apigateway.tabled import Operation, listed, page, shown
from lambent.store.resources import Resource

STAGE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}|\$default")
VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")
VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,@ ]*")
_INVALID = "Invalid deployment content specified."
SNAPSHOT = "snapshot"
"""The hidden member of a deployment: what it serves, by kind."""


async def create_deployment(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A snapshot of the API as it is now; with `stageName`, served there."""
    scope, api_id = caller.scope, env.owner(DEPLOYMENT, caller.scope, params)
    snapshot = take_snapshot(env, scope, api_id)
    name = env.new_name(DEPLOYMENT, scope, api_id)
    document = {
        "id": name,
        "createdDate": int(env.wall()),
        "apiSummary": _summary(snapshot),
        SNAPSHOT: snapshot,
    }
    if params.get("description"):
        document["description"] = params["description"]
    stage = _staged(env, scope, params, name)
    await env.insert(DEPLOYMENT, scope, api_id, name, document)
    if stage is not None:
        await env.resources.put(stage)
    return _plain(env, document)


def take_snapshot(env: ApiGatewayEnv, scope: Scope, api_id: str, *, whole: bool = True) -> Document:
    """Everything of an API that a deployment serves. Raises 400 for one that can't be deployed, if it is to be
    `whole`."""
    kinds = {
        "resources": RESOURCE,
        "authorizers": AUTHORIZER,
        "models": MODEL,
        "validators": VALIDATOR,
        "gatewayResponses": GATEWAY_RESPONSE,
    }
    snapshot = {name: {one.name: one.document for one in env.all(kind, scope, api_id)} for name, kind in kinds.items()}
    methods = [
        method for one in snapshot["resources"].values() for method in (one.get("resourceMethods") or {}).values()
    ]
    if whole and not methods:
        raise faults.bad_request("The REST API doesn't contain any methods")
    if whole and any("methodIntegration" not in method for method in methods):
        raise faults.bad_request("No integration defined for method")
    return snapshot | {"api": env.find(REST_API, scope, "", api_id).document}


def _summary(snapshot: Document) -> Document:
    return {
        one["path"]: {
            name: {
                "authorizationType": method["authorizationType"],
                "apiKeyRequired": bool(method.get("apiKeyRequired")),
            }
            for name, method in one["resourceMethods"].items()
        }
        for one in snapshot["resources"].values()
        if one.get("resourceMethods")
    }


def _staged(env: ApiGatewayEnv, scope: Scope, params: Params, deployment: str) -> Resource | None:
    """The stage that serves a new deployment, or gives it to its canary. Raises 400, 404."""
    name, api_id = params.get("stageName"), params["restApiId"]
    canary = params.get("canarySettings")
    if not name and canary is not None:
        raise faults.bad_request(
            f"{_INVALID}Non null and non empty stageName must be provided for canary deployment. Provided value is "
            f"{'null' if name is None else name}"
        )
    if not name:
        return None
    _check_stage_name(name)
    there = env.resources.get(STAGE.stored, scope, api_id, name)
    if canary is not None:
        if there is None:
            raise faults.bad_request(
                f"{_INVALID}Stage {name} must already be created before making a canary release deployment"
            )
        settings = {"percentTraffic": 0.0, "useStageCache": False} | canary | {"deploymentId": deployment}
        return there.changed(env.new_id(), there.document | {"canarySettings": settings})
    given = {key: params.get(key) for key in ("variables", "cacheClusterEnabled", "cacheClusterSize", "tracingEnabled")}
    given["description"] = params.get("stageDescription")
    given = {key: value for key, value in given.items() if value is not None}
    _check_variables(given.get("variables"))
    if there is None:
        return env.made(STAGE, scope, api_id, name, _with_cache(_new_stage(env, name, deployment) | given))
    changed = there.document | given | {"deploymentId": deployment, "lastUpdatedDate": int(env.wall())}
    return there.changed(env.new_id(), _with_cache(changed))


def _new_stage(env: ApiGatewayEnv, name: str, deployment: str) -> Document:
    now = int(env.wall())
    return {
        "deploymentId": deployment,
        "stageName": name,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": now,
        "lastUpdatedDate": now,
    }


def _check_stage_name(name: str) -> None:
    if not STAGE_NAME.fullmatch(name):
        raise faults.bad_request("Stage name only allows a-zA-Z0-9_")


def _check_variables(variables: Document | None) -> None:
    for name, value in (variables or {}).items():
        if not VARIABLE_NAME.fullmatch(name) or not VARIABLE_VALUE.fullmatch(value):
            raise faults.bad_request(
                f"Stage variable {name} has an invalid name or value: a-zA-Z0-9_ and A-Za-z0-9-._~:/?#&=, are allowed"
            )


async def get_deployment(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One; its summary when `embed` asks for it."""
    document = env.asked(DEPLOYMENT, caller.scope, params).document
    return shown(env, DEPLOYMENT, document) if "apisummary" in (params.get("embed") or ()) else _plain(env, document)


def _plain(env: ApiGatewayEnv, document: Document) -> Document:
    return {name: value for name, value in shown(env, DEPLOYMENT, document).items() if name != "apiSummary"}


async def get_deployments(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A page of them."""
    found = env.all(DEPLOYMENT, caller.scope, env.owner(DEPLOYMENT, caller.scope, params))
    here, position = page(found, params, lambda one: str(one.name))
    return listed([_plain(env, one.document) for one in here], position)


async def update_deployment(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Its description."""
    key = (caller.scope, params["restApiId"], params["deploymentId"])
    operations = params.get("patchOperations") or ()

    def work(document: Document) -> Document:
        return patching.patched(env.shape("Deployment"), document, operations, DEPLOYMENT.patched)

    return _plain(env, (await env.change(DEPLOYMENT, key, work)).document)


async def delete_deployment(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One that no stage serves."""
    deployment = env.asked(DEPLOYMENT, caller.scope, params)
    for stage in env.all(STAGE, caller.scope, params["restApiId"]):
        canary = stage.document.get("canarySettings") or {}
        if deployment.name in (stage.document["deploymentId"], canary.get("deploymentId")):
            raise faults.bad_request("Active stages pointing to this deployment must be moved or deleted")
    await env.resources.discard(deployment)
    return {}


# --- stages


async def create_stage(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A stage of a deployment that is there."""
    scope, api_id = caller.scope, env.owner(STAGE, caller.scope, params)
    name = params["stageName"]
    _check_stage_name(name)
    _check_variables(params.get("variables"))
    if env.resources.get(DEPLOYMENT.stored, scope, api_id, params["deploymentId"]) is None:
        raise faults.bad_request("Deployment id does not exist")
    document = _with_cache(_new_stage(env, name, params["deploymentId"]) | shown(env, STAGE, params))
    if canary := document.get("canarySettings"):
        document["canarySettings"] = {"percentTraffic": 0.0, "useStageCache": False} | canary
        document["canarySettings"].setdefault("deploymentId", document["deploymentId"])
        if env.resources.get(DEPLOYMENT.stored, scope, api_id, document["canarySettings"]["deploymentId"]) is None:
            raise faults.bad_request("Deployment id does not exist")
    await env.insert(STAGE, scope, api_id, name, document)
    return shown(env, STAGE, document)


async def get_stages(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """All of an API, or those of one deployment."""
    found = env.all(STAGE, caller.scope, env.owner(STAGE, caller.scope, params))
    asked = params.get("deploymentId")
    return {"item": [shown(env, STAGE, one.document) for one in found if asked in (None, one.document["deploymentId"])]}


async def update_stage(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations; settings of methods have paths of their own."""
    key = (caller.scope, params["restApiId"], params["stageName"])

    def work(document: Document) -> Document:
        new = patch_stage(env.shape("Stage"), document, params.get("patchOperations") or ())
        _check_variables(new.get("variables"))
        for one in (new, new.get("canarySettings") or new):
            if env.resources.get(DEPLOYMENT.stored, key[0], key[1], one["deploymentId"]) is None:
                raise faults.bad_request("Deployment id does not exist")
        _check_logs(env, key[0], new)
        if certificate := new.get("clientCertificateId"):
            env.find(CLIENT_CERTIFICATE, key[0], "", certificate)
        return _with_cache(new | {"lastUpdatedDate": int(env.wall())})

    changed = (await env.change(STAGE, key, work)).document
    if not changed["cacheClusterEnabled"]:
        env.flush_responses(*key)
    return shown(env, STAGE, changed)


def _check_logs(env: ApiGatewayEnv, scope: Scope, stage: Document) -> None:
    """Logs need the account's role. Raises 400."""
    levels = [one.get("loggingLevel", "OFF") for one in (stage.get("methodSettings") or {}).values()]
    logs = (stage.get("accessLogSettings") or {}).get("destinationArn") or any(level != "OFF" for level in levels)
    account = env.resources.get(ACCOUNT.stored, scope, "", "")
    if logs and not (account and account.document.get("cloudwatchRoleArn")):
        raise faults.bad_request("CloudWatch Logs role ARN must be set in account settings to enable logging")
    destination = str((stage.get("accessLogSettings") or {}).get("destinationArn") or "")
    if door_logs.STREAM.fullmatch(destination):
        raise faults.unbuilt("access logs into a delivery stream")
    if destination and (text := door_logs.wrong(destination, scope.account)):
        raise faults.bad_request(text)


async def delete_stage(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Nothing is served there any more."""
    stage = env.asked(STAGE, caller.scope, params)
    await env.resources.discard(stage)
    env.flush_responses(caller.scope, params["restApiId"], stage.name)
    return {}


async def flush_authorizers(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Nothing that an authorizer of the stage has said counts any more."""
    stage = env.asked(STAGE, caller.scope, params)
    env.flush(caller.scope, params["restApiId"], stage.name)
    return {}


async def flush_cache(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Nothing that was answered before is answered again."""
    stage = env.asked(STAGE, caller.scope, params)
    env.flush_responses(caller.scope, params["restApiId"], stage.name)
    return {}


def _with_cache(stage: Document) -> Document:
    """The stage with its cluster's status: here it is there at once."""
    enabled = bool(stage.get("cacheClusterEnabled"))
    size = {"cacheClusterSize": stage.get("cacheClusterSize") or "0.5"} if enabled else {}
    return stage | {"cacheClusterStatus": "AVAILABLE" if enabled else "NOT_AVAILABLE"} | size


OPERATIONS: dict[str, Operation] = {
    "CreateDeployment": create_deployment,
    "GetDeployment": get_deployment,
    "GetDeployments": get_deployments,
    "UpdateDeployment": update_deployment,
    "DeleteDeployment": delete_deployment,
    "CreateStage": create_stage,
    "GetStages": get_stages,
    "UpdateStage": update_stage,
    "DeleteStage": delete_stage,
    "FlushStageAuthorizersCache": flush_authorizers,
    "FlushStageCache": flush_cache,
}
