"""CreateRestApi with `cloneFrom`: an API with everything that a deployment of another one would serve, under ids of its
own.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html#apigw-CreateRestApi-request-cloneFrom
"""

from typing import Any

from lambent.services.apigateway.env import ApiGatewayEnv, Document
from lambent.services.apigateway.kinds import AUTHORIZER, GATEWAY_RESPONSE, MODEL, RESOURCE, VALIDATOR, Kind
from lambent.store.resources import Resource

COPIED = (
    "description", "version", "binaryMediaTypes", "minimumCompressionSize", "apiKeySource", "endpointConfiguration",
    "policy", "disableExecuteApiEndpoint",
)  # fmt: skip
NAMED_BY_ID = (RESOURCE, AUTHORIZER, VALIDATOR)
REFERENCES = frozenset({"id", "parentId", "authorizerId", "requestValidatorId", "cacheNamespace"})
"""Members that name something of the API by its id."""


def beginning(source: Resource) -> Document:
    """What the new API itself takes over."""
    return {name: source.document[name] for name in COPIED if name in source.document}


def parts(env: ApiGatewayEnv, source: Resource, api: Resource) -> list[Resource]:
    """Everything that belongs to the API, not written yet."""
    names = {str(source.document["rootResourceId"]): str(api.document["rootResourceId"])}
    for kind in NAMED_BY_ID:
        for one in env.all(kind, source.scope, source.name):
            names.setdefault(one.name, env.new_name(kind, api.scope, api.name))
    kinds = (*NAMED_BY_ID, MODEL, GATEWAY_RESPONSE)
    return [_copied(env, kind, one, api, names) for kind in kinds for one in env.all(kind, source.scope, source.name)]


def _copied(env: ApiGatewayEnv, kind: Kind, one: Resource, api: Resource, names: dict[str, str]) -> Resource:
    document = _renamed(one.document, names)
    if kind is MODEL:
        document["id"] = env.new_name(MODEL, api.scope, api.name)
        before, after = f"/restapis/{one.parent}/", f"/restapis/{api.name}/"
        document["schema"] = str(document.get("schema", "")).replace(before, after)
    return env.made(kind, api.scope, api.name, names.get(one.name, one.name), document)


def _renamed(value: Any, names: dict[str, str], member: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _renamed(one, names, name) for name, one in value.items()}
    return names.get(value, value) if member in REFERENCES and isinstance(value, str) else value
