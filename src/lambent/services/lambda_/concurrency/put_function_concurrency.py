"""PutFunctionConcurrency."""

from typing import Any

from lambent.model.function import LATEST
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.stored_with_function import keep
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource


async def put_function_concurrency(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Reserve a part of the account's concurrency for a function; 0 stops it. In effect at once."""
    record = concurrency.unqualified(env, caller.scope, params["FunctionName"], LATEST)
    wanted = params["ReservedConcurrentExecutions"]
    _check(env, record, wanted)
    document = {"ReservedConcurrentExecutions": wanted}
    await keep(
        env,
        Resource(concurrency.RESERVED, record.scope, "", record.name, env.new_id(), document, function=record.name),
    )
    concurrency.refresh(env, record.scope, record.name)
    return document


def _check(env: LambdaEnv, record: FunctionRecord, wanted: int) -> None:
    """Raise Fault for less than is provisioned, and for more than the account can spare."""
    total = sum(map(concurrency.requested, concurrency.provisioned(env, record.scope, record.name)))
    if wanted < total:
        raise faults.untyped(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{total}]."
        )
    least = env.limits.unreserved_minimum
    if wanted and concurrency.unreserved(env, record.scope, besides=record.name) - wanted < least:
        raise faults.untyped(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{least}]."
        )
