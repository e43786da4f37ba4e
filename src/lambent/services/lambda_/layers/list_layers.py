"""ListLayers."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer
from lambent.services.lambda_.paging import marker_of, page_size, read_marker
from lambent.store.resources import Resource

_AT_ONCE = 50


async def list_layers(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One page of the layers that have a version as asked for, by name, each with the newest such version."""
    limit = page_size(params)
    found = list(islice(_matching(env, caller.scope, params), limit + 1))
    page = {"Layers": [_listed(version) for version in found[:limit]]}
    return page | ({"NextMarker": marker_of("", found[limit - 1].parent)} if found[limit:] else {})


def _matching(env: LambdaEnv, scope: Scope, params: Mapping[str, Any]) -> Iterator[Resource]:
    after = read_marker(params)
    while layers := env.resources.page(layer.LAYER, scope, after, _AT_ONCE):
        for one in layers:
            versions = layer.newest_first(env.resources, layer.LayerRef(scope, one.name))
            newest = next((version for version in versions if layer.matches(version, params)), None)
            if newest is not None:
                yield newest
        after = ("", layers[-1].name)


def _listed(version: Resource) -> dict[str, Any]:
    ref = layer.ref_of(version).layer
    return {"LayerName": ref.name, "LayerArn": ref.arn, "LatestMatchingVersion": layer.listed(version)}
