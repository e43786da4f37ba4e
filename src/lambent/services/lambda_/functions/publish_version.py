"""PublishVersion."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import faults, refused_settings
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import code, configuration, publishing, snap_start
from lambent.services.lambda_.functions.lifecycle import Phase, phase_of, require_invocable
from lambent.services.lambda_.functions.settling import delay_for, settle
from lambent.services.lambda_.functions.updating import changeable, lost
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.record import FunctionRecord

_KNOWN = frozenset({"FunctionName", "CodeSha256", "Description", "RevisionId"})


async def publish_version(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers the new version, or the last one when nothing has changed since. Raises 404, 409, 412."""
    refused_settings.refuse(params, _KNOWN)
    latest = changeable(env, caller, params)
    require_invocable(latest)
    _check_code(latest, params.get("CodeSha256"))
    there = publishing.last_published(env, latest)
    if there is not None:
        return configuration.answer(there, there.version)
    code.check_storage(env, latest.scope, latest.configuration["CodeSize"])
    after, version = publishing.publish(env, latest, _first_phase(latest), params.get("Description"))
    try:
        await env.functions.replace(latest, after, version=version)
    except (RecordChanged, RecordExists) as error:
        raise lost(env, latest) from error
    env.spawn(settle(env, version, delay_for(env, caller)))
    return configuration.answer(version, version.version)


def _first_phase(latest: FunctionRecord) -> Phase:
    """A version of what runs is Active at once, as recorded; one that AWS takes a snapshot of is Pending first."""
    ready = phase_of(latest) is Phase.READY and not snap_start.wanted(latest.configuration)
    return Phase.READY if ready else Phase.CREATING


def _check_code(latest: FunctionRecord, sent: str | None) -> None:
    current = latest.configuration["CodeSha256"]
    if sent and sent != current:
        raise faults.invalid(
            f"CodeSHA256 ({sent}) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
