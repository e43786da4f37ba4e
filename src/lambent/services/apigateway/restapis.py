"""REST APIs and their resources.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html, API_CreateResource.html
"""

import re
from collections.abc import Mapping, Sized
from typing import Any

import orjson

from lambent.engine.authorisation import checking
from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import cloning, faults, findings, patching
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import MODEL, OF_AN_API, RESOURCE, REST_API
from lambent.services.apigateway.tabled import Operation, getter, listed, lister, page, shown
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

PATH_PART = re.compile(r"[a-zA-Z0-9._:\-$@+~,!*'=&%]+|\{[a-zA-Z0-9._:\-]+\+?\}")
_BAD_PART = (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning "
    "and the end."
)
_NO_TYPE = "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."
_POLICY = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
POLICIES = checking.Kind("needed", "needed", plain_sids=False, vendor="execute-api")
_SIZE = "Invalid minimum compression size, must be between 0 and 10485760"
MOST_RESOURCES = 300
TOO_MANY = (
    "Maximum number of resources for this API has been reached. Please contact AWS if you need additional Resources."
)
ROOT_DIGITS = 10
BUILT_IN_MODELS = {
    "Empty": (
        "This is a default empty schema model",
        '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n'
        '  "type" : "object"\n}',
    ),
    "Error": (
        "This is a default error schema model",
        '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n'
        '  "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}',
    ),
}
"""The models of every new API that is not imported; methods may name them all the same."""


async def create_rest_api(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The API, its root resource and the two models that AWS makes, or all that another API has, in one transaction."""
    if params.get("description") == "":
        raise faults.bad_request("Description cannot be an empty string")
    if params.get("cloneFrom"):
        source = env.find(REST_API, caller.scope, "", params["cloneFrom"])
        api = new_api(env, caller.scope, cloning.beginning(source) | params)
        begin = cloning.parts(env, source, api)
    else:
        api = new_api(env, caller.scope, params)
        begin = [new_root(env, api), *_models(env, api)]
    await env.resources.write(inserts=[api, *begin])
    findings.tell_api(env, api.scope, api.document)
    return told(env, api.document)


def new_api(env: ApiGatewayEnv, scope: Scope, given: Params) -> Resource:
    """An API that is not written yet. Raises 400."""
    check_api(given)
    api_id = env.new_name(REST_API, scope, "")
    document: Document = {
        "id": api_id,
        "createdDate": int(env.wall()),
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": False,
        "rootResourceId": env.new_name(RESOURCE, scope, api_id, ROOT_DIGITS),
    } | {name: value for name, value in shown(env, REST_API, given).items() if value not in ("", [], {})}
    document["endpointConfiguration"].setdefault("types", ["EDGE"])
    document["endpointConfiguration"].setdefault("ipAddressType", _address_type(document["endpointConfiguration"]))
    return env.made(REST_API, scope, "", api_id, document)


def _address_type(configuration: Document) -> str:
    return "dualstack" if configuration.get("types") == ["PRIVATE"] else "ipv4"


def check_api(given: Params) -> None:
    """Raises 400."""
    if given.get("name") == "":
        raise faults.bad_request("API name cannot be empty")
    types = (given.get("endpointConfiguration") or {}).get("types")
    if types is not None and len(types) != 1:
        raise faults.bad_request(_NO_TYPE if not types else "Cannot create an api with multiple Endpoint Types.")
    if given.get("policy") and checking.check(_as_arns(str(given["policy"])), POLICIES) is not None:
        raise faults.bad_request(_POLICY)
    size = given.get("minimumCompressionSize")
    if size is not None and not 0 <= size <= 10485760:
        raise faults.bad_request(_SIZE)


def _as_arns(policy: str) -> str:
    """The policy with the short form of its resources as ARNs, and without the escapes in which it is shown."""
    if policy.startswith('{\\"'):
        policy = policy.replace('\\"', '"').replace("\\/", "/")
    return policy.replace('"execute-api:/', '"arn:aws:execute-api:*:*:*/')


def told(env: ApiGatewayEnv, document: Mapping[str, Any]) -> Document:
    """The API as it is answered: its policy is escaped once more, slashes too (Terraform's provider relies on it:
    https://github.com/hashicorp/terraform-provider-aws, internal/service/apigateway/rest_api.go)."""
    answer = shown(env, REST_API, document)
    if answer.get("policy") and not answer["policy"].startswith('{\\"'):
        answer["policy"] = orjson.dumps(answer["policy"]).decode()[1:-1].replace("/", "\\/")
    return answer


def new_root(env: ApiGatewayEnv, api: Resource) -> Resource:
    """The resource that every API has."""
    root = str(api.document["rootResourceId"])
    return env.made(RESOURCE, api.scope, api.name, root, {"id": root, "path": "/"})


def _models(env: ApiGatewayEnv, api: Resource) -> list[Resource]:
    """The models of an API that was not imported."""
    rows = []
    for name, (description, schema) in BUILT_IN_MODELS.items():
        document = {
            "id": env.new_name(MODEL, api.scope, api.name),
            "name": name,
            "description": description,
            "schema": schema,
            "contentType": "application/json",
        }
        rows.append(env.made(MODEL, api.scope, api.name, name, document))
    return rows


async def update_rest_api(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations."""
    operations = [_checked(operation) for operation in params.get("patchOperations") or ()]

    def work(document: Document) -> Document:
        new = patching.patched(env.shape("RestApi"), document, operations, REST_API.patched)
        new = {name: value for name, value in new.items() if value not in ("", [], None) or name == "name"}
        check_api(new)
        return new

    changed = await env.change(REST_API, (caller.scope, "", params["restApiId"]), work)
    findings.tell_api(env, caller.scope, changed.document)
    return {"tags": {}} | told(env, changed.document)


def _checked(operation: Document) -> Document:
    """With what an empty size means, no compression: Chalice and Terraform say so. Raises 400 for what the tables of
    paths don't say."""
    path, value = operation.get("path"), operation.get("value")
    if path == "/binaryMediaTypes":
        raise faults.bad_request(f"Invalid patch path {path}")
    if path == "/minimumCompressionSize" and value and not str(value).lstrip("-").isdecimal():
        raise faults.bad_request(_SIZE)
    return {**operation, "value": None} if path == "/minimumCompressionSize" and value == "" else operation


async def delete_rest_api(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The API with everything that belongs to it."""
    api = env.asked(REST_API, caller.scope, params)
    await env.resources.write(deletes=[api, *belongings(env, api)])
    findings.tell_api(env, api.scope, {"id": api.name})
    return {}


def belongings(env: ApiGatewayEnv, api: Resource) -> list[Resource]:
    """Everything that belongs to an API."""
    return [one for kind in OF_AN_API for one in env.all(kind, api.scope, api.name)]


# --- resources


async def create_resource(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One segment of a path under its parent."""
    scope, api_id, part = caller.scope, params["restApiId"], params["pathPart"]
    env.owner(RESOURCE, scope, params)
    parent = env.find(RESOURCE, scope, api_id, params["parentId"])
    there = env.all(RESOURCE, scope, api_id)
    check_number(there, 1)
    document = new_resource(there, parent, part)
    document = {"id": env.new_name(RESOURCE, scope, api_id)} | document
    return (await env.insert(RESOURCE, scope, api_id, document["id"], document)).document


def check_number(there: Sized, more: int = 0) -> None:
    """Raises 429 for an API that would have more resources than one has, its root aside.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    """
    if len(there) - 1 + more > MOST_RESOURCES:
        raise Fault("LimitExceededException", TOO_MANY, status=429)


def new_resource(there: list[Resource], parent: Resource, part: str) -> Document:
    """The document of a resource without its id. Raises 400, 409."""
    if not PATH_PART.fullmatch(part):
        raise faults.bad_request(_BAD_PART)
    parent_path = str(parent.document["path"])
    if parent_path.endswith("+}"):
        part = parent.document["pathPart"]
        raise faults.bad_request(f"Cannot create a child of a resource with a greedy path variable: {part}")
    siblings = [one for one in there if one.document.get("parentId") == parent.name]
    for one in siblings:
        if one.document["pathPart"] == part:
            raise faults.conflict(f"Another resource with the same parent already has this name: {part}")
        if part.startswith("{") and one.document["pathPart"].startswith("{"):
            raise faults.bad_request(
                f"A sibling ({one.document['pathPart']}) of this resource already has a variable path part -- only one "
                "is allowed"
            )
    return {"parentId": parent.name, "pathPart": part, "path": f"{parent_path.rstrip('/')}/{part}"}


async def update_resource(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Another name or parent: the paths of all beneath follow."""
    scope, api_id = caller.scope, params["restApiId"]
    old = env.asked(RESOURCE, scope, params)
    shape = env.shape("Resource")
    new = patching.patched(shape, old.document, params.get("patchOperations") or (), RESOURCE.patched)
    if "parentId" not in old.document:
        raise faults.bad_request("Root resource cannot update its name.")
    there = [one for one in env.all(RESOURCE, scope, api_id) if one.name != old.name]
    parent = env.find(RESOURCE, scope, api_id, new["parentId"])
    before = str(old.document["path"]) + "/"
    if parent.name != old.name and str(parent.document["path"]).startswith(before):
        raise faults.bad_request("Resources cannot be cyclical.")
    new |= new_resource(there, parent, new["pathPart"])
    replaces = [(old, old.changed(env.new_id(), new))]
    after = str(new["path"]) + "/"
    for one in there:
        if str(one.document["path"]).startswith(before):
            path = after + str(one.document["path"])[len(before) :]
            replaces.append((one, one.changed(env.new_id(), one.document | {"path": path})))
    await env.resources.write(replaces=replaces)
    return embedded(new, params)


async def delete_resource(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A resource with all beneath it."""
    resource = env.asked(RESOURCE, caller.scope, params)
    path = str(resource.document["path"])
    if path == "/":
        raise faults.bad_request("Root resource cannot be deleted")
    there = env.all(RESOURCE, caller.scope, params["restApiId"])
    beneath = [one for one in there if str(one.document["path"]).startswith(path + "/")]
    await env.resources.write(deletes=[resource, *beneath])
    return {}


async def get_resource(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One, with its methods when `embed` asks for them."""
    return embedded(env.asked(RESOURCE, caller.scope, params).document, params)


async def get_resources(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A page of them."""
    found = env.all(RESOURCE, caller.scope, env.owner(RESOURCE, caller.scope, params))
    here, position = page(found, params, lambda one: str(one.name))
    return listed([embedded(one.document, params) for one in here], position)


def embedded(document: Document, params: Params) -> Document:
    """The methods in full, or only their names."""
    methods = document.get("resourceMethods")
    if not methods or "methods" in (params.get("embed") or ()):
        return {name: value for name, value in document.items() if value}
    return document | {"resourceMethods": {name: {} for name in methods}}


OPERATIONS: dict[str, Operation] = {
    "CreateRestApi": create_rest_api,
    "GetRestApi": getter(REST_API, told),
    "GetRestApis": lister(REST_API, told),
    "UpdateRestApi": update_rest_api,
    "DeleteRestApi": delete_rest_api,
    "CreateResource": create_resource,
    "UpdateResource": update_resource,
    "DeleteResource": delete_resource,
    "GetResource": get_resource,
    "GetResources": get_resources,
}
