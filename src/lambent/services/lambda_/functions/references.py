"""What a request asks of settings that name other resources: looked up, before anything is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import vpc
from lambent.services.lambda_.layers import layer_lookup
from lambent.services.lambda_.layers.layer_lookup import LayerUse


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found; None where nothing was asked."""

    layers: list[LayerUse] | None = None
    vpc: dict[str, Any] | None = None


async def look_up(env: LambdaEnv, caller: Caller, params: Mapping[str, Any]) -> Asked:
    """Raises Fault for what is not there or may not be used."""
    layers = await layer_lookup.resolve(env, caller, params["Layers"] or []) if "Layers" in params else None
    found = await vpc.look_up(env, caller, params["VpcConfig"] or {}) if "VpcConfig" in params else None
    return Asked(layers, found)
