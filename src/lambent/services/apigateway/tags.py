"""Tags, by the ARN of what has them: https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html"""

from typing import Any
from urllib.parse import unquote

from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import faults
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import STAGE, TAGGED, Kind
from lambent.services.apigateway.tabled import Operation


def _place(scope: Scope, arn: str) -> tuple[Kind, tuple[Scope, str, str]]:
    """What an ARN (`arn:aws:apigateway:REGION::/restapis/ID/stages/NAME`) means. Raises 400."""
    parts = unquote(arn).partition("::/")[2].split("/")
    if len(parts) == 4 and (parts[0], parts[2]) == ("restapis", "stages"):
        return STAGE, (scope, parts[1], parts[3])
    kind = TAGGED.get(parts[0])
    if kind is None or len(parts) != 2:
        raise faults.bad_request(f"Invalid ARN specified in the request: {arn}")
    return kind, (scope, "", parts[1])


async def get_tags(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """All of one resource."""
    kind, key = _place(caller.scope, params["resourceArn"])
    return {"tags": env.find(kind, *key).document.get("tags") or {}}


async def tag_resource(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Add or change some."""
    kind, key = _place(caller.scope, params["resourceArn"])

    def work(document: Document) -> Document:
        return document | {"tags": (document.get("tags") or {}) | params["tags"]}

    await env.change(kind, key, work)
    return {}


async def untag_resource(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Remove some."""
    kind, key = _place(caller.scope, params["resourceArn"])

    def work(document: Document) -> Document:
        tags = document.get("tags") or {}
        return document | {"tags": {name: value for name, value in tags.items() if name not in params["tagKeys"]}}

    await env.change(kind, key, work)
    return {}


OPERATIONS: dict[str, Operation] = {"GetTags": get_tags, "TagResource": tag_resource, "UntagResource": untag_resource}
