"""ImportApi and ReimportApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html

A document says everything of an API but its stages: those stay, and serve it when it is deployed.
"""

import asyncio
from typing import Any

from botocore.validate import ParamValidator

from lambent.model.scope import Caller, Scope
from lambent.services.apigatewayv2 import apis, authorizers, deploying, faults, openapi, routes
from lambent.services.apigatewayv2.apis import DEFAULTS, HTTP
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import API, AUTHORIZER, INTEGRATION, ROUTE, Kind
from lambent.services.apigatewayv2.openapi import Imported
from lambent.services.apigatewayv2.tabled import Operation, add, beneath, one_at_a_time

REPLACED = (ROUTE, INTEGRATION, AUTHORIZER)


@one_at_a_time
async def import_api(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """A new API of a document."""
    imported, changes = await asyncio.to_thread(_imported, params), Changes()
    given = _typed(env, API, imported.api | {"ProtocolType": HTTP})
    made = add(env, API, (caller.scope, ""), given, apis.checked, changes)
    _take(env, caller.scope, made.name, imported, changes)
    await env.write(API, changes)
    return _answer(env, made.document, imported)


@one_at_a_time
async def reimport_api(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """A document in the place of what an API has."""
    old, changes = env.asked(API, caller.scope, params), Changes()
    imported = await asyncio.to_thread(_imported, params)
    if old.document["ProtocolType"] != HTTP:
        raise faults.bad_request("Only HTTP APIs are imported")
    kept = {name: value for name, value in old.document.items() if name not in ("CorsConfiguration", "Description")}
    given = _typed(env, API, imported.api | {"ProtocolType": HTTP})
    document = apis.checked(env, caller.scope, "", DEFAULTS | kept | given)
    for kind in REPLACED:
        for one in env.resources.children(kind.stored, old.scope, old.name):
            changes.deletes += [one, *beneath(env, kind, one)]
    changes.replaces.append(env.changed(old, document))
    _take(env, caller.scope, old.name, imported, changes)
    deploying.deploy_automatically(env, caller.scope, old.name, changes)
    await env.write(API, changes)
    return _answer(env, document, imported)


def _imported(params: Params) -> Imported:
    base_path = params.get("Basepath") or "ignore"
    if base_path not in ("ignore", "prepend", "split"):
        raise faults.bad_request("Basepath must be one of ignore, prepend, split")
    imported = openapi.read(params["Body"], base_path)
    if params.get("FailOnWarnings") and imported.warnings:
        raise faults.bad_request("Warnings found during import: " + "; ".join(imported.warnings))
    return imported


def _take(env: ApiGatewayV2Env, scope: Scope, api_id: str, imported: Imported, changes: Changes) -> None:
    """The document's parts, checked as those of clients are. Raises 400, 409, 501."""
    place = (scope, api_id)
    known = {name: _authorizer(env, place, one, changes) for name, one in imported.authorizers.items()}
    check = apis.among(routes.integration, changes)
    targets = {
        name: add(env, INTEGRATION, place, _typed(env, INTEGRATION, one), check, changes)
        for name, one in imported.integrations.items()
    }
    for route in imported.routes:
        given = {name: value for name, value in route.items() if name not in ("Integration", "Authorizer")}
        if "Integration" in route:
            given["Target"] = f"integrations/{targets[route['Integration']].name}"
        if "Authorizer" in route:
            given["AuthorizerId"] = known[route["Authorizer"]]
        add(env, ROUTE, place, _typed(env, ROUTE, given), apis.among(routes.route, changes), changes)


def _typed(env: ApiGatewayV2Env, kind: Kind, given: Document) -> Document:
    """What a document says, when its values are of the types that clients have to send. Raises 400."""
    shape = env.operation(f"Create{kind.shape}").input_shape
    whole = {"ApiId": "api"} | given if "ApiId" in shape.members else given
    report = ParamValidator().validate(whole, shape)
    if report.has_errors():
        raise faults.bad_request(f"Invalid OpenAPI input: {report.generate_report()}")
    return given


def _authorizer(env: ApiGatewayV2Env, place: tuple[Scope, str], given: Document, changes: Changes) -> str:
    return add(
        env, AUTHORIZER, place, _typed(env, AUTHORIZER, given), apis.among(authorizers.authorizer, changes), changes
    ).name


def _answer(env: ApiGatewayV2Env, document: Document, imported: Imported) -> Document:
    return env.shown(API, document) | ({"Warnings": imported.warnings} if imported.warnings else {})


OPERATIONS: dict[str, Operation] = {"ImportApi": import_api, "ReimportApi": reimport_api}
