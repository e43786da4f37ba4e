"""APIs: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html

An API made with a target (quick create) gets an integration, a catch-all route and a stage that deploys automatically;
those are managed by API Gateway.
"""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.apigatewayv2 import deploying, faults, routes, stages
from lambent.services.apigatewayv2.env import REGION, ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import API, INTEGRATION, ROUTE, STAGE, Kind
from lambent.services.apigatewayv2.tabled import Operation, add, deleter, merged, one_at_a_time, replaced
from lambent.store.resources import Resource

HTTP, WEBSOCKET = "HTTP", "WEBSOCKET"
BY_METHOD = "$request.method $request.path"
WITH_BRACES = "${request.method} ${request.path}"
_QUICK = ("Target", "RouteKey", "CredentialsArn")
DEFAULTS: Document = {
    "ApiKeySelectionExpression": "$request.header.x-api-key",
    "DisableExecuteApiEndpoint": False,
    "IpAddressType": "ipv4",
    "Tags": {},
}


def checked(env: ApiGatewayV2Env, scope: Scope, parent: str, document: Document) -> Document:
    """The whole document of an API. Raises 400."""
    api = DEFAULTS | {"CreatedDate": env.wall(), REGION: scope.region} | document
    if api["ProtocolType"] == WEBSOCKET:
        if not api.get("RouteSelectionExpression"):
            raise faults.bad_request("RouteSelectionExpression must be specified for protocol type WEBSOCKET")
        if api.get("CorsConfiguration"):
            raise faults.bad_request("CORS configuration is only supported for protocol type HTTP")
        return api
    if api.get("DisableSchemaValidation"):
        raise faults.bad_request("DisableSchemaValidation is not currently supported for HTTP APIs")
    expression = api.setdefault("RouteSelectionExpression", BY_METHOD)
    if expression not in (BY_METHOD, WITH_BRACES):
        raise faults.bad_request(f"RouteSelectionExpression must be {WITH_BRACES} for protocol type HTTP")
    check_cors(api.get("CorsConfiguration") or {})
    return api


def check_cors(cors: Document) -> None:
    """Credentials go with no wildcard: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html"""
    if cors.get("AllowCredentials") and "*" in cors.get("AllowOrigins", ()):
        raise faults.bad_request("allow-credentials is not supported for the origin *")
    for origin in cors.get("AllowOrigins", ()):
        if origin != "*" and "://" not in origin:
            raise faults.bad_request(f"Invalid format for origin {origin}: it should be scheme://host")


@one_at_a_time
async def create_api(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """With a target, one that serves at once."""
    scope, changes = caller.scope, Changes()
    made = add(env, API, (scope, ""), params, checked, changes)
    if params.get("Target"):
        quick_create(env, scope, made.name, params, changes)
    elif params.get("RouteKey") or params.get("CredentialsArn"):
        raise faults.bad_request("RouteKey and CredentialsArn are only supported together with Target")
    await env.write(API, changes)
    return env.shown(API, made.document)


def quick_create(env: ApiGatewayV2Env, scope: Scope, api_id: str, params: Params, changes: Changes) -> None:
    """The integration, route and stage of an API with a target."""
    api = changes.get(env.resources, API.stored, scope, "", api_id)
    assert api is not None
    if api.document["ProtocolType"] != HTTP:
        raise faults.bad_request("Quick create is only supported for protocol type HTTP")
    place = (scope, api_id)
    given = _target(str(params["Target"])) | {"CredentialsArn": params.get("CredentialsArn")}
    integration = add(env, INTEGRATION, place, given, among(routes.integration, changes), changes)
    route = {"RouteKey": params.get("RouteKey") or "$default", "Target": f"integrations/{integration.name}"}
    add(env, ROUTE, place, route | {"ApiGatewayManaged": True}, among(routes.route, changes), changes)
    stage = {"StageName": "$default", "AutoDeploy": True, "ApiGatewayManaged": True}
    add(env, STAGE, place, stage, among(stages.stage, changes), changes)
    deploying.deploy_automatically(env, scope, api_id, changes)


def among(check: Any, changes: Changes) -> Any:
    """The check, which sees what the changes are about to make."""
    return lambda env, scope, parent, document: check(env, scope, parent, document, changes)


def _target(target: str) -> Document:
    """What an integration of quick create is."""
    common: Document = {"IntegrationUri": target, "ApiGatewayManaged": True}
    if target.startswith("arn:"):
        return common | {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"}
    return common | {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0"}


@one_at_a_time
async def update_api(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """What is given; the parts of quick create are changed where they are."""
    old = env.asked(API, caller.scope, params)
    members = env.members(API)
    given = {name: value for name, value in params.items() if name in members and value is not None}
    document = checked(env, caller.scope, "", merged(old.document, given))
    changes = Changes(replaces=[env.changed(old, document)])
    quick_update(env, old, params, changes)
    deploying.deploy_automatically(env, old.scope, old.name, changes)
    await env.write(API, changes)
    return env.shown(API, document)


def quick_update(env: ApiGatewayV2Env, api: Resource, params: Params, changes: Changes) -> None:
    """Another target, role or route key for what quick create made. Raises 400 for an API that it did not make."""
    if not any(params.get(name) for name in _QUICK):
        return
    integration, route = (_managed(env, api, kind) for kind in (INTEGRATION, ROUTE))
    if integration is None or route is None:
        raise faults.bad_request("Target, RouteKey and CredentialsArn are only supported for an API of quick create")
    place, given = (api.scope, api.name), _target(str(params["Target"])) if params.get("Target") else {}
    if params.get("CredentialsArn"):
        given["CredentialsArn"] = params["CredentialsArn"]
    new = routes.integration(env, *place, integration.document | given, changes)
    changes.replaces.append(env.changed(integration, new))
    if params.get("RouteKey"):
        told = route.document | {"RouteKey": params["RouteKey"]}
        changes.replaces.append(env.changed(route, routes.route(env, *place, told, changes)))


def _managed(env: ApiGatewayV2Env, api: Resource, kind: Kind) -> Resource | None:
    found = env.resources.children(kind.stored, api.scope, api.name)
    return next((one for one in found if one.document.get("ApiGatewayManaged")), None)


@one_at_a_time
async def delete_cors(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """The API answers no preflight request any more."""
    old = env.asked(API, caller.scope, params)
    kept = {name: value for name, value in old.document.items() if name != "CorsConfiguration"}
    await replaced(env, API, old, kept)
    return {}


OPERATIONS: dict[str, Operation] = {
    "CreateApi": create_api,
    "UpdateApi": update_api,
    "DeleteApi": deleter(API),
    "DeleteCorsConfiguration": delete_cors,
}
