"""Runtime management configs: one for each version, Auto by default.

Lambent has one version of each runtime, that of this machine's interpreter; nothing is ever updated behind a
function's back, so that what is stored here has no effect (a finding says so for anything but Auto).
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import find, refer
from lambent.store.record import FunctionRecord

KIND = "runtime-management"
DEFAULT = {"UpdateRuntimeOn": "Auto"}


def meant(env: LambdaEnv, caller: Caller, params: Mapping[str, Any]) -> FunctionRecord:
    """The version of a request, $LATEST by default. Raises 404, for an alias too: it has no runtime of its own."""
    return find(env.functions, refer(caller.scope, params["FunctionName"], params.get("Qualifier")))
