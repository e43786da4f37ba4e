"""ListAliases."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.aliases import alias
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import find_latest
from lambent.services.lambda_.paging import resource_page
from lambent.services.lambda_.qualifiers import ALIAS


async def list_aliases(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The aliases of a function by name; with FunctionVersion those whose main version it is. Raises 404."""
    function = find_latest(env.functions, caller.scope, params["FunctionName"])
    version = params.get("FunctionVersion")
    wanted = [
        one
        for one in env.resources.children(ALIAS, function.scope, function.name)
        if version in (None, one.document["FunctionVersion"])
    ]
    page, more = resource_page(params, wanted)
    return {"Aliases": [alias.answer(one) for one in page]} | more
