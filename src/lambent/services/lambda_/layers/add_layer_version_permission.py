"""AddLayerVersionPermission."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layers import layer_policy
from lambent.services.lambda_.policies import resource_policy


async def add_layer_version_permission(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Let another account, or everybody, use a version."""
    ref = layer_policy.existing(env, caller, params, "AddLayerVersionPermission")
    organization = params.get("OrganizationId")
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization}} if organization else {}
    statement = resource_policy.statement(
        params["StatementId"], params["Principal"], params["Action"], ref.arn, condition
    )
    guard = layer_policy.guard(params.get("RevisionId"))
    policy = await resource_policy.add(env, layer_policy.place(ref), statement, guard)
    return {"Statement": resource_policy.text(statement), "RevisionId": policy.revision}
