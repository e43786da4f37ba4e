"""Parts of an API's documentation: the list of them, and their import.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-documenting-api-quick-start-import-export.html,
https://docs.aws.amazon.com/apigateway/latest/api/API_GetDocumentationParts.html
"""

import asyncio
from typing import Any

import orjson

from lambent.model.scope import Caller
from lambent.services.apigateway import faults, openapi
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import DOCUMENTATION_PART
from lambent.services.apigateway.tabled import Operation, listed, page, shown
from lambent.store.resources import Resource

EXTENSION = "x-amazon-apigateway-documentation"


async def get_parts(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """A page of those that were asked for."""
    owner = env.owner(DOCUMENTATION_PART, caller.scope, params)
    found = [one for one in env.all(DOCUMENTATION_PART, caller.scope, owner) if _is_asked_for(one.document, params)]
    here, position = page(found, params, lambda one: str(one.name))
    return listed([shown(env, DOCUMENTATION_PART, one.document) for one in here], position)


def _is_asked_for(part: Document, params: Params) -> bool:
    location = part["location"]
    wanted = {"type": params.get("type"), "path": params.get("path"), "name": params.get("nameQuery")}
    documented = bool(part.get("properties"))
    status = params.get("locationStatus")
    return all(value in (None, location.get(name)) for name, value in wanted.items()) and (
        status is None or documented == (status == "DOCUMENTED")
    )


async def import_parts(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The parts that a document has: in the place of those that are there (`overwrite`), or over them (`merge`).
    Raises 400."""
    scope, api = caller.scope, env.owner(DOCUMENTATION_PART, caller.scope, params)
    document = await asyncio.to_thread(openapi.load, params["body"])
    there = env.all(DOCUMENTATION_PART, scope, api)
    if EXTENSION not in document:
        raise faults.bad_request(f"Invalid OpenAPI input: it has no {EXTENSION} with documentationParts.")
    by_place = {place_of(one.document): one for one in there}
    merge, rows = params.get("mode", "merge") == "merge", []
    for part in parts_of(document):
        old = by_place.get(place_of(part)) if merge else None
        name = old.name if old is not None else env.new_name(DOCUMENTATION_PART, scope, api)
        rows.append(env.made(DOCUMENTATION_PART, scope, api, name, {"id": name} | part))
    await env.resources.write(deletes=_gone(there, rows, merge), inserts=rows)
    return {"ids": [one.name for one in rows], "warnings": []}


def _gone(there: list[Resource], rows: list[Resource], merge: bool) -> list[Resource]:
    names = {one.name for one in rows}
    return [one for one in there if not merge or one.name in names]


def place_of(part: Document) -> bytes:
    """What a part is of: two of the same are one."""
    location = {name: value for name, value in part["location"].items() if value}
    return orjson.dumps(location, option=orjson.OPT_SORT_KEYS)


def parts_of(document: Document) -> list[Document]:
    """The parts in a document. Raises 400."""
    said = (document.get(EXTENSION) or {}).get("documentationParts", [])
    if not isinstance(said, list):
        raise faults.bad_request(f"Invalid OpenAPI input: {EXTENSION} has no list of documentationParts.")
    parts = []
    for one in said:
        if not (isinstance(one, dict) and isinstance(one.get("location"), dict) and one["location"].get("type")):
            raise faults.bad_request("Invalid OpenAPI input: a documentation part has no location.")
        properties = one.get("properties")
        text = properties if isinstance(properties, str) else orjson.dumps(properties).decode()
        parts.append({"location": one["location"], "properties": text})
    return parts


OPERATIONS: dict[str, Operation] = {"GetDocumentationParts": get_parts, "ImportDocumentationParts": import_parts}
