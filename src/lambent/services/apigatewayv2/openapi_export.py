"""An HTTP API's snapshot as an OpenAPI 3 document: pure; what `openapi` reads makes the same API again.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-export.html and
.../api-gateway-swagger-extensions.html; the form is that of documents which AWS has exported.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.services.apigatewayv2.openapi import AUTHORIZER, CORS, EXTENSION, INTEGRATION

Document = dict[str, Any]
DEFAULT = "$default"
SIGV4 = "sigv4"
_VARIABLE = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: a snapshot, served at `url` under `base` ("" for the stage $default); `version` is said where
    the API has none. `extended` is whether AWS's extensions are asked for."""

    snapshot: Mapping[str, Any]
    url: str
    base: str
    version: str
    extended: bool

    def document(self) -> Document:
        """The document."""
        api = self.snapshot["Api"]
        info = {"title": api["Name"], "description": api.get("Description")}
        info["version"] = api.get("Version") or self.version
        server = {"url": f"{self.url}/{{basePath}}", "variables": {"basePath": {"default": self.base}}}
        made: Document = {"openapi": "3.0.1", "info": {name: value for name, value in info.items() if value}}
        made |= {"servers": [server], "tags": self._tags(api)}
        made |= {"paths": self._paths(), "components": self._components()} | (self._whole(api) if self.extended else {})
        return {name: value for name, value in made.items() if value or name == "paths"}

    def _tags(self, api: Mapping[str, Any]) -> list[Document]:
        tags = sorted((api.get("Tags") or {}).items())
        return [{"name": name} | ({f"{EXTENSION}tag-value": value} if self.extended else {}) for name, value in tags]

    def _whole(self, api: Mapping[str, Any]) -> Document:
        said = {name: api.get("CorsConfiguration", {}).get(name[:1].upper() + name[1:]) for name in CORS}
        cors = {name: value for name, value in said.items() if value is not None}
        whole: Document = {f"{EXTENSION}cors": cors} if cors else {}
        if api.get("DisableExecuteApiEndpoint"):
            whole[f"{EXTENSION}endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
        return whole | {f"{EXTENSION}importexport-version": "1.0"}

    def _paths(self) -> Document:
        paths: Document = {}
        for route in sorted(self.snapshot["Routes"].values(), key=lambda one: str(one["RouteKey"])):
            method, _, path = route["RouteKey"].partition(" ")
            whole = route["RouteKey"] == DEFAULT
            item = paths.setdefault(f"/{DEFAULT}" if whole else path, {})
            name = f"{EXTENSION}any-method" if whole or method == "ANY" else method.lower()
            item[name] = self._operation(route) | ({"isDefaultRoute": True} if whole else {})
            if variables := _VARIABLE.findall(path):
                item["parameters"] = [_parameter(variable) for variable in variables]
        return paths

    def _operation(self, route: Mapping[str, Any]) -> Document:
        said = {"default": {"description": f"Default response for {route['RouteKey']}"}}
        operation: Document = {"operationId": route["OperationName"]} if route.get("OperationName") else {}
        operation["responses"] = said
        authorizer = self.snapshot["Authorizers"].get(str(route.get("AuthorizerId")))
        if authorizer is not None:
            operation["security"] = [{authorizer["Name"]: list(route.get("AuthorizationScopes") or ())}]
        elif route.get("AuthorizationType") == "AWS_IAM":
            operation["security"] = [{SIGV4: []}]
        integration = self.snapshot["Integrations"].get(str(route.get("Target") or "").rpartition("/")[2])
        if integration is not None and self.extended:
            operation[f"{EXTENSION}integration"] = _integration(integration)
        return operation

    def _components(self) -> Document:
        routes = self.snapshot["Routes"].values()
        used = {route.get("AuthorizerId") for route in routes}
        found = [one for name, one in self.snapshot["Authorizers"].items() if name in used]
        schemes = {one["Name"]: self._scheme(one) for one in found}
        if any(route.get("AuthorizationType") == "AWS_IAM" for route in routes):
            scheme = {"type": "apiKey", "name": "Authorization", "in": "header"}
            schemes[SIGV4] = scheme | ({f"{EXTENSION}authtype": "awsSigv4"} if self.extended else {})
        return {"securitySchemes": schemes} if schemes else {}

    def _scheme(self, authorizer: Mapping[str, Any]) -> Document:
        jwt = authorizer["AuthorizerType"] == "JWT"
        sources = list(authorizer.get("IdentitySource") or ())
        scheme: Document = {"type": "oauth2", "flows": {}} if jwt else _key(sources)
        if not self.extended:
            return scheme
        said: Document = {"type": authorizer["AuthorizerType"].lower(), "identitySource": ", ".join(sources)}
        said |= _renamed(authorizer, AUTHORIZER.items())
        if jwt:
            known = authorizer["JwtConfiguration"]
            said["jwtConfiguration"] = {"issuer": known["Issuer"], "audience": list(known.get("Audience") or ())}
        return scheme | {f"{EXTENSION}authorizer": {name: value for name, value in said.items() if value != ""}}


def _key(sources: list[str]) -> Document:
    """A scheme whose key is the first header that the authorizer looks at."""
    headers = (source.rpartition(".")[2] for source in sources if source.startswith("$request.header."))
    return {"type": "apiKey", "name": next(headers, "Unused"), "in": "header"}


def _parameter(name: str) -> Document:
    said = f"Generated path parameter for {name}"
    return {"name": name, "in": "path", "description": said, "required": True, "schema": {"type": "string"}}


def _integration(integration: Mapping[str, Any]) -> Document:
    return {"type": integration["IntegrationType"].lower()} | _renamed(integration, INTEGRATION.items())


def _renamed(given: Mapping[str, Any], names: Iterable[tuple[str, str]]) -> Document:
    return {said: given[member] for said, member in names if given.get(member) not in (None, "", {}, [])}
