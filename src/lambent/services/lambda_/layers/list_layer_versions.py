"""ListLayerVersions."""

from itertools import islice
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer
from lambent.services.lambda_.paging import marker_of, page_size, read_marker


async def list_layer_versions(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One page, the newest first; nothing for a layer that is not there."""
    ref = layer.refer_own(caller, params["LayerName"], "ListLayerVersions")
    limit, after = page_size(params), read_marker(params)
    wanted = (
        version
        for version in layer.newest_first(env.resources, ref)
        if (after is None or version.name < after[1]) and layer.matches(version, params)
    )
    found = list(islice(wanted, limit + 1))
    page = {"LayerVersions": [layer.listed(version) for version in found[:limit]]}
    return page | ({"NextMarker": marker_of(ref.name, found[limit - 1].name)} if found[limit:] else {})
