"""PublishLayerVersion."""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import code
from lambent.services.lambda_.layers import layer
from lambent.store.blobs import Blob
from lambent.store.errors import RecordChanged, RecordExists
from lambent.store.resources import Resource

_ATTEMPTS = 100
_KEPT = ("CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")


async def publish_layer_version(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Make the next version of a layer, and the layer with its first."""
    ref = layer.refer_own(caller, params["LayerName"], "PublishLayerVersion")
    code.refuse_unsupported(params["Content"], frozenset())
    data = await code.fetch(env, caller, params["Content"])
    async with code.keep(env, data) as blob:
        code.check_storage(env, ref.scope, blob.size)
        return layer.answer(env, await _publish(env, ref, _said(env, params, blob)))


def _said(env: LambdaEnv, params: Mapping[str, Any], blob: Blob) -> dict[str, Any]:
    said = {member: params[member] for member in _KEPT if member in params}
    facts = {"package": blob.digest, "size": blob.size, "created": env.clock()}
    return said | facts | {"Description": params.get("Description", "")}


async def _publish(env: LambdaEnv, ref: layer.LayerRef, said: dict[str, Any]) -> Resource:
    """Store a version under the next number, which nobody else can have taken."""
    for _ in range(_ATTEMPTS):
        before = env.resources.get(layer.LAYER, ref.scope, "", ref.name)
        number = before.document["last"] + 1 if before else 1
        after = Resource(layer.LAYER, ref.scope, "", ref.name, env.new_id(), {"last": number})
        version = Resource(layer.VERSION, ref.scope, ref.name, layer.padded(number), env.new_id(), said)
        try:
            if before is None:
                await env.resources.write(inserts=(after, version))
            else:
                await env.resources.write(inserts=(version,), replaces=((before, after),))
        except (RecordExists, RecordChanged):
            continue
        return version
    raise RecordChanged(ref.name)
