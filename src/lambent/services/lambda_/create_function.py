"""CreateFunction."""

from collections.abc import Mapping
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller
from lambent.services.lambda_ import code, configuration, faults, unsupported
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lifecycle import Phase, show
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.settling import settle
from lambent.store.blobs import Blob
from lambent.store.errors import RecordExists
from lambent.store.record import FunctionRecord

_KNOWN = configuration.SETTINGS | {"FunctionName", "Code", "Tags", "Architectures"}


async def create_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers Pending; the function becomes Active in the background."""
    ref = _named(env, caller, params["FunctionName"])
    _check(env, params)
    if env.functions.current(ref.scope, ref.name) is not None:
        raise faults.function_exists(ref.name)
    data = await code.fetch(env, caller, params["Code"])
    async with code.keep(env, data) as blob:
        code.check_storage(env, ref.scope, blob.size)
        record = _record(env, ref, params, blob)
        try:
            await env.functions.insert(record, params.get("Tags"))
        except RecordExists as error:
            raise faults.function_exists(ref.name) from error
    env.spawn(settle(env, ref.scope, ref.name))
    return configuration.answer(record)


def _named(env: LambdaEnv, caller: Caller, text: str) -> FunctionRef:
    ref = refer(caller.scope, text)
    if len(ref.name) > env.limits.function_name:
        raise faults.over_maximum(text, "functionName", env.limits.function_name, what="length")
    if ref.qualifier not in (None, LATEST):
        # Wording of our own: no recorded answer shows a create with a qualifier.
        raise faults.invalid("A function can't be created with a qualifier in its name.")
    return FunctionRef(ref.scope, ref.name)


def _check(env: LambdaEnv, params: Mapping[str, Any]) -> None:
    unsupported.refuse(params, _KNOWN)
    unsupported.refuse_architecture(params, env.architecture)
    if params["Code"].get("ImageUri"):
        raise faults.unsupported("A function from a container image (Code.ImageUri)")
    code.refuse_unsupported(params["Code"], frozenset())
    if not params.get("Runtime") or not params.get("Handler"):
        raise faults.invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    env.check_runtime(params["Runtime"])
    configuration.check(params, env.limits)
    configuration.check_tags(params.get("Tags") or {}, env.limits)


def _record(env: LambdaEnv, ref: FunctionRef, params: Mapping[str, Any], blob: Blob) -> FunctionRecord:
    said = configuration.fresh(ref, env.limits, env.architecture)
    said = configuration.apply(said, params, ref.scope.region)
    now = env.clock()
    said = configuration.modified(configuration.with_code(said, blob), now)
    said = show(said, Phase.CREATING, env.new_id())
    return FunctionRecord(ref.scope, ref.name, LATEST, now, blob.digest, env.new_id(), said)
