"""GetAccountSettings."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import code


async def get_account_settings(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The quotas of the profile, and what the account uses in this region. Sizes are bytes."""
    limits = env.limits
    return {
        "AccountLimit": {
            "TotalCodeSize": limits.code_storage,
            "CodeSizeUnzipped": limits.zip_unzipped,
            "CodeSizeZipped": limits.zip_direct,
            "ConcurrentExecutions": limits.concurrency,
            "UnreservedConcurrentExecutions": concurrency.unreserved(env, caller.scope),
        },
        "AccountUsage": {
            "TotalCodeSize": code.stored_bytes(env, caller.scope),
            "FunctionCount": env.functions.count(caller.scope),
        },
    }
