"""An OpenAPI document (2.0 or 3.0, JSON or YAML) as an API's parts: pure.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html and
.../import-export-api.html. Only references within the document are followed.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent.services.apigateway import faults
from lambent.wire import openapi_text

Document = dict[str, Any]
EXTENSION = "x-amazon-apigateway-"
METHODS = ("get", "put", "post", "delete", "patch", "options", "head")
STATUS = re.compile(r"[1-5]\d\d")
MODEL_NAME = re.compile(r"[a-zA-Z0-9]+")
JSON = "application/json"
PLACES = {"query": "querystring", "path": "path", "header": "header"}


@dataclass(slots=True)
class Imported:
    """`api` are members of the API; the others are documents by name, `methods` by path and method. Authorizers,
    validators are named by their names in the document; a method refers to them so."""

    api: Document
    version: int
    methods: dict[str, dict[str, Document]] = field(default_factory=dict)
    models: dict[str, Document] = field(default_factory=dict)
    authorizers: dict[str, Document] = field(default_factory=dict)
    validators: dict[str, Document] = field(default_factory=dict)
    responses: dict[str, Document] = field(default_factory=dict)
    documentation: list[Document] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def load(body: bytes) -> Document:
    """The document. Raises 400."""
    try:
        document = openapi_text.read(body)
    except ValueError as error:
        raise faults.bad_request(f"Invalid OpenAPI input: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("paths", {}), dict):
        raise faults.bad_request("Invalid OpenAPI input.")
    if not (str(document.get("swagger", "")) == "2.0" or str(document.get("openapi", "")).startswith("3.0")):
        raise faults.bad_request("Invalid OpenAPI input. Only the versions 2.0 and 3.0 are supported.")
    return document


# --- the whole


def read(document: Document, base_path: str = "ignore") -> Imported:
    """The API's parts. Raises 400. `base_path` is `ignore`, `prepend` or `split`."""
    try:
        return _read(document, base_path)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise faults.bad_request(f"Invalid OpenAPI input: {type(error).__name__}: {error}") from error


def _read(document: Document, base_path: str) -> Imported:
    version = 2 if "swagger" in document else 3
    imported = Imported(_api(document), version)
    components = document if version == 2 else document.get("components") or {}
    schemas = components.get("definitions" if version == 2 else "schemas") or {}
    schemes = components.get("securityDefinitions" if version == 2 else "securitySchemes") or {}
    for name, schema in schemas.items():
        _model(imported, name, schema)
    for name, scheme in schemes.items():
        if f"{EXTENSION}authorizer" in scheme:
            imported.authorizers[name] = _authorizer(name, scheme)
    for name, said in (document.get(f"{EXTENSION}request-validators") or {}).items():
        imported.validators[name] = {
            "name": name,
            "validateRequestBody": bool(said.get("validateRequestBody")),
            "validateRequestParameters": bool(said.get("validateRequestParameters")),
        }
    for kind, said in (document.get(f"{EXTENSION}gateway-responses") or {}).items():
        imported.responses[kind] = _gateway_response(kind, said)
    prefix = _base(document, base_path)
    for path, item in (document.get("paths") or {}).items():
        _path(imported, document, prefix + "/" + path.strip("/"), item, schemes)
    return imported


def _api(document: Document) -> Document:
    info = document.get("info") or {}
    api: Document = {"name": info.get("title") or "unnamed"}
    for member, said in (("description", info.get("description")), ("version", info.get("version"))):
        if said:
            api[member] = str(said)
    for member, name in (
        ("binaryMediaTypes", "binary-media-types"),
        ("minimumCompressionSize", "minimum-compression-size"),
        ("apiKeySource", "api-key-source"),
    ):
        if document.get(EXTENSION + name) is not None:
            api[member] = document[EXTENSION + name]
    if document.get(f"{EXTENSION}policy"):
        api["policy"] = orjson.dumps(document[f"{EXTENSION}policy"]).decode()
    endpoint = document.get(f"{EXTENSION}endpoint-configuration") or {}
    for server in _servers(document):
        endpoint = endpoint or server.get(f"{EXTENSION}endpoint-configuration") or {}
    if "disableExecuteApiEndpoint" in endpoint:
        api["disableExecuteApiEndpoint"] = bool(endpoint["disableExecuteApiEndpoint"])
    return api


def _servers(document: Document) -> list[Document]:
    """A mapping where the list should be is passed over: published definitions that AWS imports have one."""
    said = document.get("servers")
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _base(document: Document, how: str) -> str:
    """What is put before every path."""
    base = str(document.get("basePath") or "")
    for server in _servers(document)[:1]:
        variables = server.get("variables") or {}
        base = str((variables.get("basePath") or {}).get("default") or "")
    base = "/" + base.strip("/") if base.strip("/") else ""
    if how == "prepend":
        return base
    return "/" + base.strip("/").partition("/")[2] if how == "split" and "/" in base.strip("/") else ""


# --- models, authorizers, gateway responses


def _model(imported: Imported, name: str, schema: Any) -> None:
    if not MODEL_NAME.fullmatch(name):
        imported.warnings.append(f"Model name must be alphanumeric: {name}. It is left out.")
        return
    foreign = sorted(_foreign(schema))
    if foreign:
        imported.warnings.append(f"References outside the document are not followed: {', '.join(foreign)}")
    description = schema.get("description") if isinstance(schema, dict) else None
    document = {"name": name, "contentType": JSON, "schema": orjson.dumps(schema).decode()}
    imported.models[name] = document | ({"description": description} if description else {})


def _foreign(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield reference
        for one in schema.values():
            yield from _foreign(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _foreign(one)


def _authorizer(name: str, scheme: Mapping[str, Any]) -> Document:
    said = scheme[f"{EXTENSION}authorizer"]
    kind = str(said.get("type", "token")).upper()
    document: Document = {"name": name, "type": kind, "authType": scheme.get(f"{EXTENSION}authtype", "custom")}
    for member in ("authorizerUri", "authorizerCredentials", "identityValidationExpression", "providerARNs"):
        if said.get(member) is not None:
            document[member] = said[member]
    document["authorizerResultTtlInSeconds"] = said.get("authorizerResultTtlInSeconds", 300)
    source = said.get("identitySource")
    if source is None and scheme.get("in") == "header":
        source = f"method.request.header.{scheme.get('name', 'Authorization')}"
    return document | ({"identitySource": source} if source else {})


def _gateway_response(kind: str, said: Mapping[str, Any]) -> Document:
    document: Document = {"responseType": kind, "defaultResponse": False}
    if said.get("statusCode"):
        document["statusCode"] = _status(said["statusCode"])
    document["responseParameters"] = dict(said.get("responseParameters") or {})
    document["responseTemplates"] = dict(said.get("responseTemplates") or {})
    return document


def _status(said: Any) -> str:
    """A status code as text. Raises ValueError."""
    if not STATUS.fullmatch(str(said)):
        raise ValueError(f"{said} is no status code")
    return str(said)


# --- paths and methods


def _path(imported: Imported, document: Document, path: str, item: Any, schemes: Document) -> None:
    methods = imported.methods.setdefault(path or "/", {})
    for name, operation in (item or {}).items():
        method = "ANY" if name == f"{EXTENSION}any-method" else name.upper()
        if name in METHODS or method == "ANY":
            shared = item.get("parameters") or []
            methods[method] = _method(imported, document, method, operation or {}, shared, schemes)


def _method(
    imported: Imported, document: Document, name: str, operation: Document, shared: list[Any], schemes: Document
) -> Document:
    method: Document = {"httpMethod": name, "apiKeyRequired": False, "authorizationType": "NONE"}
    if operation.get("operationId"):
        method["operationName"] = operation["operationId"]
    _security(method, operation, document, schemes)
    validator = operation.get(f"{EXTENSION}request-validator") or document.get(f"{EXTENSION}request-validator")
    if validator in imported.validators:
        method["requestValidatorId"] = validator
    _parameters(imported, method, document, [*shared, *(operation.get("parameters") or [])])
    _request_body(imported, method, _resolved(document, operation.get("requestBody")))
    for status, response in (operation.get("responses") or {}).items():
        if status.isdigit():
            method.setdefault("methodResponses", {})[status] = _method_response(
                imported, document, status, _resolved(document, response)
            )
    said = operation.get(f"{EXTENSION}integration")
    if said is not None:
        method["methodIntegration"] = _integration(_resolved(document, said))
    return method


def _resolved(document: Document, value: Any) -> Any:
    """What a reference within the document means; a few steps at most."""
    for _ in range(8):
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return value
        value = document
        for part in reference[2:].split("/"):
            value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return None


def _security(method: Document, operation: Document, document: Document, schemes: Document) -> None:
    own = operation.get(f"{EXTENSION}auth") or {}
    if own.get("type"):
        method["authorizationType"] = own["type"]
        return
    for requirement in operation.get("security", document.get("security")) or []:
        for name, scopes in requirement.items():
            scheme = schemes.get(name) or {}
            if scheme.get(f"{EXTENSION}authtype", "").lower() == "awssigv4":
                method["authorizationType"] = "AWS_IAM"
            elif f"{EXTENSION}authorizer" in scheme:
                cognito = scheme[f"{EXTENSION}authorizer"].get("type") == "cognito_user_pools"
                method["authorizationType"] = "COGNITO_USER_POOLS" if cognito else "CUSTOM"
                method["authorizerId"] = name
                if scopes:
                    method["authorizationScopes"] = list(scopes)
            elif scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
                method["apiKeyRequired"] = True


def _parameters(imported: Imported, method: Document, document: Document, parameters: list[Any]) -> None:
    for parameter in (_resolved(document, one) or {} for one in parameters):
        place = PLACES.get(str(parameter.get("in")))
        if place is not None:
            name = f"method.request.{place}.{parameter['name']}"
            method.setdefault("requestParameters", {})[name] = bool(parameter.get("required"))
        elif parameter.get("in") == "body" and (model := _model_of(imported, parameter.get("schema"))):
            for kind in document.get("consumes") or [JSON]:
                method.setdefault("requestModels", {})[kind] = model


def _request_body(imported: Imported, method: Document, body: Any) -> None:
    for kind, content in ((body or {}).get("content") or {}).items():
        if model := _model_of(imported, (content or {}).get("schema")):
            method.setdefault("requestModels", {})[kind] = model


def _model_of(imported: Imported, schema: Any) -> str | None:
    """The model that a schema refers to; of a schema that stands there itself one is made, as on AWS."""
    reference = (schema or {}).get("$ref")
    if reference:
        return str(reference).rpartition("/")[2]
    if not schema:
        return None
    text = orjson.dumps(schema)
    name = f"MODEL{hashlib.sha256(text).hexdigest()[:6]}"
    imported.models.setdefault(name, {"name": name, "contentType": JSON, "schema": text.decode()})
    return name


def _method_response(imported: Imported, document: Document, status: str, response: Any) -> Document:
    found: Document = {"statusCode": status}
    headers = {f"method.response.header.{name}": False for name in (response or {}).get("headers") or {}}
    if headers:
        found["responseParameters"] = headers
    models = {
        kind: _model_of(imported, (one or {}).get("schema"))
        for kind, one in ((response or {}).get("content") or {}).items()
    }
    if model := _model_of(imported, (response or {}).get("schema")):
        models |= dict.fromkeys(document.get("produces") or [JSON], model)
    named = {kind: model for kind, model in models.items() if model}
    return found | ({"responseModels": named} if named else {})


_KEPT = (
    "uri", "httpMethod", "credentials", "requestParameters", "requestTemplates", "connectionType", "connectionId",
    "cacheNamespace", "cacheKeyParameters", "timeoutInMillis", "tlsConfig",
)  # fmt: skip
_UPPER = ("type", "passthroughBehavior", "contentHandling", "responseTransferMode")


def _integration(said: Document) -> Document:
    found = {name: said[name] for name in _KEPT if said.get(name) is not None}
    found |= {name: str(said[name]).upper() for name in _UPPER if said.get(name) is not None}
    if found.get("type") == "HTTP_PROXY" or found.get("type") == "HTTP":
        found.setdefault("httpMethod", "ANY")
    for pattern, response in (said.get("responses") or {}).items():
        status = _status(response.get("statusCode", "200"))
        one: Document = {"statusCode": status}
        if pattern != "default":
            one["selectionPattern"] = pattern
        for name in ("responseParameters", "responseTemplates", "contentHandling"):
            if response.get(name) is not None:
                one[name] = response[name]
        found.setdefault("integrationResponses", {})[status] = one
    return found
