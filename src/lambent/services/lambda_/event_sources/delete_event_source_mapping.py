"""DeleteEventSourceMapping."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.event_sources.event_source_mapping import (
    ATTEMPTS,
    State,
    answer,
    find,
    in_state,
    settle,
    state_of,
)
from lambent.services.lambda_.functions.settling import delay_for
from lambent.store.errors import RecordChanged


async def delete_event_source_mapping(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers Deleting; the mapping goes in the background."""
    for _ in range(ATTEMPTS):  # its state and tags may change meanwhile
        mapping = find(env, caller.scope, params["UUID"])
        if state_of(mapping) is State.DELETING:
            break
        deleting = in_state(mapping, answer(env, mapping), State.DELETING, env.new_id())
        try:
            await env.resources.replace(mapping, deleting)
        except RecordChanged:
            continue
        env.spawn(settle(env, mapping.scope, mapping.name, delay_for(env, caller)))
        return answer(env, deleting)
    raise faults.in_use("Cannot delete the event source mapping because it is in use.")
