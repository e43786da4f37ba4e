"""PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition: queries that are kept by name.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
"""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import unsupported
from lambent.services.logs.paging import page
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

KIND = "logs/query-definition"
MOST = 1_000
SHOWN = ("name", "queryString", "logGroupNames", "queryLanguage")


async def put_query_definition(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keep a query, or put it in the place of the one with that id. AWS does not read it either."""
    if params.get("parameters"):
        raise unsupported("parameters of query definitions")
    known, definition_id = env.resources.children(KIND, caller.scope, ""), params.get("queryDefinitionId")
    if definition_id and definition_id not in {one.name for one in known}:
        raise _missing()
    if not definition_id and len(known) >= MOST:
        raise Fault("LimitExceededException", "Resource limit exceeded.")
    shown = {"queryLanguage": "CWLI", **{member: params[member] for member in SHOWN if member in params}}
    definition_id = definition_id or env.new_id()
    shown |= {"queryDefinitionId": definition_id, "lastModified": int(env.clock() * 1000)}
    await env.resources.put(Resource(KIND, caller.scope, "", definition_id, env.new_id(), {"shown": shown}))
    return {"queryDefinitionId": definition_id}


def _missing() -> Fault:
    return Fault("ResourceNotFoundException", "The specified query definition does not exist.")  # our wording


async def describe_query_definitions(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Those whose names begin so, by name."""
    prefix, language = params.get("queryDefinitionNamePrefix", ""), params.get("queryLanguage")
    known = [one.document["shown"] for one in env.resources.children(KIND, caller.scope, "")]
    known = [one for one in known if one["name"].startswith(prefix) and language in (None, one["queryLanguage"])]
    known.sort(key=lambda one: (one["name"], one["queryDefinitionId"]))
    key, token = (lambda one: str(one["queryDefinitionId"])), params.get("nextToken")
    found, token = page(known, key, params.get("maxResults"), token)
    return {"queryDefinitions": found, "nextToken": token}


async def delete_query_definition(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Forget one."""
    found = env.resources.get(KIND, caller.scope, "", params["queryDefinitionId"])
    if found is None:
        raise _missing()
    await env.resources.discard(found)
    return {"success": True}
