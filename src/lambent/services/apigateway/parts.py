"""What is checked of authorizers, models, validators, gateway responses and the small kinds when they are made.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html, API_CreateModel.html,
API_PutGatewayResponse.html
"""

import re
from typing import Any

import orjson

from lambent.http_events.rest_errors import KINDS
from lambent.model.scope import Caller
from lambent.services.apigateway import faults
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.integrations import LAMBDA_PATH, check_role
from lambent.services.apigateway.kinds import (
    ACCOUNT,
    AUTHORIZER,
    DOCUMENTATION_PART,
    GATEWAY_RESPONSE,
    MODEL,
    RESOURCE,
    REST_API,
    VALIDATOR,
)
from lambent.services.apigateway.patching import patched, pointer
from lambent.services.apigateway.tabled import Operation, creator, listed, page, shown
from lambent.services.aws_backends import ARN

DEFAULT_TTL, MOST_TTL = 300, 3600
_NO_SCHEMA = "Model schema must have at least 1 property or array items defined"
MODEL_NAME = re.compile(r"[a-zA-Z0-9]+")
STATUSES = {name: None if name.startswith("DEFAULT") else str(kind.status) for name, kind in KINDS.items()} | {
    "WAF_FILTERED": "403"
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html; nothing filters
here."""
DEFAULT_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}


def prepare_authorizer(env: ApiGatewayEnv, caller: Caller, params: Params, document: Document) -> Document:
    """An authorizer with its defaults. Raises 400."""
    kind = "cognito_user_pools" if document["type"] == "COGNITO_USER_POOLS" else "custom"
    document = {"authType": kind, "authorizerResultTtlInSeconds": DEFAULT_TTL, **document}
    check_authorizer(env, caller, params, document)
    return document


def check_authorizer(_env: ApiGatewayEnv, caller: Caller, _params: Params, authorizer: Document) -> None:
    """Raises 400."""
    check_role(str(authorizer.get("authorizerCredentials") or ""), caller.scope)
    kind, ttl = authorizer["type"], authorizer.get("authorizerResultTtlInSeconds", DEFAULT_TTL)
    if not 0 <= ttl <= MOST_TTL:
        raise faults.bad_request(f"Authorizer result TTL must be between 0 and {MOST_TTL} seconds")
    if kind == "JWT":
        raise faults.unbuilt("authorizers of the type JWT of a REST API")
    if kind == "COGNITO_USER_POOLS":
        if not authorizer.get("providerARNs"):
            raise faults.bad_request("Authorizer provider ARNs must be specified for COGNITO_USER_POOLS authorizers")
        authorizer.setdefault("identitySource", "method.request.header.Authorization")
        return
    found = ARN.fullmatch(str(authorizer.get("authorizerUri") or ""))
    if found is None or found[2] != "lambda" or not LAMBDA_PATH.fullmatch(found[4]):
        raise faults.bad_request("Invalid Authorizer URI: it must be the ARN of a Lambda function's invocations")
    if kind == "TOKEN" and not authorizer.get("identitySource"):
        raise faults.bad_request("Identity source must be specified for TOKEN authorizers")
    if kind == "REQUEST" and ttl and not authorizer.get("identitySource"):
        raise faults.bad_request("Identity source must be specified for REQUEST authorizers when caching is enabled")


def prepare_model(env: ApiGatewayEnv, caller: Caller, params: Params, document: Document) -> Document:
    """A model. Raises 400."""
    if not document["name"]:
        raise faults.bad_request("Model name must be non-empty")
    if not MODEL_NAME.fullmatch(document["name"]):
        raise faults.bad_request(f"Model name must be alphanumeric: {document['name']}")
    check_model(env, caller, params, document)
    name = env.new_name(MODEL, caller.scope, params["restApiId"])
    return {"id": name} | {member: value for member, value in document.items() if value != ""}


def check_model(_env: ApiGatewayEnv, _caller: Caller, _params: Params, model: Document) -> None:
    """Raises 400."""
    schema = model.get("schema")
    if not schema:
        raise faults.bad_request(_NO_SCHEMA)
    try:
        read = orjson.loads(schema)
    except orjson.JSONDecodeError:
        raise faults.bad_request("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model "
                                 "schema specified]") from None  # fmt: skip
    if not isinstance(read, dict):
        raise faults.bad_request(_NO_SCHEMA)


async def create_validator(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A validator. An API that is not there is a 400 here."""
    if env.resources.get(REST_API.stored, caller.scope, "", params["restApiId"]) is None:
        raise faults.bad_request("Invalid REST API identifier specified")
    return await creator(VALIDATOR, _validator)(env, caller, params)


async def create_authorizer(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """An authorizer. An API that is not there is a 409 here."""
    if env.resources.get(REST_API.stored, caller.scope, "", params["restApiId"]) is None:
        raise faults.conflict(faults.CONCURRENT)
    return await creator(AUTHORIZER, prepare_authorizer)(env, caller, params)


def check_validator(_env: ApiGatewayEnv, _caller: Caller, _params: Params, validator: Document) -> None:
    """Raises 400."""
    if not validator.get("name"):
        raise faults.bad_request("Request Validator name cannot be blank")


def check_part(_env: ApiGatewayEnv, _caller: Caller, _params: Params, part: Document) -> None:
    """Raises 400."""
    if not part.get("properties"):
        raise faults.bad_request("Documentation part properties must be non-empty")


def _validator(_env: ApiGatewayEnv, _caller: Caller, _params: Params, document: Document) -> Document:
    return {"validateRequestBody": False, "validateRequestParameters": False} | document


async def delete_model(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A model that no method names."""
    model = env.asked(MODEL, caller.scope, params)
    if used := _used(env, caller, params, "requestModels", model.name):
        raise faults.conflict(f"Cannot delete model '{model.name}', is referenced in method request: {used}")
    await env.resources.discard(model)
    return {}


async def delete_authorizer(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """An authorizer that no method names."""
    authorizer = env.asked(AUTHORIZER, caller.scope, params)
    if used := _used(env, caller, params, "authorizerId", authorizer.name):
        raise faults.conflict(
            f"Cannot delete authorizer '{authorizer.document['name']}', is referenced in method: {used}"
        )
    await env.resources.discard(authorizer)
    return {}


async def delete_validator(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A validator that no method names."""
    validator = env.asked(VALIDATOR, caller.scope, params)
    if used := _used(env, caller, params, "requestValidatorId", validator.name):
        name = validator.document.get("name")
        raise faults.conflict(f"Cannot delete request validator '{name}', is referenced in method: {used}")
    await env.resources.discard(validator)
    return {}


def _used(env: ApiGatewayEnv, caller: Caller, params: Params, member: str, name: str) -> str:
    """The first method that names something, "" for none."""
    for one in env.all(RESOURCE, caller.scope, params["restApiId"]):
        for http, method in (one.document.get("resourceMethods") or {}).items():
            said = method.get(member)
            if said == name or (isinstance(said, dict) and name in said.values()):
                return f"{one.document['path']}/{http}"
    return ""


# --- gateway responses


async def put_gateway_response(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """What is said in the place of AWS's own answer."""
    api = env.owner(GATEWAY_RESPONSE, caller.scope, params)
    given = {name: value for name, value in shown(env, GATEWAY_RESPONSE, params).items() if value not in ("", {})}
    document = _response(params["responseType"]) | given | {"defaultResponse": False}
    await env.resources.put(env.made(GATEWAY_RESPONSE, caller.scope, api, params["responseType"], document))
    return shown(env, GATEWAY_RESPONSE, document)


def _response(kind: str) -> Document:
    return {
        "responseType": kind,
        "statusCode": STATUSES.get(kind),
        "responseParameters": {},
        "responseTemplates": dict(DEFAULT_TEMPLATES),
        "defaultResponse": True,
    }


async def get_gateway_response(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The one that was put, or AWS's own."""
    api, kind = env.owner(GATEWAY_RESPONSE, caller.scope, params), params["responseType"]
    found = env.resources.get(GATEWAY_RESPONSE.stored, caller.scope, api, kind)
    return shown(env, GATEWAY_RESPONSE, found.document if found else _response(kind))


async def get_gateway_responses(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """All types."""
    api = env.owner(GATEWAY_RESPONSE, caller.scope, params)
    put = {one.name: one.document for one in env.all(GATEWAY_RESPONSE, caller.scope, api)}
    every = [shown(env, GATEWAY_RESPONSE, put.get(kind) or _response(kind)) for kind in STATUSES]
    here, position = page(every, params, lambda one: str(one["responseType"]))
    return listed(here, position)


async def update_gateway_response(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations; one of AWS's own becomes the API's."""
    api, kind = env.owner(GATEWAY_RESPONSE, caller.scope, params), params["responseType"]
    found = env.resources.get(GATEWAY_RESPONSE.stored, caller.scope, api, kind)
    old = found.document if found else _response(kind)
    operations = params.get("patchOperations") or ()
    for operation in operations:
        _check_response_patch(old, operation)
    new = patched(env.shape("GatewayResponse"), old, operations, GATEWAY_RESPONSE.patched) | {"defaultResponse": False}
    await env.resources.put(env.made(GATEWAY_RESPONSE, caller.scope, api, kind, new))
    return shown(env, GATEWAY_RESPONSE, new)


def _check_response_patch(old: Document, operation: Document) -> None:
    """Raises 400, 404 for what the tables of paths don't say."""
    op, path = operation.get("op"), str(operation.get("path"))
    member, *name = pointer(path) or [""]
    if member == "statusCode" and op in ("add", "remove"):
        raise faults.bad_request(f"Invalid patch path {path}")
    if member not in ("responseParameters", "responseTemplates") or op not in ("add", "replace"):
        return
    if op == "replace" and "/".join(name) not in old[member]:
        raise faults.not_found("Invalid parameter name specified")
    if operation.get("value") is None:
        raise faults.bad_request(f"Invalid null or empty value in {member}")


async def delete_gateway_response(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """AWS's own answer again."""
    api, kind = env.owner(GATEWAY_RESPONSE, caller.scope, params), params["responseType"]
    found = env.resources.get(GATEWAY_RESPONSE.stored, caller.scope, api, kind)
    if found is None:
        raise faults.not_found("Gateway response type not defined on api")
    await env.resources.discard(found)
    return {}


# --- the account


async def get_account(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The role for logs, and the account's throttles."""
    found = env.resources.get(ACCOUNT.stored, caller.scope, "", "")
    return found.document if found else _account()


def _account() -> Document:
    throttles = {"burstLimit": 5000, "rateLimit": 10000.0}
    return {"throttleSettings": throttles, "features": ["UsagePlans"], "apiKeyVersion": "4"}


async def update_account(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations."""
    old = await get_account(env, caller, params)
    new = patched(env.shape("Account"), old, params.get("patchOperations") or (), ACCOUNT.patched)
    if new["features"] != old["features"]:
        raise faults.bad_request(f"Invalid features: {', '.join(new['features'])}. An account has UsagePlans")
    if not new.get("cloudwatchRoleArn"):
        new.pop("cloudwatchRoleArn", None)
    check_role(new.get("cloudwatchRoleArn", ""), caller.scope)
    await env.resources.put(env.made(ACCOUNT, caller.scope, "", "", new))
    return new


def prepare_vpc_link(_env: ApiGatewayEnv, _caller: Caller, _params: Params, document: Document) -> Document:
    """A link that is kept; nothing goes through it."""
    return document | {"status": "AVAILABLE"}


def prepare_documentation_version(env: ApiGatewayEnv, caller: Caller, params: Params, document: Document) -> Document:
    """A version of the documentation: its parts as they are now."""
    there = env.all(DOCUMENTATION_PART, caller.scope, params["restApiId"])
    said = [{name: one.document[name] for name in ("location", "properties")} for one in there]
    return document | {"createdDate": int(env.wall()), "parts": said}


OPERATIONS: dict[str, Operation] = {
    "CreateAuthorizer": create_authorizer,
    "CreateRequestValidator": create_validator,
    "DeleteModel": delete_model,
    "DeleteAuthorizer": delete_authorizer,
    "DeleteRequestValidator": delete_validator,
    "PutGatewayResponse": put_gateway_response,
    "GetGatewayResponse": get_gateway_response,
    "GetGatewayResponses": get_gateway_responses,
    "UpdateGatewayResponse": update_gateway_response,
    "DeleteGatewayResponse": delete_gateway_response,
    "GetAccount": get_account,
    "UpdateAccount": update_account,
}
