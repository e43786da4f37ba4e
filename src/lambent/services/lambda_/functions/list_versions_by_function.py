"""ListVersionsByFunction."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.configuration import listed
from lambent.services.lambda_.lookup import find_latest
from lambent.services.lambda_.paging import marker_after, page_size, read_version_marker


async def list_versions_by_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Every version: $LATEST, then by number."""
    latest = find_latest(env.functions, caller.scope, params["FunctionName"])
    after = read_version_marker(params) or (latest.name, "")
    limit = page_size(params)
    found = env.functions.versions(latest.scope, latest.name, after[1], limit + 1)
    page = [listed(record, record.version) for record in found[:limit]]
    return {"Versions": page} | ({"NextMarker": marker_after(found[limit - 1])} if found[limit:] else {})
