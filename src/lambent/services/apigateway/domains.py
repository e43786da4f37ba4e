"""Custom domain names and what their base paths lead to.

https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDomainName.html, API_CreateBasePathMapping.html
"""

import re
import secrets
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services import domain_names
from lambent.services.apigateway import faults, patching
from lambent.services.apigateway.env import ID_ALPHABET, ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import BASE_PATH_MAPPING, DOMAIN_NAME, REST_API, STAGE
from lambent.services.apigateway.tabled import Operation, shown, updater

NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TAKEN = "The domain name you provided already exists."
BY_PATH = "BASE_PATH_MAPPING_ONLY"
NO_PATH = "(none)"
"""How the API names the base path that is empty."""
_SECRETS = ("certificateBody", "certificatePrivateKey", "certificateChain")


async def create_domain_name(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A name by which requests come in, and the names of ours that it is an alias of."""
    name = params["domainName"]
    if not NAME.fullmatch(name):
        raise faults.bad_request("Invalid domain name")
    if domain_names.is_own(name, env.is_own):
        raise faults.bad_request(domain_names.OWN.format(name))
    if domain_names.is_taken(env.resources, caller.scope, name):
        raise faults.conflict(_TAKEN)
    for setting in _SECRETS:
        if params.get(setting):
            raise faults.unbuilt(f"{setting} of a domain name")
    check_domain_name(env, caller, params, params)
    if env.resources.get(DOMAIN_NAME.stored, caller.scope, "", name) is not None:
        raise faults.bad_request(_TAKEN)
    given = shown(env, DOMAIN_NAME, params)
    types = (given.get("endpointConfiguration") or {}).get("types") or ["EDGE"]
    document = {
        "endpointConfiguration": {"types": types, "ipAddressType": "ipv4"},
        "domainNameStatus": "AVAILABLE",
        "securityPolicy": "TLS_1_2",
        "domainNameArn": f"arn:aws:apigateway:{caller.scope.region}::/domainnames/{name}",
        "routingMode": BY_PATH,
        **_places(caller.scope, types),
    } | given
    resource = await env.insert(DOMAIN_NAME, caller.scope, "", name, document)
    return shown(env, DOMAIN_NAME, resource.document)


def check_domain_name(_env: ApiGatewayEnv, _caller: Caller, _params: Params, name: Document) -> None:
    """Raises 501 for what would let in who AWS does not, or lead elsewhere."""
    if name.get("mutualTlsAuthentication"):
        raise faults.unbuilt("mutualTlsAuthentication of a domain name")
    if name.get("routingMode", BY_PATH) != BY_PATH:
        raise faults.unbuilt("routing rules of a domain name")


def _places(scope: Scope, types: list[str]) -> Document:
    digits = "".join(secrets.choice(ID_ALPHABET) for _ in range(10))
    if types == ["EDGE"]:
        return {"distributionDomainName": f"d{digits}.cloudfront.net", "distributionHostedZoneId": "Z2FDTNDATAQYW2"}
    return {
        "regionalDomainName": f"d-{digits}.execute-api.{scope.region}.amazonaws.com",
        "regionalHostedZoneId": "Z1UJRXOUMOOFQ8",
    }


async def delete_domain_name(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The name with its mappings."""
    name = env.asked(DOMAIN_NAME, caller.scope, params)
    await env.resources.write(deletes=[name, *env.all(BASE_PATH_MAPPING, caller.scope, name.name)])
    return {}


async def create_base_path_mapping(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A base path, or none, for a stage of an API; without a stage, the next part of the path names it."""
    owner = env.owner(BASE_PATH_MAPPING, caller.scope, params)
    base = params.get("basePath") or NO_PATH
    document = {"basePath": base, "restApiId": params["restApiId"]}
    if params.get("stage"):
        document["stage"] = params["stage"]
    _check(env, caller.scope, document)
    return (await env.insert(BASE_PATH_MAPPING, caller.scope, owner, base, document)).document


def _check(env: ApiGatewayEnv, scope: Scope, mapping: Document) -> None:
    if "/" in mapping["basePath"]:
        raise faults.bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level "
            "base path mapping, use API Gateway V2."
        )
    api, stage = mapping["restApiId"], mapping.get("stage")
    if env.resources.get(REST_API.stored, scope, "", api) is None:
        raise faults.bad_request("Invalid REST API identifier specified")
    if stage and env.resources.get(STAGE.stored, scope, api, stage) is None:
        raise faults.bad_request("Invalid stage identifier specified")


async def update_base_path_mapping(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """By patch operations; another base path is another key."""
    scope = caller.scope
    old = env.asked(BASE_PATH_MAPPING, scope, params)
    shape = env.shape("BasePathMapping")
    operations = [one | {"path": str(one.get("path")).replace("restapiId", "restApiId")} for one in
                  params.get("patchOperations") or ()]  # fmt: skip
    new = patching.patched(shape, old.document, operations, BASE_PATH_MAPPING.patched)
    new["basePath"] = new.get("basePath") or NO_PATH
    _check(env, scope, new)
    if new["basePath"] == old.name:
        await env.resources.replace(old, old.changed(env.new_id(), new))
        return new
    if env.resources.get(BASE_PATH_MAPPING.stored, scope, old.parent, new["basePath"]) is not None:
        raise faults.conflict(BASE_PATH_MAPPING.taken)
    moved = env.made(BASE_PATH_MAPPING, scope, old.parent, new["basePath"], new)
    await env.resources.write(inserts=[moved], deletes=[old])
    return new


OPERATIONS: dict[str, Operation] = {
    "CreateDomainName": create_domain_name,
    "UpdateDomainName": updater(DOMAIN_NAME, check_domain_name),
    "DeleteDomainName": delete_domain_name,
    "CreateBasePathMapping": create_base_path_mapping,
    "UpdateBasePathMapping": update_base_path_mapping,
}
