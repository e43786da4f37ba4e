"""TestInvokeMethod and TestInvokeAuthorizer: what is configured, whether it is deployed or not.

https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html
"""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.apigateway import faults
from lambent.services.apigateway.env import ApiGatewayEnv, Params
from lambent.services.apigateway.kinds import AUTHORIZER, RESOURCE
from lambent.services.apigateway.tabled import Operation


async def test_invoke_method(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Run a method as it stands now."""
    resource = env.asked(RESOURCE, caller.scope, params)
    method = (resource.document.get("resourceMethods") or {}).get(params["httpMethod"])
    if method is None:
        raise faults.not_found("Invalid Method identifier specified")
    if "methodIntegration" not in method:
        raise faults.not_found("No integration defined for method")
    return await env.try_method(caller, params)


async def test_invoke_authorizer(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """Ask an authorizer as it stands now."""
    env.asked(AUTHORIZER, caller.scope, params)
    return await env.try_authorizer(caller, params)


OPERATIONS: dict[str, Operation] = {
    "TestInvokeMethod": test_invoke_method,
    "TestInvokeAuthorizer": test_invoke_authorizer,
}
