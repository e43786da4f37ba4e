"""ListFunctions."""

from typing import Any

from lambent.model.function import LATEST
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.configuration import listed
from lambent.services.lambda_.paging import marker_after, page_size, read_version_marker


async def list_functions(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One page by name: $LATEST of each function, or with FunctionVersion ALL every version.

    A MasterRegion asks for the replicas of Lambda@Edge functions alone: there are none.
    """
    every = params.get("FunctionVersion") == "ALL"
    master = params.get("MasterRegion")
    if master and not every:
        # The rule is the API reference's (ListFunctions), the wording our own.
        raise faults.invalid("MasterRegion needs FunctionVersion ALL.")
    if master not in (None, "", "ALL"):
        return {"Functions": []}
    limit = page_size(params)
    found = env.functions.page(caller.scope, read_version_marker(params), limit + 1, version=None if every else LATEST)
    page = [listed(record, record.version if every else None) for record in found[:limit]]
    return {"Functions": page} | ({"NextMarker": marker_after(found[limit - 1])} if found[limit:] else {})
