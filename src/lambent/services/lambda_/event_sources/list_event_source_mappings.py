"""ListEventSourceMappings."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.event_source_mapping import KIND, answer
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.paging import resource_page
from lambent.store.resources import Resource

PAGE_MAX = 100
"""Source: API reference, ListEventSourceMappings, MaxItems."""


async def list_event_source_mappings(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Every mapping, or those of one source, one function, or both."""
    wanted = {}
    if params.get("EventSourceArn"):
        wanted["EventSourceArn"] = params["EventSourceArn"]
    if params.get("FunctionName"):
        wanted["FunctionArn"] = refer(caller.scope, params["FunctionName"]).arn
    found = [one for one in env.resources.all(KIND, caller.scope) if wanted.items() <= _named(one).items()]
    mappings, more = resource_page(params, found, PAGE_MAX)
    return {"EventSourceMappings": [answer(env, mapping) for mapping in mappings]} | more


def _named(mapping: Resource) -> dict[str, Any]:
    shown = mapping.document["shown"]
    return {member: shown.get(member) for member in ("EventSourceArn", "FunctionArn")}
