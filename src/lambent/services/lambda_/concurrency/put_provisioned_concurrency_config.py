"""PutProvisionedConcurrencyConfig."""

from typing import Any

from lambent.engine.allocation import Status
from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.concurrency.provisioned_concurrency import (
    REQUESTED,
    UNPUBLISHED,
    answer,
    check,
    meant,
    stamp,
)
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.stored_with_function import keep
from lambent.store.resources import Resource


async def put_provisioned_concurrency_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers IN_PROGRESS; the environments are started in the background."""
    ref = meant(env, caller.scope, params, UNPUBLISHED)
    wanted = params["ProvisionedConcurrentExecutions"]
    check(env, ref, wanted)
    document = {REQUESTED: wanted, "LastModified": stamp(env.clock())}
    config = Resource(
        concurrency.PROVISIONED, ref.scope, ref.name, ref.version, env.new_id(), document, function=ref.name
    )
    await keep(env, config)
    concurrency.refresh(env, ref.scope, ref.name)
    return answer(env, config) | {"Status": Status.IN_PROGRESS.value}
