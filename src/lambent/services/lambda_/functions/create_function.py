"""CreateFunction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults, refused_settings
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import code, configuration, images, references, stored_only, stored_settings
from lambent.services.lambda_.functions import publishing as versions
from lambent.services.lambda_.functions.code import Obtained
from lambent.services.lambda_.functions.lifecycle import Phase, show
from lambent.services.lambda_.functions.references import Asked
from lambent.services.lambda_.functions.settling import delay_for, settle
from lambent.services.lambda_.layers import layer_lookup
from lambent.services.lambda_.lookup import refer
from lambent.store.errors import RecordExists
from lambent.store.record import FunctionRecord

_KNOWN = configuration.SETTINGS | {
    "FunctionName",
    "Code",
    "Tags",
    "Architectures",
    "PackageType",
    "Publish",
    "CodeSigningConfigArn",
}


async def create_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers Pending; the function becomes Active in the background. With Publish, so does version 1."""
    ref = _named(env, caller, params["FunctionName"])
    _check(env, params, caller.own)
    found = await references.look_up(env, caller, params)
    said = configuration.apply(_fresh(env, ref, params), params, found, ref.scope.region)
    configuration.check_whole(said, env.architecture)
    if env.functions.current(ref.scope, ref.name) is not None:
        raise faults.function_exists(ref.name)
    async with code.obtain(env, caller, params["Code"]) as obtained:
        with code.holding(env, found.layers):
            record = _record(env, ref, said, obtained, found)
            await layer_lookup.check_size(env, record.code, record.layers)
            code_signing.check_deployment(env, record, params.get("CodeSigningConfigArn"), record.packages)
            return await _insert(env, caller, record, params)


async def _insert(env: LambdaEnv, caller: Caller, record: FunctionRecord, params: Mapping[str, Any]) -> dict[str, Any]:
    version = None
    if params.get("Publish"):
        record, version = versions.publish(env, record, Phase.CREATING)
    records = [record] if version is None else [record, version]
    code.check_storage(env, record.scope, len(records) * record.configuration["CodeSize"])
    async with code_signing.attaching(env, record, params.get("CodeSigningConfigArn")) as attached:
        try:
            await env.functions.insert(record, params.get("Tags"), version, attached)
        except RecordExists as error:
            raise faults.function_exists(record.name) from error
    stored_settings.tell(env, record)
    if attached is not None:
        stored_only.report(env, attached)
    delay = delay_for(env, caller)
    for one in records:
        env.spawn(settle(env, one, delay))
    if not delay:
        env.haste.changed(record.scope, record.name, "CreateFunction")
    return configuration.answer(records[-1])  # of a version, too, AWS answers the unqualified ARN here


def _named(env: LambdaEnv, caller: Caller, text: str) -> FunctionRef:
    ref = refer(caller.scope, text)
    if len(ref.name) > env.limits.function_name:
        raise faults.name_too_long(text, env.limits.function_name)
    if ref.qualifier not in (None, LATEST):
        # Wording of our own: no recorded answer shows a create with a qualifier.
        raise faults.invalid("A function can't be created with a qualifier in its name.")
    return FunctionRef(ref.scope, ref.name)


def _check(env: LambdaEnv, params: Mapping[str, Any], own: bool) -> None:
    refused_settings.refuse(params, _KNOWN)
    code.refuse_unsupported(params["Code"], frozenset({"ImageUri"}))
    images.check_create(params)
    if params.get("PackageType") != "Image":
        images.check_no_config(params)
        if not params.get("Runtime") or not params.get("Handler"):
            raise faults.invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        env.check_runtime(params["Runtime"])
    configuration.check(params, env.limits)
    configuration.check_tags(params.get("Tags") or {}, env.limits, own)


def _fresh(env: LambdaEnv, ref: FunctionRef, params: Mapping[str, Any]) -> dict[str, Any]:
    architectures = params.get("Architectures") or [env.architecture]
    return configuration.fresh(ref, env.limits, params.get("PackageType") or "Zip", architectures)


def _record(
    env: LambdaEnv, ref: FunctionRef, said: Mapping[str, Any], obtained: Obtained, found: Asked
) -> FunctionRecord:
    now = env.clock()
    shown = show(configuration.modified(dict(said) | obtained.members, now), Phase.CREATING, env.new_id())
    record = FunctionRecord(ref.scope, ref.name, LATEST, now, obtained.digest, env.new_id(), shown)
    return replace(
        record,
        layers=tuple(use.digest for use in found.layers or ()),
        image=obtained.image,
        published=versions.numbers_used(env, ref.scope, ref.name),
    )
