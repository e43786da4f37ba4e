"""Routes, and the integrations that they lead to.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html and
https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html.
"""

import re
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services import passed_roles
from lambent.services.apigatewayv2 import faults, mapping_checks
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import API, AUTHORIZER, INTEGRATION, ROUTE
from lambent.services.apigatewayv2.tabled import Operation, deleter, one_at_a_time, replaced
from lambent.services.aws_backends import ARN
from lambent.store.resources import Resource

ROUTE_KEY = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) (/\S*)")
VARIABLE = re.compile(r"\{([^{}]+?)(\+?)\}")
BAD_KEY = (
    "The provided route key is not formatted properly for HTTP protocol. Format should be "
    '"<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)
SUBTYPES = {
    "EventBridge-PutEvents": ("Detail", "DetailType", "Source"),
    "Kinesis-PutRecord": ("StreamName", "Data", "PartitionKey"),
    "SQS-DeleteMessage": ("ReceiptHandle", "QueueUrl"),
    "SQS-PurgeQueue": ("QueueUrl",),
    "SQS-ReceiveMessage": ("QueueUrl",),
    "SQS-SendMessage": ("QueueUrl", "MessageBody"),
    "StepFunctions-StartExecution": ("StateMachineArn",),
    "StepFunctions-StartSyncExecution": ("StateMachineArn",),
    "StepFunctions-StopExecution": ("ExecutionArn",),
}
"""The operations of services that are called here, and the parameters that each needs; AWS has one more.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html"""
UNBUILT_SUBTYPES = frozenset({"AppConfig-GetConfiguration"})
LEAST_MILLIS, MOST_MILLIS = 50, {"HTTP": 30_000, "WEBSOCKET": 29_000}
FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^/]+|arn:aws[a-z-]*:apigateway:\S+/invocations"
)
WEB = ("http://", "https://", "${stageVariables.")
NONE: Changes = Changes()


def protocol_of(env: ApiGatewayV2Env, scope: Scope, api_id: str, changes: Changes) -> str:
    """HTTP or WEBSOCKET."""
    api = changes.get(env.resources, API.stored, scope, "", api_id)
    assert api is not None
    return str(api.document["ProtocolType"])


def route(env: ApiGatewayV2Env, scope: Scope, api_id: str, document: Document, changes: Changes = NONE) -> Document:
    """The whole document of a route. Raises 400, 404, 409."""
    made = {"ApiKeyRequired": False, "AuthorizationType": "NONE"} | document
    http = protocol_of(env, scope, api_id, changes) == "HTTP"
    if http:
        _check_http(made)
    for other in changes.children(env.resources, ROUTE.stored, scope, api_id):
        if other.document["RouteKey"] == made["RouteKey"] and other.name != made["RouteId"]:
            raise faults.conflict(f"Route with key {made['RouteKey']} already exists for this API")
    _check_target(env, scope, api_id, made, changes)
    _check_authorization(env, scope, api_id, made, http, changes)
    return made


def _check_http(made: Document) -> None:
    key = made["RouteKey"]
    found = ROUTE_KEY.fullmatch(key)
    if key != "$default" and found is None:
        raise faults.bad_request(BAD_KEY)
    if found is not None:
        _check_path(found[2])
    for member in ("ModelSelectionExpression", "RequestModels", "RouteResponseSelectionExpression"):
        if made.get(member):
            raise faults.bad_request(f"{member} is not currently supported for HTTP APIs")
    if made["ApiKeyRequired"]:
        raise faults.bad_request("ApiKeyRequired is not currently supported for HTTP APIs")


def _check_path(path: str) -> None:
    parts = path.split("/")[1:]
    for at, part in enumerate(parts):
        if ("{" in part or "}" in part) and not VARIABLE.fullmatch(part):
            raise faults.bad_request(BAD_KEY)
        if part.endswith("+}") and at < len(parts) - 1:
            raise faults.bad_request("A greedy path variable is only allowed at the end of a route's path")
    names = [found[1] for part in parts if (found := VARIABLE.fullmatch(part))]
    if len(set(names)) < len(names):
        raise faults.bad_request("Path variables of a route must have different names")


def _check_target(env: ApiGatewayV2Env, scope: Scope, api_id: str, made: Document, changes: Changes) -> None:
    target = made.get("Target")
    if not target:
        return
    kind, _, name = target.partition("/")
    if kind != "integrations" or not changes.get(env.resources, INTEGRATION.stored, scope, api_id, name):
        raise faults.bad_request(f"Invalid target specified: {target}. It has to be integrations/<integrationId>")


def _check_authorization(
    env: ApiGatewayV2Env, scope: Scope, api_id: str, made: Document, http: bool, changes: Changes
) -> None:
    kind = made["AuthorizationType"]
    if kind == "JWT" and not http:
        raise faults.bad_request("AuthorizationType JWT is only supported for HTTP APIs")
    if made.get("AuthorizationScopes") and kind != "JWT":
        raise faults.bad_request("Authorization scopes are only supported for the authorization type JWT")
    if kind in ("JWT", "CUSTOM"):
        authorizer = changes.get(env.resources, AUTHORIZER.stored, scope, api_id, str(made.get("AuthorizerId") or ""))
        wanted = "JWT" if kind == "JWT" else "REQUEST"
        if authorizer is None or authorizer.document["AuthorizerType"] != wanted:
            raise faults.bad_request(f"Invalid authorizer specified for the authorization type {kind}")
    if not http and kind != "NONE" and made["RouteKey"] != "$connect":
        raise faults.bad_request("Currently, authorization is restricted to the $connect route only")


def integration(
    env: ApiGatewayV2Env, scope: Scope, api_id: str, document: Document, changes: Changes = NONE
) -> Document:
    """The whole document of an integration. Raises 400, 501."""
    protocol = protocol_of(env, scope, api_id, changes)
    made: Document = {"ConnectionType": "INTERNET", "TimeoutInMillis": MOST_MILLIS[protocol]} | document
    if not LEAST_MILLIS <= made["TimeoutInMillis"] <= MOST_MILLIS[protocol]:
        raise faults.bad_request(f"Timeout should be between {LEAST_MILLIS} ms and {MOST_MILLIS[protocol]} ms")
    if made["ConnectionType"] == "VPC_LINK":
        raise faults.unbuilt("integrations through a VPC link")
    if made.get("TlsConfig"):
        raise faults.unbuilt("TlsConfig of an integration")
    check_role(str(made.get("CredentialsArn") or ""), scope)
    return _http(made) if protocol == "HTTP" else _websocket(made)


def check_role(role: str, scope: Scope) -> None:
    """Raises 400 for another account's."""
    if passed_roles.is_of_another(role, scope.account):
        raise faults.bad_request(passed_roles.REFUSED)


def _http(made: Document) -> Document:
    kind, subtype = made["IntegrationType"], made.get("IntegrationSubtype")
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise faults.bad_request("HTTP APIs only support the integration types AWS_PROXY and HTTP_PROXY")
    for member in ("RequestTemplates", "PassthroughBehavior", "ContentHandlingStrategy", "TemplateSelectionExpression"):
        if made.get(member):
            raise faults.bad_request(f"{member} is not currently supported for HTTP APIs")
    made.setdefault("PayloadFormatVersion", "1.0")
    if made["PayloadFormatVersion"] not in ("1.0", "2.0"):
        raise faults.bad_request("PayloadFormatVersion must be 1.0 or 2.0")
    if not subtype:
        mapping_checks.check(made)
    if subtype:
        _check_subtype(made, subtype)
    elif kind == "AWS_PROXY":
        made.setdefault("IntegrationMethod", "POST")
        if not FUNCTION.fullmatch(str(made.get("IntegrationUri") or "")):
            raise faults.bad_request("Integration URI of an AWS_PROXY integration must be the ARN of a Lambda function")
    else:
        _check_url(made)
    return made


def _check_url(made: Document) -> None:
    if made["PayloadFormatVersion"] != "1.0":
        raise faults.bad_request("HTTP_PROXY integrations only support the payload format version 1.0")
    if not made.get("IntegrationMethod"):
        raise faults.bad_request("HttpMethod must be specified for an HTTP_PROXY integration")
    if not str(made.get("IntegrationUri") or "").startswith(WEB):
        raise faults.bad_request("Invalid HTTP endpoint specified for URI")


def _check_subtype(made: Document, subtype: str) -> None:
    if subtype in UNBUILT_SUBTYPES:
        raise faults.unbuilt(f"the integration subtype {subtype}")
    if subtype not in SUBTYPES:
        raise faults.bad_request(f"Invalid integration subtype specified: {subtype}")
    if made["PayloadFormatVersion"] != "1.0":
        raise faults.bad_request("Integrations with AWS services only support the payload format version 1.0")
    if not made.get("CredentialsArn"):
        raise faults.bad_request("CredentialsArn must be specified for an integration with an AWS service")
    lacking = [name for name in SUBTYPES[subtype] if name not in (made.get("RequestParameters") or {})]
    if lacking:
        raise faults.bad_request(f"Required request parameters of {subtype} are missing: {', '.join(lacking)}")


def _websocket(made: Document) -> Document:
    kind = made["IntegrationType"]
    made.setdefault("PassthroughBehavior", "WHEN_NO_MATCH")
    made.setdefault("PayloadFormatVersion", "1.0")
    made.setdefault("IntegrationResponseSelectionExpression", "${integration.response.statuscode}")
    if kind == "AWS_PROXY":
        made.setdefault("IntegrationMethod", "POST")
    uri = str(made.get("IntegrationUri") or "")
    if kind == "AWS":
        _check_service(made, uri)
    elif kind in ("HTTP", "HTTP_PROXY") and not uri.startswith(WEB):
        raise faults.bad_request("Invalid HTTP endpoint specified for URI")
    if kind == "AWS_PROXY" and not FUNCTION.fullmatch(uri):
        raise faults.bad_request("Integration URI of an AWS_PROXY integration must be the ARN of a Lambda function")
    return made


def _check_service(made: Document, uri: str) -> None:
    if FUNCTION.fullmatch(uri):
        return
    if not ARN.fullmatch(uri):
        raise faults.bad_request("Invalid ARN specified in the request")
    if not made.get("CredentialsArn"):
        raise faults.bad_request("Role ARN must be specified for AWS integrations")


def in_no_route(env: ApiGatewayV2Env, old: Resource) -> None:
    """An integration that a route leads to stays. Raises 409."""
    for one in env.resources.children(ROUTE.stored, old.scope, old.parent):
        if one.document.get("Target") == f"integrations/{old.name}":
            raise faults.conflict(
                f"Cannot delete Integration '{old.name}' due to the following Routes are referencing it: "
                f"[{one.document['RouteKey']}]"
            )


def authorizer_in_no_route(env: ApiGatewayV2Env, old: Resource) -> None:
    """The same of an authorizer. Raises 409."""
    for one in env.resources.children(ROUTE.stored, old.scope, old.parent):
        if one.document.get("AuthorizerId") == old.name:
            raise faults.conflict(f"Cannot delete authorizer '{old.name}', is referenced in route: {one.name}")


@one_at_a_time
async def delete_request_parameter(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """A route asks for one parameter less."""
    old = env.asked(ROUTE, caller.scope, params)
    kept = dict(old.document.get("RequestParameters") or {})
    if kept.pop(params["RequestParameterKey"], None) is None:
        raise faults.not_found(f"Invalid request parameter specified {params['RequestParameterKey']}")
    await replaced(env, ROUTE, old, old.document | {"RequestParameters": kept})
    return {}


OPERATIONS: dict[str, Operation] = {
    "DeleteIntegration": deleter(INTEGRATION, in_no_route),
    "DeleteAuthorizer": deleter(AUTHORIZER, authorizer_in_no_route),
    "DeleteRouteRequestParameter": delete_request_parameter,
}
