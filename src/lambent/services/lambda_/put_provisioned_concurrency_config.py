"""PutProvisionedConcurrencyConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import concurrency, stored_only
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.keeping import keep
from lambent.services.lambda_.provisioned_concurrency import NOT_ALLOCATED, Status, check, meant, settle, stamp
from lambent.store.resources import Resource

_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."


async def put_provisioned_concurrency_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers IN_PROGRESS; the config becomes READY in the background."""
    ref = meant(env, caller.scope, params, _UNPUBLISHED)
    wanted = params["ProvisionedConcurrentExecutions"]
    check(env, ref, wanted)
    document = {
        "RequestedProvisionedConcurrentExecutions": wanted,
        **NOT_ALLOCATED,
        "Status": Status.IN_PROGRESS.value,
        "LastModified": stamp(env.clock()),
    }
    config = Resource(
        concurrency.PROVISIONED, ref.scope, ref.name, ref.version, env.new_id(), document, function=ref.name
    )
    await keep(env, config)
    concurrency.refresh(env, ref.scope, ref.name)
    stored_only.report(env, config)
    env.spawn(settle(env, config))
    return document
