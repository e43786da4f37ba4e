"""PutFunctionRecursionConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import recursion
from lambent.services.lambda_.stored_with_function import keep
from lambent.store.resources import Resource


async def put_function_recursion_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Set whether loops are stopped."""
    record = recursion.meant(env, caller, params["FunctionName"])
    document = {"RecursiveLoop": params["RecursiveLoop"]}
    config = Resource(recursion.KIND, record.scope, record.name, "", env.new_id(), document, function=record.name)
    await keep(env, config)
    return document
