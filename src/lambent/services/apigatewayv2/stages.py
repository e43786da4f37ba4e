"""Stages and deployments: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html"""

import re
from typing import Any

from lambent.model.api_kinds import ACCOUNT, CLIENT_CERTIFICATE
from lambent.model.scope import Caller, Scope
from lambent.services import door_logs
from lambent.services.apigatewayv2 import deploying, faults
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import DEPLOYMENT, ROUTE, STAGE
from lambent.services.apigatewayv2.routes import NONE, protocol_of
from lambent.services.apigatewayv2.tabled import Operation, deleter, one_at_a_time, replaced
from lambent.store.resources import Resource

NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
VARIABLE, VALUE = re.compile(r"[A-Za-z0-9_]{1,64}"), re.compile(r"[A-Za-z0-9\-._~:/?#&=,@ ]{0,512}")
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html, sizes:
.../http-api-quotas.html"""


def stage(env: ApiGatewayV2Env, scope: Scope, api_id: str, document: Document, changes: Changes = NONE) -> Document:
    """The whole document of a stage. Raises 400, 404."""
    http = protocol_of(env, scope, api_id, changes) == "HTTP"
    if not NAME.fullmatch(document["StageName"]) and not (http and document["StageName"] == "$default"):
        raise faults.bad_request("Stage name only allows a-zA-Z0-9_-")
    settings: Document = {"DetailedMetricsEnabled": False}
    if not http:
        settings |= {"DataTraceEnabled": False, "LoggingLevel": "OFF"}
    now = env.wall()
    made: Document = {
        "RouteSettings": {},
        "StageVariables": {},
        "Tags": {},
        "CreatedDate": now,
        "AutoDeploy": False,
    } | document
    made["DefaultRouteSettings"] = settings | (document.get("DefaultRouteSettings") or {})
    made["LastUpdatedDate"] = now
    if document.get("DeploymentId"):
        _check_deployment(env, scope, api_id, document, changes)
    if certificate := document.get("ClientCertificateId"):
        _check_certificate(env, scope, certificate, http)
    for settings in (made["DefaultRouteSettings"], *made["RouteSettings"].values()):
        _check_settings(settings, http)
    for name, value in made["StageVariables"].items():
        if not VARIABLE.fullmatch(name) or not VALUE.fullmatch(value):
            raise faults.bad_request(f"Stage variable {name[:64]} has an invalid name or value")
    _check_routes(env, scope, api_id, made, changes)
    _check_logs(env, scope, made, http)
    return made


def _check_settings(settings: Document, http: bool) -> None:
    """HTTP APIs have access logs alone: https://github.com/hashicorp/terraform-provider-aws/issues/14010"""
    if min(settings.get("ThrottlingRateLimit", 0), settings.get("ThrottlingBurstLimit", 0)) < 0:
        raise faults.bad_request("Throttling limits must not be negative")
    if http and ("LoggingLevel" in settings or settings.get("DataTraceEnabled")):
        raise faults.bad_request("Execution logs are not supported on protocolType HTTP")


def _check_routes(env: ApiGatewayV2Env, scope: Scope, api_id: str, made: Document, changes: Changes) -> None:
    """Routes that are given settings are there: https://github.com/terraform-aws-modules/terraform-aws-apigateway-v2/pull/80"""
    found = changes.children(env.resources, ROUTE.stored, scope, api_id)
    there = env.resources.get(STAGE.stored, scope, api_id, made["StageName"])
    known = {one.document["RouteKey"] for one in found} | set(there.document["RouteSettings"] if there else ())
    for key in made["RouteSettings"]:
        if key not in known:
            raise faults.not_found(f"Unable to find Route by key {key} within the provided RouteSettings")


def _check_logs(env: ApiGatewayV2Env, scope: Scope, made: Document, http: bool) -> None:
    """A WebSocket API's need the account's role (https://github.com/sst/ion/issues/373); a destination is a log group
    or a delivery stream (.../http-api-logging.html)."""
    settings = [made["DefaultRouteSettings"], *made["RouteSettings"].values()]
    executions = any(one.get("LoggingLevel", "OFF") != "OFF" for one in settings)
    destination = str((made.get("AccessLogSettings") or {}).get("DestinationArn") or "")
    account = env.resources.get(ACCOUNT, scope, "", "")
    if not http and (executions or destination) and not (account and account.document.get("cloudwatchRoleArn")):
        raise faults.bad_request("CloudWatch Logs role ARN must be set in account settings to enable logging")
    if door_logs.STREAM.fullmatch(destination):
        raise faults.unbuilt("access logs into a delivery stream")
    if destination and (text := door_logs.wrong(destination, scope.account)):
        raise faults.bad_request(text)


def _check_certificate(env: ApiGatewayV2Env, scope: Scope, certificate: str, http: bool) -> None:
    """https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html: WebSocket APIs alone."""
    if http:
        raise faults.bad_request("ClientCertificateId is not currently supported for HTTP APIs")
    if env.resources.get(CLIENT_CERTIFICATE, scope, "", certificate) is None:
        raise faults.not_found("Invalid Client Certificate identifier specified")


def _check_deployment(env: ApiGatewayV2Env, scope: Scope, api_id: str, document: Document, changes: Changes) -> None:
    if changes.get(env.resources, DEPLOYMENT.stored, scope, api_id, document["DeploymentId"]) is None:
        raise faults.not_found(DEPLOYMENT.lacking.format(document["DeploymentId"]))


@one_at_a_time
async def create_deployment(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """A snapshot of the API as it is now; with `StageName`, served there."""
    scope, api_id = caller.scope, env.parent(DEPLOYMENT, caller.scope, params)
    changes, name = Changes(), params.get("StageName")
    there = env.find(STAGE, scope, api_id, name) if name else None
    more = {"Description": params["Description"]} if params.get("Description") else {}
    made = deploying.deployment(env, scope, api_id, changes, **more)
    if there is not None:
        served = {"DeploymentId": made.name, "LastUpdatedDate": env.wall()}
        deploying.put(env, changes, there, there.document | served)
    await env.write(DEPLOYMENT, changes)
    return env.shown(DEPLOYMENT, made.document)


def not_served(env: ApiGatewayV2Env, old: Resource) -> None:
    """A deployment that a stage serves stays. Raises 400."""
    for one in env.resources.children(STAGE.stored, old.scope, old.parent):
        if one.document.get("DeploymentId") == old.name:
            raise faults.bad_request("Active stages pointing to this deployment must be moved or deleted")


@one_at_a_time
async def delete_access_logs(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """The stage writes no access log any more."""
    old = env.asked(STAGE, caller.scope, params)
    kept = {name: value for name, value in old.document.items() if name != "AccessLogSettings"}
    await replaced(env, STAGE, old, kept)
    return {}


@one_at_a_time
async def delete_route_settings(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """A route of the stage has no settings of its own any more."""
    old = env.asked(STAGE, caller.scope, params)
    settings = dict(old.document.get("RouteSettings") or {})
    if settings.pop(params["RouteKey"], None) is None:
        raise faults.not_found(f"Unable to find route settings for the key {params['RouteKey']}")
    await replaced(env, STAGE, old, old.document | {"RouteSettings": settings})
    return {}


OPERATIONS: dict[str, Operation] = {
    "CreateDeployment": create_deployment,
    "DeleteDeployment": deleter(DEPLOYMENT, not_served),
    "DeleteAccessLogSettings": delete_access_logs,
    "DeleteRouteSettings": delete_route_settings,
}
