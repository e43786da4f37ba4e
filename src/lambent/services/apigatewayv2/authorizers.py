"""Authorizers: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html"""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import AUTHORIZER, STAGE
from lambent.services.apigatewayv2.routes import NONE, check_role, protocol_of
from lambent.services.apigatewayv2.tabled import Operation

MOST_SECONDS = 3600


def authorizer(
    env: ApiGatewayV2Env, scope: Scope, api_id: str, document: Document, changes: Changes = NONE
) -> Document:
    """The whole document of an authorizer. Raises 400, 409."""
    for other in changes.children(env.resources, AUTHORIZER.stored, scope, api_id):
        if other.document["Name"] == document["Name"] and other.name != document["AuthorizerId"]:
            raise faults.conflict(f"Authorizer name {document['Name']} already exists")
    check_role(str(document.get("AuthorizerCredentialsArn") or ""), scope)
    if protocol_of(env, scope, api_id, changes) == "WEBSOCKET":
        return _websocket(document)
    return _jwt(document) if document["AuthorizerType"] == "JWT" else _request(document)


def _websocket(made: Document) -> Document:
    if made["AuthorizerType"] != "REQUEST":
        raise faults.bad_request("WebSocket APIs only support the authorizer type REQUEST")
    for member in ("AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "AuthorizerResultTtlInSeconds"):
        if made.get(member):
            raise faults.bad_request(f"{member} is only supported for HTTP APIs")
    _check_uri(made)
    return made


def _jwt(made: Document) -> Document:
    configuration = made.get("JwtConfiguration") or {}
    if not str(configuration.get("Issuer") or "").startswith(("https://", "http://")):
        raise faults.bad_request("Invalid issuer: it has to be the URL of an OpenID Connect provider")
    if not configuration.get("Audience"):
        raise faults.bad_request("Audience must be specified for an authorizer of type JWT")
    if len(made.get("IdentitySource") or ()) != 1:
        raise faults.bad_request("IdentitySource of an authorizer of type JWT must be a single expression")
    return made


def _request(made: Document) -> Document:
    _check_uri(made)
    if made.get("AuthorizerPayloadFormatVersion") not in ("1.0", "2.0"):
        raise faults.bad_request("AuthorizerPayloadFormatVersion must be 1.0 or 2.0 for an authorizer of type REQUEST")
    if made.get("EnableSimpleResponses") and made["AuthorizerPayloadFormatVersion"] != "2.0":
        raise faults.bad_request("Simple responses need the AuthorizerPayloadFormatVersion 2.0")
    ttl = made.setdefault("AuthorizerResultTtlInSeconds", 300 if made.get("IdentitySource") else 0)
    made.setdefault("EnableSimpleResponses", False)
    if not 0 <= ttl <= MOST_SECONDS:
        raise faults.bad_request(f"Authorizer result TTL must be between 0 and {MOST_SECONDS} seconds")
    if ttl and not made.get("IdentitySource"):
        raise faults.bad_request("Identity source must be specified when results of the authorizer are cached")
    return made


def _check_uri(made: Document) -> None:
    uri = str(made.get("AuthorizerUri") or "")
    if ":lambda:path/" not in uri or not uri.endswith("/invocations"):
        raise faults.bad_request(
            "Invalid Authorizer URI: it has to be arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
            "{function ARN}/invocations"
        )


async def reset_cache(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """Nothing that an authorizer of the stage has said counts any more."""
    stage = env.asked(STAGE, caller.scope, params)
    env.flush(caller.scope, params["ApiId"], stage.name)
    return {}


OPERATIONS: dict[str, Operation] = {"ResetAuthorizersCache": reset_cache}
