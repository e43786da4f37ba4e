"""PutRuntimeManagementConfig."""

from collections.abc import Mapping
from typing import Any

from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import runtime_management, stored_only
from lambent.services.lambda_.stored_with_function import keep
from lambent.store.resources import Resource


async def put_runtime_management_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Set when a version's runtime is updated: Auto, FunctionUpdate, or Manual with the version to stay on."""
    _check(params)
    record = runtime_management.meant(env, caller, params)
    document = {"UpdateRuntimeOn": params["UpdateRuntimeOn"]}
    if document["UpdateRuntimeOn"] == "Manual":
        document["RuntimeVersionArn"] = params["RuntimeVersionArn"]
    kind, scope, name = runtime_management.KIND, record.scope, record.name
    config = Resource(kind, scope, name, record.version, env.new_id(), document, function=name)
    await keep(env, config)
    stored_only.report(env, config)
    return {"FunctionArn": function_arn(record.scope, record.name, record.version)} | document


def _check(params: Mapping[str, Any]) -> None:
    """Wording of our own; source of the rules: API reference, PutRuntimeManagementConfig."""
    manual = params["UpdateRuntimeOn"] == "Manual"
    if manual and not params.get("RuntimeVersionArn"):
        raise faults.invalid("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
    if not manual and params.get("RuntimeVersionArn"):
        raise faults.invalid("RuntimeVersionArn is allowed only when UpdateRuntimeOn is Manual.")
