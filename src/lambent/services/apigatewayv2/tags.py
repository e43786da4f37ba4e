"""Tags: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from lambent.model.scope import Caller
from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import API, DOMAIN_NAME, STAGE, VPC_LINK, Kind
from lambent.services.apigatewayv2.tabled import Operation, one_at_a_time
from lambent.store.resources import Resource

ARN = re.compile(r"arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::/(apis|domainnames|vpclinks)/([^/]+)(?:/stages/([^/]+))?")
KINDS = {"apis": API, "domainnames": DOMAIN_NAME, "vpclinks": VPC_LINK}
MOST = 50


def _tagged(env: ApiGatewayV2Env, caller: Caller, params: Params) -> tuple[Kind, Resource]:
    found = ARN.fullmatch(unquote(params["ResourceArn"]))
    if found is None or found[1] != caller.scope.region:
        raise faults.bad_request(f"Invalid resource ARN specified: {params['ResourceArn']}")
    kind, parent, name = KINDS[found[2]], "", found[3]
    if found[4]:
        env.find(API, caller.scope, "", name)
        kind, parent, name = STAGE, name, found[4]
    return kind, env.find(kind, caller.scope, parent, name)


async def _change(
    env: ApiGatewayV2Env, caller: Caller, params: Params, work: Callable[[Document], Document]
) -> dict[str, Any]:
    kind, old = _tagged(env, caller, params)
    tags = work(dict(old.document.get("Tags") or {}))
    if len(tags) > MOST:
        raise faults.bad_request(f"Tag limit exceeded: a resource has at most {MOST}")
    await env.write(kind, Changes(replaces=[env.changed(old, old.document | {"Tags": tags})]))
    return {}


@one_at_a_time
async def tag_resource(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """Add tags, or give those that are there other values."""
    return await _change(env, caller, params, lambda tags: tags | (params.get("Tags") or {}))


@one_at_a_time
async def untag_resource(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """Take tags away."""
    gone = set(params["TagKeys"])
    return await _change(env, caller, params, lambda tags: {k: v for k, v in tags.items() if k not in gone})


async def get_tags(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """All of them."""
    return {"Tags": dict(_tagged(env, caller, params)[1].document.get("Tags") or {})}


OPERATIONS: dict[str, Operation] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "GetTags": get_tags,
}
