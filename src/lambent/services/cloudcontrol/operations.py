"""The operation that is answered here, and those that are refused by name.

`sam list endpoints` reads a function's URL so
(https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-list-endpoints.html).
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.deploy.ports import Asks, Refused
from lambent.model.acting import forwarded
from lambent.model.scope import Caller
from lambent.wire.fault import Fault

Operation = Callable[[Asks, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

SERVICE = "cloudcontrolapi.amazonaws.com"
URL = "AWS::Lambda::Url"
PROPERTIES = ("AuthType", "Cors", "FunctionArn", "FunctionUrl", "InvokeMode")
STACKS = "resources are made by their services' own operations or by stacks: of Cloud Control a function's URL is read"


async def get_resource(asks: Asks, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html

    Of a function's URL, by the function's name or ARN. Raises Fault.
    """
    kind, identifier = params["TypeName"], params["Identifier"]
    if kind != URL:
        text = f"Lambent does not answer GetResource of {kind} yet: ask the resource's own service."
        raise Fault("NotImplementedException", text, status=501)
    try:
        found = await asks(forwarded(caller, SERVICE))(
            caller.scope, "lambda", "GetFunctionUrlConfig", {"FunctionName": identifier}
        )
    except Refused as error:
        raise _fault(kind, identifier, error) from error
    shown = {name: found[name] for name in PROPERTIES if found.get(name) is not None}
    described = {"Identifier": found["FunctionArn"], "Properties": json.dumps(shown)}
    return {"TypeName": kind, "ResourceDescription": described}


def _fault(kind: str, identifier: str, error: Refused) -> Fault:
    if error.is_absent:
        return Fault(
            "ResourceNotFoundException", f"Resource of type '{kind}' with identifier '{identifier}' was not found."
        )
    return Fault("InvalidRequestException", f"{error.message} (Service: Lambda, Status Code: {error.status})")


OPERATIONS: dict[str, Operation] = {"GetResource": get_resource}
REFUSED = dict.fromkeys(
    (
        "CancelResourceRequest",
        "CreateResource",
        "DeleteResource",
        "GetResourceRequestStatus",
        "ListResourceRequests",
        "ListResources",
        "UpdateResource",
    ),
    STACKS,
)
