"""ImportRestApi and PutRestApi.

https://docs.aws.amazon.com/apigateway/latest/api/API_ImportRestApi.html, API_PutRestApi.html
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import documenting, faults, mapping_checks, openapi
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.integrations import check_integration, check_role, with_defaults
from lambent.services.apigateway.kinds import (
    AUTHORIZER,
    DOCUMENTATION_PART,
    GATEWAY_RESPONSE,
    MODEL,
    RESOURCE,
    REST_API,
    VALIDATOR,
    Kind,
)
from lambent.services.apigateway.openapi import Imported
from lambent.services.apigateway.restapis import BUILT_IN_MODELS, check_api, check_number, new_api, new_root, told
from lambent.services.apigateway.tabled import Operation
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

MODELS = "https://apigateway.amazonaws.com/restapis/"
REPLACED = (RESOURCE, AUTHORIZER, MODEL, VALIDATOR, GATEWAY_RESPONSE)
"""The kinds that a document says everything of."""


async def import_rest_api(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A new API of a document."""
    imported = await asyncio.to_thread(_imported, params)
    api = new_api(env, caller.scope, imported.api | _endpoint(params))
    rows = Rows(env, api, [new_root(env, api)])
    rows.take(imported)
    rows.document(imported.documentation)
    await env.resources.write(inserts=[api, *rows.all()])
    return _answer(env, api, imported)


async def put_rest_api(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A document in the place of an API's parts (`overwrite`), or over them (`merge`)."""
    imported = await asyncio.to_thread(_imported, params)
    old = env.asked(REST_API, caller.scope, params)
    check_api(imported.api)
    new = old.changed(env.new_id(), old.document | imported.api | _endpoint(params))
    kinds = (*REPLACED, DOCUMENTATION_PART) if imported.documentation else REPLACED
    there = [one for kind in kinds for one in env.all(kind, caller.scope, old.name)]
    merge = params.get("mode", "merge") == "merge"
    rows = Rows(env, new, there if merge else [new_root(env, new)])
    rows.take(imported)
    rows.document(imported.documentation)
    await env.resources.write(replaces=[(old, new)], deletes=there, inserts=rows.all())
    return {"tags": {}} | _answer(env, new, imported)


def _imported(params: Params) -> Imported:
    options = params.get("parameters") or {}
    document = openapi.load(params["body"])
    imported = openapi.read(document, str(options.get("basepath", "ignore")))
    if options.get("ignore") != "documentation":
        imported.documentation = documenting.parts_of(document)
    if params.get("failOnWarnings") and imported.warnings:
        raise faults.bad_request("Warnings found during import:\n\t" + "\n\t".join(imported.warnings))
    return imported


def _endpoint(params: Params) -> Document:
    kind = (params.get("parameters") or {}).get("endpointConfigurationTypes")
    return {"endpointConfiguration": {"types": [kind]}} if kind else {}


def _answer(env: ApiGatewayEnv, api: Resource, imported: Imported) -> Document:
    return told(env, api.document) | ({"warnings": imported.warnings} if imported.warnings else {})


class Rows:
    """The resources of an API while a document is brought in, by kind and key."""

    def __init__(self, env: ApiGatewayEnv, api: Resource, begin: list[Resource]) -> None:
        self._env = env
        self._api = api
        self._rows = {(one.kind, one.name): one for one in begin}
        self._ids = {(one.kind, _label(one.document)): one.name for one in begin}
        """By kind, and a resource's path or another part's name: a document may have thousands."""
        self._resources = sum(one.kind == RESOURCE.stored for one in begin)

    def all(self) -> list[Resource]:
        """What is to be written: revisions are new."""
        return [self._made(one.kind, one.name, one.document) for one in self._rows.values()]

    def take(self, imported: Imported) -> None:
        """Bring the parts in. Raises 400, 429."""
        for name, model in imported.models.items():
            self._put(
                MODEL, name, {"id": self._env.new_name(MODEL, self._api.scope, self._api.name)} | self._linked(model)
            )
        for name, response in imported.responses.items():
            self._put(GATEWAY_RESPONSE, name, response)
        for one in imported.authorizers.values():
            check_role(str(one.get("authorizerCredentials") or ""), self._api.scope)
        authorizers = {name: self._named(AUTHORIZER, one) for name, one in imported.authorizers.items()}
        validators = {name: self._named(VALIDATOR, one) for name, one in imported.validators.items()}
        for path, methods in imported.methods.items():
            resource = self._resource(path)
            self._methods(resource, methods, authorizers, validators)

    def document(self, parts: list[Document]) -> None:
        """Bring parts of documentation in: over those of the same place."""
        kind = DOCUMENTATION_PART.stored
        there = {documenting.place_of(one.document): one.name for one in self._rows.values() if one.kind == kind}
        for part in parts:
            name = there.get(documenting.place_of(part))
            name = name or self._env.new_name(DOCUMENTATION_PART, self._api.scope, self._api.name)
            self._rows[kind, name] = self._made(kind, name, {"id": name} | part)

    def _made(self, kind: str, name: str, document: Document) -> Resource:
        return Resource(kind, self._api.scope, self._api.name, name, self._env.new_id(), document)

    def _put(self, kind: Kind, name: str, document: Document) -> None:
        self._rows[kind.stored, name] = self._made(kind.stored, name, document)
        self._ids[kind.stored, _label(document)] = name

    def _named(self, kind: Kind, document: Document) -> str:
        """The id of the part of that name, in the place of one that is there."""
        there = self._ids.get((kind.stored, str(document["name"])))
        name = there or self._env.new_name(kind, self._api.scope, self._api.name)
        self._put(kind, name, {"id": name} | document)
        return name

    def _linked(self, model: Document) -> Document:
        """The model with its references as API Gateway has them."""
        schema = orjson.loads(model["schema"])
        return model | {"schema": orjson.dumps(_linked(schema, f"{MODELS}{self._api.name}/models/")).decode()}

    def _resource(self, path: str) -> Resource:
        """The resource of a path, made with its parents where it is not there."""
        found, at = self._ids[RESOURCE.stored, "/"], ""
        for part in (one for one in path.split("/") if one):
            at = f"{at}/{part}"
            there = self._ids.get((RESOURCE.stored, at))
            if there is None:
                self._resources += 1
                check_number(range(self._resources))
                there = self._env.new_name(RESOURCE, self._api.scope, self._api.name)
                self._put(RESOURCE, there, {"id": there, "parentId": found, "pathPart": part, "path": at})
            found = there
        return self._rows[RESOURCE.stored, found]

    def _methods(
        self, resource: Resource, methods: dict[str, Document], authorizers: dict[str, str], validators: dict[str, str]
    ) -> None:
        brought = {}
        for name, method in methods.items():
            if "authorizerId" in method:
                method["authorizerId"] = authorizers[method["authorizerId"]]
            if "requestValidatorId" in method:
                method["requestValidatorId"] = validators[method["requestValidatorId"]]
            self._check_models(method)
            if "methodIntegration" in method:
                method["methodIntegration"] = _integration(method, resource, self._api.scope)
            brought[name] = method
        there = resource.document.get("resourceMethods") or {}
        self._put(RESOURCE, resource.name, resource.document | {"resourceMethods": there | brought})

    def _check_models(self, method: Document) -> None:
        for place in (method, *(method.get("methodResponses") or {}).values()):
            for member in ("requestModels", "responseModels"):
                named = set((place.get(member) or {}).values()) - set(BUILT_IN_MODELS)
                missing = {one for one in named if (MODEL.stored, one) not in self._rows}
                if missing:
                    raise faults.bad_request(f"Invalid model identifier specified: {', '.join(sorted(missing))}")


def _label(document: Document) -> str:
    return str(document.get("path") or document.get("name"))


def _integration(method: Document, resource: Resource, scope: Scope) -> Document:
    """A method's integration. Raises 400."""
    integration = with_defaults(method["methodIntegration"], resource.name)
    place = f"on '{method['httpMethod']}' for resource at path '{resource.document['path']}'"
    with _placed(f"Unable to put integration {place}"):
        check_integration(integration, scope)
        mapping_checks.check_request(method, integration)
    declared = method.get("methodResponses") or {}
    with _placed(f"Unable to put integration response {place}"):
        for status, response in (integration.get("integrationResponses") or {}).items():
            mapping_checks.check_response(declared.get(status) or {}, response)
    return integration


@contextmanager
def _placed(what: str) -> Iterator[None]:
    """A refusal of a part says which part of the document it is."""
    try:
        yield
    except Fault as fault:
        if fault.status != 400:
            raise
        raise faults.bad_request(f"Errors found during import:\n\t{what}: {fault.message}") from fault


def _linked(value: Any, models: str) -> Any:
    if isinstance(value, dict):
        return {
            name: models + one.rpartition("/")[2]
            if name == "$ref" and isinstance(one, str) and one.startswith("#/") and one.count("/") > 1
            else _linked(one, models)
            for name, one in value.items()
        }
    return [_linked(one, models) for one in value] if isinstance(value, list) else value


OPERATIONS: dict[str, Operation] = {"ImportRestApi": import_rest_api, "PutRestApi": put_rest_api}
