"""What follows an accepted create or update: Pending becomes Active, InProgress becomes Successful.

Runs in the background right after the answer, and at the start for what a killed server left unfinished.
"""

import logging
from dataclasses import replace

from lambent.model.finding import Finding
from lambent.model.function import LATEST
from lambent.model.scope import Scope
from lambent.services.lambda_ import snap_start
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lifecycle import Event, phase_of, show, step
from lambent.services.lambda_.unready import Unready
from lambent.store.errors import BlobMissing, RecordChanged, StoreError
from lambent.store.record import FunctionRecord

_log = logging.getLogger(__name__)

ATTEMPTS = 1000
"""Changes that may get in between, and writes that may fail, before the rest is left to the next start."""
RETRY_SECONDS = 2.0
NOT_READY = "function-not-ready"


async def settle(env: LambdaEnv, scope: Scope, name: str, version: str = LATEST) -> None:
    """Bring a version to rest. What can't be written now (a full disk) is tried again, at last at the next start."""
    for _ in range(ATTEMPTS):
        try:
            if await _settled(env, scope, name, version):
                return
        except StoreError as error:
            _log.warning("%s is not finished yet: %s", name, error)
            await env.pause(RETRY_SECONDS)


async def _settled(env: LambdaEnv, scope: Scope, name: str, version: str) -> bool:
    record = env.functions.current(scope, name, version)
    if record is None or step(phase_of(record), Event.UNPACKED) is None:
        return True
    event, blame = await _prepared(env, record)
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
        await env.prepare(record.running)
    except StoreError as error:
        if not isinstance(error, BlobMissing):
            raise
        _log.exception("%s has lost its package", record.running.arn)
        return Event.FAILURE, None
    except Unready as unready:
        return Event.FAILURE, unready
    except Exception as error:
        _log.exception("%s can't be made ready", record.running.arn)
        env.report(Finding(NOT_READY, record.running.arn, f"it can't be run: {error}"))
        return Event.FAILURE, None
    env.withdraw(record.running.arn, NOT_READY)
    return Event.UNPACKED, None


def resume(env: LambdaEnv) -> int:
    """At the start: finish what was under way when the last server ended; returns how many."""
    unfinished = [record for record in env.functions if step(phase_of(record), Event.UNPACKED)]
    for record in unfinished:
        env.spawn(settle(env, record.scope, record.name, record.version))
    return len(unfinished)
