"""An OpenAPI 3 document as an HTTP API's parts: pure.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html and
.../api-gateway-swagger-extensions.html. Only references within the document are followed.
"""

from dataclasses import dataclass, field
from typing import Any

from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import Document
from lambent.wire import openapi_text

EXTENSION = "x-amazon-apigateway-"
METHODS = ("get", "put", "post", "delete", "patch", "options", "head")
CORS = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge", "allowCredentials")
INTEGRATION = {
    "httpMethod": "IntegrationMethod",
    "uri": "IntegrationUri",
    "payloadFormatVersion": "PayloadFormatVersion",
    "credentials": "CredentialsArn",
    "timeoutInMillis": "TimeoutInMillis",
    "connectionType": "ConnectionType",
    "connectionId": "ConnectionId",
    "requestParameters": "RequestParameters",
    "responseParameters": "ResponseParameters",
    "integrationSubtype": "IntegrationSubtype",
    "tlsConfig": "TlsConfig",
    "description": "Description",
}
"""Members of `x-amazon-apigateway-integration`, and what they are called in the API."""
AUTHORIZER = {
    "authorizerUri": "AuthorizerUri",
    "authorizerCredentials": "AuthorizerCredentialsArn",
    "authorizerPayloadFormatVersion": "AuthorizerPayloadFormatVersion",
    "authorizerResultTtlInSeconds": "AuthorizerResultTtlInSeconds",
    "enableSimpleResponses": "EnableSimpleResponses",
}


@dataclass(slots=True)
class Imported:
    """`api` are members of the API; `integrations` and `authorizers` documents by a name of their own, to which routes
    refer (members `Integration` and `Authorizer`)."""

    api: Document
    routes: list[Document] = field(default_factory=list)
    integrations: dict[str, Document] = field(default_factory=dict)
    authorizers: dict[str, Document] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read(text: str, base_path: str) -> Imported:
    """The parts of an API. `base_path` is `ignore`, `prepend` or `split`. Raises 400."""
    try:
        document = openapi_text.read(text.encode())
    except ValueError as error:
        raise faults.bad_request(f"Invalid OpenAPI input: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("paths", {}), dict):
        raise faults.bad_request("Invalid OpenAPI input.")
    if not str(document.get("openapi", "")).startswith("3.0"):
        raise faults.bad_request("Invalid OpenAPI input. Only the version 3.0 is supported.")
    try:
        return _read(document, base_path)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise faults.bad_request(f"Invalid OpenAPI input: {type(error).__name__}: {error}") from error


def _read(document: Document, base_path: str) -> Imported:
    imported = Imported(_api(document))
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for name, scheme in schemes.items():
        said = scheme.get(f"{EXTENSION}authorizer")
        if said:
            imported.authorizers[name] = _authorizer(name, scheme, said)
    prefix = _prefix(document, base_path)
    for path, item in (document.get("paths") or {}).items():
        for method in (*METHODS, f"{EXTENSION}any-method"):
            if method in item:
                key = _key(method, path, prefix)
                imported.routes.append(_route(imported, document, key, item[method] or {}))
    return imported


def _api(document: Document) -> Document:
    info = document.get("info") or {}
    api: Document = {"Name": str(info.get("title") or "unnamed")}
    for member, name in (("Description", "description"), ("Version", "version")):
        if info.get(name):
            api[member] = str(info[name])
    cors = document.get(f"{EXTENSION}cors")
    if cors:
        api["CorsConfiguration"] = {name[:1].upper() + name[1:]: cors[name] for name in CORS if name in cors}
    servers = document.get("servers") or ()
    endpoints = [document, *servers]
    for one in endpoints:
        said = one.get(f"{EXTENSION}endpoint-configuration") or {}
        if "disableExecuteApiEndpoint" in said:
            api["DisableExecuteApiEndpoint"] = str(said["disableExecuteApiEndpoint"]).lower() == "true"
    tags = {str(one["name"]): str(one[f"{EXTENSION}tag-value"]) for one in document.get("tags") or () if _tagged(one)}
    return api | ({"Tags": tags} if tags else {})


def _tagged(one: Document) -> bool:
    return f"{EXTENSION}tag-value" in one


def _prefix(document: Document, how: str) -> str:
    """What `prepend` and `split` put before the paths: the first server's base path, or all but its first part."""
    if how not in ("prepend", "split"):
        return ""
    server: Document = next(iter(document.get("servers") or ()), {})
    variables = server.get("variables") or {}
    path = str((variables.get("basePath") or {}).get("default") or "").strip("/")
    if how == "split":
        path = path.partition("/")[2]
    return f"/{path}" if path else ""


def _key(method: str, path: str, prefix: str) -> str:
    if path.strip("/") == "$default":
        return "$default"
    name = "ANY" if method.startswith(EXTENSION) else method.upper()
    return f"{name} {prefix}{path if path.startswith('/') else f'/{path}'}"


def _route(imported: Imported, document: Document, key: str, operation: Document) -> Document:
    route: Document = {"RouteKey": key}
    if operation.get("operationId"):
        route["OperationName"] = str(operation["operationId"])
    said = operation.get(f"{EXTENSION}integration")
    if said:
        route["Integration"] = _integration(imported, document, key, said)
    else:
        imported.warnings.append(f"No integration is defined for the route {key}")
    security = operation.get("security", document.get("security")) or ()
    auth = (operation.get(f"{EXTENSION}auth") or {}).get("type")
    if str(auth).upper() == "AWS_IAM":
        return route | {"AuthorizationType": "AWS_IAM"}
    return route | _authorization(imported, document, security)


def _integration(imported: Imported, document: Document, key: str, said: Document) -> str:
    """The name under which the integration is kept: one that is referred to is made once."""
    reference = str(said.get("$ref") or "")
    if reference:
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        said = found
    name = reference or key
    if name not in imported.integrations:
        made = {member: said[given] for given, member in INTEGRATION.items() if said.get(given) is not None}
        made["IntegrationType"] = str(said.get("type") or "").upper()
        for member in ("PayloadFormatVersion", "ConnectionType"):
            if member in made:
                made[member] = str(made[member])
        if made["IntegrationType"] == "HTTP_PROXY":
            made.setdefault("PayloadFormatVersion", "1.0")
        imported.integrations[name] = made
    return name


def _authorization(imported: Imported, document: Document, security: Any) -> Document:
    for requirement in security:
        for name, scopes in requirement.items():
            if name in imported.authorizers:
                kind = "JWT" if imported.authorizers[name]["AuthorizerType"] == "JWT" else "CUSTOM"
                listed = {"AuthorizationScopes": list(scopes)} if scopes and kind == "JWT" else {}
                return {"AuthorizationType": kind, "Authorizer": name, **listed}
            scheme = ((document.get("components") or {}).get("securitySchemes") or {}).get(name) or {}
            if scheme.get(f"{EXTENSION}authtype") == "awsSigv4":
                return {"AuthorizationType": "AWS_IAM"}
            imported.warnings.append(f"The security scheme {name} has no authorizer, and is passed over")
    return {}


def _authorizer(name: str, scheme: Document, said: Document) -> Document:
    sources = said.get("identitySource") or ()
    listed = [part.strip() for part in sources.split(",")] if isinstance(sources, str) else list(sources)
    made: Document = {"Name": name, "AuthorizerType": str(said["type"]).upper(), "IdentitySource": listed}
    made |= {member: said[given] for given, member in AUTHORIZER.items() if said.get(given) is not None}
    if "AuthorizerPayloadFormatVersion" in made:
        made["AuthorizerPayloadFormatVersion"] = str(made["AuthorizerPayloadFormatVersion"])
    configuration = said.get("jwtConfiguration") or {}
    if made["AuthorizerType"] == "JWT":
        issuer = configuration.get("issuer") or str(scheme.get("openIdConnectUrl") or "").partition("/.well-known/")[0]
        audience = configuration.get("audience") or ()
        made["JwtConfiguration"] = {
            "Issuer": issuer,
            "Audience": [audience] if isinstance(audience, str) else list(audience),
        }
    return made
