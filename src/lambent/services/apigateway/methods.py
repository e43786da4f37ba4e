"""Methods, integrations and their responses: they lie in the document of their resource.

https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html, API_PutIntegration.html and their likes.
"""

import copy
from collections.abc import Callable
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import faults, mapping_checks, patching
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.integrations import check_integration, with_defaults
from lambent.services.apigateway.kinds import AUTHORIZER, MODEL, RESOURCE, VALIDATOR, Patches
from lambent.services.apigateway.restapis import BUILT_IN_MODELS
from lambent.services.apigateway.tabled import Operation

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
AUTHORIZATIONS = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
REQUEST_PARAMETERS = tuple(
    f"method.request.{place}."
    for place in ("querystring", "path", "header", "multivaluequerystring", "multivalueheader")
)
Change = Callable[[Document], Any]

METHOD_PATCHED = Patches((
    "authorizationType", "authorizerId", "apiKeyRequired", "operationName", "requestParameters", "requestModels",
    "requestValidatorId", "authorizationScopes",
), grown=("authorizationScopes", "requestParameters", "requestModels"), plain=True)  # fmt: skip
INTEGRATION_PATCHED = Patches((
    "type", "httpMethod", "uri", "connectionType", "connectionId", "credentials", "requestParameters",
    "requestTemplates", "passthroughBehavior", "contentHandling", "timeoutInMillis", "cacheNamespace",
    "cacheKeyParameters", "tlsConfig", "responseTransferMode", "integrationTarget",
))  # fmt: skip
METHOD_RESPONSE_PATCHED = Patches(("responseParameters", "responseModels"))
INTEGRATION_RESPONSE_PATCHED = Patches((
    "selectionPattern", "responseParameters", "responseTemplates", "contentHandling",
))  # fmt: skip


# --- where they lie


def _method(document: Document, params: Params) -> Document:
    found = (document.get("resourceMethods") or {}).get(params["httpMethod"])
    if found is None:
        raise faults.not_found("Invalid Method identifier specified")
    return found  # type: ignore[no-any-return]


def _integration(document: Document, params: Params) -> Document:
    found = _method(document, params).get("methodIntegration")
    if found is None:
        raise faults.not_found("Invalid Integration identifier specified")
    return found  # type: ignore[no-any-return]


def _response(responses: Document | None, params: Params) -> Document:
    found = (responses or {}).get(params["statusCode"])
    if found is None:
        raise faults.not_found("Invalid Response status code specified")
    return found  # type: ignore[no-any-return]


def _method_response(document: Document, params: Params) -> Document:
    return _response(_method(document, params).get("methodResponses"), params)


def _integration_response(document: Document, params: Params) -> Document:
    return _response(_integration(document, params).get("integrationResponses"), params)


Place = Callable[[Document, Params], Document]
MAPPED: dict[str, tuple[Place, Callable[[Document, Document], None]]] = {
    "Integration": (_method, mapping_checks.check_request),
    "IntegrationResponse": (_method_response, mapping_checks.check_response),
}
"""Shape -> what declares the parameters that it maps, and their check."""
PLACES: dict[str, tuple[Place, Patches]] = {
    "Method": (_method, METHOD_PATCHED),
    "Integration": (_integration, INTEGRATION_PATCHED),
    "MethodResponse": (_method_response, METHOD_RESPONSE_PATCHED),
    "IntegrationResponse": (_integration_response, INTEGRATION_RESPONSE_PATCHED),
}
"""Shape -> where it lies in the document of a resource, and what may be patched."""


async def _change(env: ApiGatewayEnv, caller: Caller, params: Params, change: Change) -> Any:
    """Change a copy of the resource's document in place; answers what `change` answers."""
    answers: list[Any] = []

    def work(document: Document) -> Document:
        new = copy.deepcopy(document)
        answers.append(change(new))
        return new

    await env.change(RESOURCE, (caller.scope, params["restApiId"], params["resourceId"]), work)
    return answers[-1]


def _getter(shape: str) -> Operation:
    place, _ = PLACES[shape]

    async def get(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        return place(env.asked(RESOURCE, caller.scope, params).document, params)

    return get


def _updater(shape: str) -> Operation:
    place, allowed = PLACES[shape]

    async def update(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        def change(document: Document) -> Document:
            there = place(document, params)
            new = patching.patched(env.shape(shape), there, params.get("patchOperations") or (), allowed)
            CHECKS[shape](env, caller, params, new)
            if shape in MAPPED:
                declares, check = MAPPED[shape]
                check(declares(document, params), new)
            there.clear()
            there.update(new)
            return new

        return await _change(env, caller, params, change)  # type: ignore[no-any-return]

    return update


# --- methods


async def put_method(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A new method."""
    name = params["httpMethod"]
    if name not in METHODS:
        raise faults.bad_request(f"Invalid HttpMethod specified. Valid options are {','.join(METHODS)}")
    method = {"apiKeyRequired": False, "httpMethod": name} | _shaped(env, "Method", params)
    env.asked(RESOURCE, caller.scope, params)
    check_method(env, caller, params, method)

    def change(document: Document) -> Document:
        methods = document.setdefault("resourceMethods", {})
        if name in methods:
            raise faults.conflict("Method already exists for this resource")
        methods[name] = method
        return method

    return await _change(env, caller, params, change)  # type: ignore[no-any-return]


def check_method(env: ApiGatewayEnv, caller: Caller, params: Params, method: Document) -> None:
    """Raises 400 for what a method can't be."""
    kind = method["authorizationType"] = str(method.get("authorizationType")).upper()
    if kind not in AUTHORIZATIONS:
        raise faults.bad_request("Invalid authorization type specified. Valid options are " + ", ".join(AUTHORIZATIONS))
    place = (caller.scope, params["restApiId"])
    if kind in ("CUSTOM", "COGNITO_USER_POOLS"):
        _check_authorizer(env, caller, params, method)
    else:
        method.pop("authorizerId", None)
    validator = method.get("requestValidatorId")
    if not validator:
        method.pop("requestValidatorId", None)
    elif env.resources.get(VALIDATOR.stored, *place, validator) is None:
        raise faults.bad_request("Invalid Request Validator identifier specified")
    _check_models(env, place, method.get("requestModels"))
    parameters = method.get("requestParameters") or {}
    if len({name.rpartition(".")[2] for name in parameters}) != len(parameters):
        raise faults.bad_request("Parameter names must be unique across querystring, header and path")
    for name in parameters:
        if not name.startswith(REQUEST_PARAMETERS):
            raise faults.bad_request(mapping_checks.wrong(f"Invalid mapping expression specified: {name}"))


def _check_models(env: ApiGatewayEnv, place: tuple[Scope, str], models: Document | None) -> None:
    """Raises 400 for one that is not there."""
    for model in (models or {}).values():
        if model not in BUILT_IN_MODELS and env.resources.get(MODEL.stored, *place, model) is None:
            raise faults.bad_request(f"Invalid model identifier specified: {model}")


def _check_authorizer(env: ApiGatewayEnv, caller: Caller, params: Params, method: Document) -> None:
    found = env.resources.get(
        AUTHORIZER.stored, caller.scope, params["restApiId"], str(method.get("authorizerId") or "")
    )
    cognito = method["authorizationType"] == "COGNITO_USER_POOLS"
    if found is None or (found.document.get("type") == "COGNITO_USER_POOLS") != cognito:
        raise faults.bad_request(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires "
            "a valid authorizer."
        )


def _shaped(env: ApiGatewayEnv, shape: str, params: Params) -> Document:
    return {name: value for name, value in params.items() if name in env.shape(shape).members and value is not None}


# --- integrations


async def put_integration(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A method's integration, over the one that is there."""
    given = _shaped(env, "Integration", params)
    given.pop("httpMethod", None)
    if params.get("integrationHttpMethod"):
        given["httpMethod"] = params["integrationHttpMethod"]
    integration = with_defaults(given, params["resourceId"])
    check_integration(integration, caller.scope)

    def change(document: Document) -> Document:
        method = _method(document, params)
        mapping_checks.check_request(method, integration)
        method["methodIntegration"] = integration
        return integration

    return await _change(env, caller, params, change)  # type: ignore[no-any-return]


async def put_method_response(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A response that the method declares."""
    _check_status(params["statusCode"])
    response = _shaped(env, "MethodResponse", params)
    _check_method_response(env, caller, params, response)

    def change(document: Document) -> Document:
        responses = _method(document, params).setdefault("methodResponses", {})
        if params["statusCode"] in responses:
            raise faults.conflict("Response already exists for this resource")
        responses[params["statusCode"]] = response
        return response

    return await _change(env, caller, params, change)  # type: ignore[no-any-return]


async def put_integration_response(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """What is made of an answer of the backend, over the one that is there."""
    _check_status(params["statusCode"])
    response = _shaped(env, "IntegrationResponse", params)

    def change(document: Document) -> Document:
        integration = _integration(document, params)
        mapping_checks.check_response(_method_response(document, params), response)
        integration.setdefault("integrationResponses", {})[params["statusCode"]] = response
        return response

    return await _change(env, caller, params, change)  # type: ignore[no-any-return]


def _check_status(status: str) -> None:
    if not (len(status) == 3 and status.isdigit() and status[0] in "12345"):
        raise faults.bad_request(f"Invalid response status code specified: {status}")


def _check_method_response(env: ApiGatewayEnv, caller: Caller, params: Params, response: Document) -> None:
    _check_models(env, (caller.scope, params["restApiId"]), response.get("responseModels"))


def _check_response(_env: ApiGatewayEnv, _caller: Caller, _params: Params, response: Document) -> None:
    if not response.get("contentHandling"):
        response.pop("contentHandling", None)


def _check_integration(_env: ApiGatewayEnv, caller: Caller, _params: Params, integration: Document) -> None:
    check_integration(integration, caller.scope)


CHECKS: dict[str, Callable[[ApiGatewayEnv, Caller, Params, Document], None]] = {
    "Method": check_method,
    "Integration": _check_integration,
    "MethodResponse": _check_method_response,
    "IntegrationResponse": _check_response,
}


def _deleter(shape: str, remove: Callable[[Document, Params], Any]) -> Operation:
    place, _ = PLACES[shape]

    async def delete(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
        def change(document: Document) -> Document:
            place(document, params)
            remove(document, params)
            return {}

        return await _change(env, caller, params, change)  # type: ignore[no-any-return]

    return delete


OPERATIONS: dict[str, Operation] = {
    "PutMethod": put_method,
    "PutIntegration": put_integration,
    "PutMethodResponse": put_method_response,
    "PutIntegrationResponse": put_integration_response,
    **{f"Get{shape}": _getter(shape) for shape in PLACES},
    **{f"Update{shape}": _updater(shape) for shape in PLACES},
    "DeleteMethod": _deleter("Method", lambda one, params: one["resourceMethods"].pop(params["httpMethod"])),
    "DeleteIntegration": _deleter("Integration", lambda one, params: _method(one, params).pop("methodIntegration")),
    "DeleteMethodResponse": _deleter(
        "MethodResponse", lambda one, params: _method(one, params)["methodResponses"].pop(params["statusCode"])
    ),
    "DeleteIntegrationResponse": _deleter(
        "IntegrationResponse",
        lambda one, params: _integration(one, params)["integrationResponses"].pop(params["statusCode"]),
    ),
}
