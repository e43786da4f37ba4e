"""InvokeAsync, which AWS keeps for old clients: https://docs.aws.amazon.com/lambda/latest/api/API_InvokeAsync.html"""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking.invoke import invoke


async def invoke_async(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The same as Invoke with InvocationType Event."""
    event = {"InvocationType": "Event", "Payload": params["InvokeArgs"]}
    await invoke(env, caller, {"FunctionName": params["FunctionName"], **event})
    return {"Status": 202}
