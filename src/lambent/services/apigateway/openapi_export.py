"""An API's snapshot as an OpenAPI document (2.0 or 3.0): pure; what `openapi` reads makes the same API again.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-export-api.html and
.../api-gateway-swagger-extensions.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.services.apigateway.openapi import EXTENSION, JSON

Document = dict[str, Any]
PLACES = {"querystring": "query", "path": "path", "header": "header"}
INTEGRATIONS, AUTHORIZERS = frozenset({"integrations", "apigateway"}), frozenset({"authorizers", "apigateway"})
WHOLE = "apigateway"
API_KEY, SIGV4 = "api_key", "sigv4"
_LOWER = ("type", "passthroughBehavior", "responseTransferMode")
_UNSAID = (None, "BUFFERED")
_AS_IT_IS = (
    "httpMethod", "uri", "credentials", "requestParameters", "requestTemplates", "connectionType", "connectionId",
    "cacheKeyParameters", "contentHandling", "timeoutInMillis", "tlsConfig",
)  # fmt: skip
_API = {
    "binaryMediaTypes": "binary-media-types",
    "minimumCompressionSize": "minimum-compression-size",
    "apiKeySource": "api-key-source",
}


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: a deployment's snapshot, served at `host` as `stage`; `version` says when it was made.
    `extensions` are those asked for: integrations, authorizers, apigateway (all)."""

    snapshot: Mapping[str, Any]
    host: str
    stage: str
    version: str
    extensions: frozenset[str]
    three: bool

    def document(self) -> Document:
        """The document."""
        api = self.snapshot["api"]
        info = {"title": api["name"], "description": api.get("description"), "version": self.version}
        head: Document = {"openapi": "3.0.1"} if self.three else {"swagger": "2.0"}
        head["info"] = {name: value for name, value in info.items() if value}
        parts = self._parts()
        return head | self._place() | {"paths": self._paths()} | parts | (self._whole() if self._asks(WHOLE) else {})

    def _asks(self, *names: str) -> bool:
        return not self.extensions.isdisjoint(names)

    def _place(self) -> Document:
        if self.three:
            variables = {"basePath": {"default": f"/{self.stage}"}}
            return {"servers": [{"url": f"https://{self.host}/{{basePath}}", "variables": variables}]}
        return {"host": self.host, "basePath": f"/{self.stage}", "schemes": ["https"]}

    def _parts(self) -> Document:
        """Models and what secures methods."""
        named = sorted(self.snapshot["models"].items())
        schemas = {name: self._schema(model) for name, model in named}
        schemes = dict(self._schemes())
        if not self.three:
            found = {"definitions": schemas, "securityDefinitions": schemes}
            return {name: value for name, value in found.items() if value}
        parts = {"schemas": schemas, "securitySchemes": schemes}
        return {"components": {name: value for name, value in parts.items() if value}}

    def _schema(self, model: Mapping[str, Any]) -> Any:
        return _linked(orjson.loads(model.get("schema") or "{}"), self._models())

    def _models(self) -> str:
        return "#/components/schemas/" if self.three else "#/definitions/"

    def _schemes(self) -> Iterator[tuple[str, Document]]:
        methods = [method for _, _, method in self._methods()]
        used = {str(method.get("authorizerId")) for method in methods}
        for name, authorizer in self.snapshot["authorizers"].items():
            if name in used:
                yield authorizer["name"], self._authorizer(authorizer)
        if any(method.get("authorizationType") == "AWS_IAM" for method in methods):
            yield SIGV4, _header("Authorization") | {f"{EXTENSION}authtype": "awsSigv4"}
        if any(method.get("apiKeyRequired") for method in methods):
            yield API_KEY, _header("x-api-key")

    def _authorizer(self, authorizer: Mapping[str, Any]) -> Document:
        source = str(authorizer.get("identitySource") or "")
        known = source.startswith("method.request.header.") and "," not in source
        scheme = _header(source.rpartition(".")[2] if known else "Unused")
        if not self._asks(*AUTHORIZERS):
            return scheme
        said = {
            name: authorizer[name]
            for name in (
                "authorizerUri", "authorizerCredentials", "identityValidationExpression", "identitySource",
                "providerARNs", "authorizerResultTtlInSeconds",
            )
            if authorizer.get(name) not in (None, [])
        }  # fmt: skip
        kind = str(authorizer["type"]).lower()
        scheme[f"{EXTENSION}authtype"] = authorizer.get("authType") or (
            "cognito_user_pools" if kind == "cognito_user_pools" else "custom"
        )
        return scheme | {f"{EXTENSION}authorizer": {"type": kind, **said}}

    # --- paths

    def _methods(self) -> Iterator[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
        for resource in sorted(self.snapshot["resources"].values(), key=lambda one: str(one["path"])):
            for name, method in sorted((resource.get("resourceMethods") or {}).items()):
                yield resource, name, method

    def _paths(self) -> Document:
        paths: Document = {}
        for resource, name, method in self._methods():
            key = f"{EXTENSION}any-method" if name == "ANY" else name.lower()
            paths.setdefault(resource["path"], {})[key] = self._operation(resource, method)
        return paths

    def _operation(self, resource: Mapping[str, Any], method: Mapping[str, Any]) -> Document:
        operation: Document = {}
        if method.get("operationName"):
            operation["operationId"] = method["operationName"]
        parameters = [self._parameter(*one) for one in sorted((method.get("requestParameters") or {}).items())]
        self._body(operation, parameters, method.get("requestModels") or {})
        if parameters:
            operation["parameters"] = parameters
        operation["responses"] = {
            status: self._response(one) for status, one in sorted((method.get("methodResponses") or {}).items())
        }
        if not self.three:
            operation["produces"] = _kinds(method.get("methodResponses") or {})
        if security := list(self._security(method)):
            operation["security"] = security
        if self._asks(WHOLE) and (validator := self._validator(method)):
            operation[f"{EXTENSION}request-validator"] = validator
        if self._asks(*INTEGRATIONS) and "methodIntegration" in method:
            operation[f"{EXTENSION}integration"] = _integration(method["methodIntegration"], resource)
        return operation

    def _parameter(self, name: str, required: bool) -> Document:
        _, _, place, rest = name.split(".", 3)
        where = PLACES.get(place, "query")
        found: Document = {"name": rest, "in": where}
        if required or where == "path":
            found["required"] = True
        return found | ({"schema": {"type": "string"}} if self.three else {"type": "string"})

    def _body(self, operation: Document, parameters: list[Document], models: Mapping[str, str]) -> None:
        if not models:
            return
        if self.three:
            content = {kind: {"schema": self._reference(name)} for kind, name in sorted(models.items())}
            operation["requestBody"] = {"content": content, "required": True}
            return
        operation["consumes"] = sorted(models)
        name = next(iter(models.values()))
        parameters.append({"in": "body", "name": name, "required": True, "schema": self._reference(name)})

    def _reference(self, model: str) -> Document:
        return {"$ref": self._models() + model}

    def _response(self, said: Mapping[str, Any]) -> Document:
        found: Document = {"description": f"{said['statusCode']} response"}
        names = [name.rpartition(".")[2] for name in sorted(said.get("responseParameters") or {})]
        if names:
            text = {"schema": {"type": "string"}} if self.three else {"type": "string"}
            found["headers"] = {name: dict(text) for name in names}
        models = said.get("responseModels") or {}
        if self.three:
            found["content"] = {kind: {"schema": self._reference(name)} for kind, name in sorted(models.items())}
        elif models:
            found["schema"] = self._reference(next(iter(models.values())))
        return found

    def _security(self, method: Mapping[str, Any]) -> Iterator[Document]:
        authorizer = self.snapshot["authorizers"].get(str(method.get("authorizerId")))
        if authorizer is not None:
            yield {authorizer["name"]: list(method.get("authorizationScopes") or [])}
        if method.get("authorizationType") == "AWS_IAM":
            yield {SIGV4: []}
        if method.get("apiKeyRequired"):
            yield {API_KEY: []}

    def _validator(self, method: Mapping[str, Any]) -> str | None:
        found = self.snapshot["validators"].get(str(method.get("requestValidatorId")))
        return str(found["name"]) if found is not None else None

    # --- what the API has as a whole

    def _whole(self) -> Document:
        api, said = self.snapshot["api"], {}
        for member, name in _API.items():
            if api.get(member) not in (None, [], "HEADER"):
                said[EXTENSION + name] = api[member]
        if api.get("policy"):
            said[f"{EXTENSION}policy"] = orjson.loads(api["policy"].replace('\\"', '"'))
        validators = {
            one["name"]: {name: one[name] for name in ("validateRequestBody", "validateRequestParameters")}
            for one in self.snapshot["validators"].values()
        }
        responses = {
            kind: {
                name: one[name]
                for name in ("statusCode", "responseParameters", "responseTemplates")
                if one.get(name) not in (None, {})
            }
            for kind, one in sorted(self.snapshot["gatewayResponses"].items())
        }
        for name, value in (("request-validators", validators), ("gateway-responses", responses)):
            if value:
                said[EXTENSION + name] = value
        return said


def _header(name: str) -> Document:
    return {"type": "apiKey", "name": name, "in": "header"}


def _kinds(responses: Mapping[str, Any]) -> list[str]:
    found = {kind for one in responses.values() for kind in one.get("responseModels") or ()}
    return sorted(found) or [JSON]


def _integration(integration: Mapping[str, Any], resource: Mapping[str, Any]) -> Document:
    found = {name: str(integration[name]).lower() for name in _LOWER if integration.get(name) not in _UNSAID}
    found = {name: integration[name] for name in _AS_IT_IS if integration.get(name) not in (None, {}, [])} | found
    if found.get("connectionType") == "INTERNET":
        del found["connectionType"]
    if integration.get("cacheNamespace") not in (None, resource["id"]):
        found["cacheNamespace"] = integration["cacheNamespace"]
    responses = {}
    for status, said in sorted((integration.get("integrationResponses") or {}).items()):
        one = {"statusCode": status} | {
            name: said[name]
            for name in ("responseParameters", "responseTemplates", "contentHandling")
            if said.get(name) not in (None, {})
        }
        responses[said.get("selectionPattern") or "default"] = one
    return found | ({"responses": responses} if responses else {})


def _linked(value: Any, models: str) -> Any:
    """References as the document has them."""
    if isinstance(value, dict):
        return {
            name: models + one.rpartition("/")[2]
            if name == "$ref" and isinstance(one, str) and "/models/" in one
            else _linked(one, models)
            for name, one in value.items()
        }
    return [_linked(one, models) for one in value] if isinstance(value, list) else value
