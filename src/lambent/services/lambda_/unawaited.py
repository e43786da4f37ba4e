"""Findings on clients that don't wait for a change to be over, where changes are over at once (`state_delay` 0)."""

from lambent.model.finding import Finding
from lambent.model.names import function_arn
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.record import FunctionRecord

CODE = "not-waited-for"
_HINT = "wait with the waiter {waiter}, as every SDK has it; with state_delay 1 the call fails here, too"


def check_change(env: LambdaEnv, record: FunctionRecord) -> None:
    """A function is changed or published."""
    how = env.haste.acts(record.scope, record.name)
    if how:
        _report(env, record, how, f"it was changed right after {how}: AWS refuses that with ResourceConflictException")


def check_invocation(env: LambdaEnv, record: FunctionRecord) -> None:
    """A function is invoked. To be asked only when `env.haste.young` has anything."""
    how = env.haste.acts(record.scope, record.name)
    if how == "CreateFunction":
        text = "it was invoked right after CreateFunction: AWS refuses that with ResourceConflictException"
        _report(env, record, how, text)
    elif how:
        _report(env, record, how, f"it was invoked right after {how}: on AWS what was before it would have run")


def _report(env: LambdaEnv, record: FunctionRecord, how: str, text: str) -> None:
    waiter = "function_active_v2" if how == "CreateFunction" else "function_updated_v2"
    arn = function_arn(record.scope, record.name)
    env.report(Finding(CODE, arn, text, _HINT.format(waiter=waiter)))
