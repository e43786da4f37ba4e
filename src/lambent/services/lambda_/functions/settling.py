"""What follows an accepted create or update: Pending becomes Active, InProgress becomes Successful.

Runs in the background after the answer, for as long as a change shall be seen (`state_delay`), and at the start for
what a killed server left unfinished.
"""

import logging
from dataclasses import replace

from lambent.model.finding import Finding
from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_.env import SETTLE_SECONDS, LambdaEnv
from lambent.services.lambda_.functions import file_modes, snap_start
from lambent.services.lambda_.functions.lifecycle import Event, phase_of, show, step
from lambent.services.lambda_.functions.state_reasons import Unready
from lambent.store.errors import BlobMissing, RecordChanged, StoreError
from lambent.store.record import FunctionRecord

_log = logging.getLogger(__name__)

ATTEMPTS = 1000
"""Changes that may get in between, and writes that may fail, before the rest is left to the next start."""
_AGAIN = f"It is tried again every {SETTLE_SECONDS:g} s."
NOT_READY = "function-not-ready"
OURS = "InternalError"
"""AWS's StateReasonCode for what is not the function's fault."""


async def settle(env: LambdaEnv, changed: FunctionRecord, delay: float = 0.0) -> None:
    """Bring a version that was `changed` to rest, after `delay` seconds of the clock.

    What can't be written now (a full disk) is tried again, at last at the next start.
    """
    due = env.clock() + delay if delay else 0.0
    for _ in range(ATTEMPTS):
        try:
            if await _settled(env, changed, due):
                return
        except StoreError as error:
            _log.warning("%s is not finished yet: %s", changed.name, error)
            arn = function_arn(changed.scope, changed.name)
            env.report(Finding(NOT_READY, arn, f"it is not ready yet: {error}", _AGAIN))
            await env.pause(SETTLE_SECONDS)


def delay_for(env: LambdaEnv, caller: Caller) -> float:
    """How long a change of this caller's lasts."""
    return 0.0 if caller.at_once else env.state_delay


async def _settled(env: LambdaEnv, changed: FunctionRecord, due: float) -> bool:
    record = env.functions.current(*changed.key)
    if record is None or record.deployment != changed.deployment or step(phase_of(record), Event.UNPACKED) is None:
        return True
    event, blame = await _prepared(env, record)
    if due and (left := due - env.clock()) > 0:
        await env.sleep(left)
    phase = step(phase_of(record), event)
    assert phase is not None
    configuration = snap_start.optimised(show(record.configuration, phase, env.new_id(), blame))
    try:
        await env.functions.replace(record, replace(record, configuration=configuration))
    except RecordChanged:
        return False
    return True


async def _prepared(env: LambdaEnv, record: FunctionRecord) -> tuple[Event, Unready | None]:
    """Unpack the package and ready the machine for the runtime. Whatever fails here fails the function's state."""
    try:
        if record.code:
            with env.blobs.using(record.code):
                await env.blobs.unpack(record.code)
                await file_modes.look(env, record)
        await env.prepare(record.running)
    except StoreError as error:
        if not isinstance(error, BlobMissing):
            raise
        _log.exception("%s has lost its package", record.running.arn)
        return Event.FAILURE, Unready(OURS, "Its code package is no longer in Lambent's store: deploy it again.")
    except Unready as unready:
        return Event.FAILURE, unready
    except Exception as error:
        _log.exception("%s can't be made ready", record.running.arn)
        cause = str(error) or type(error).__name__
        env.report(Finding(NOT_READY, record.running.arn, f"it can't be run: {cause}"))
        return Event.FAILURE, Unready(OURS, f"It can't be run on this machine: {cause}")
    env.withdraw(record.running.arn, NOT_READY)
    return Event.UNPACKED, None


def resume(env: LambdaEnv) -> int:
    """At the start: finish what was under way when the last server ended; returns how many."""
    unfinished = [record for record in env.functions if step(phase_of(record), Event.UNPACKED)]
    for record in unfinished:
        env.spawn(settle(env, record))
    return len(unfinished)
