"""GetEventSourceMapping."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.event_source_mapping import answer, find


async def get_event_source_mapping(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The mapping of that id."""
    return answer(env, find(env, caller.scope, params["UUID"]))
