"""What `sam list endpoints` reads of functions, and what else is refused."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.deploy.ports import Refused
from lambent.model.scope import Caller, Scope
from lambent.services.cloudcontrol.operations import OPERATIONS, REFUSED
from lambent.wire import service
from lambent.wire.fault import Fault

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


async def ask(_scope: Scope, called: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    assert (called, operation) == ("lambda", "GetFunctionUrlConfig")
    if params["FunctionName"] not in ("f", ARN):
        raise Refused("lambda", "ResourceNotFoundException", "no", 404)
    return {"FunctionArn": ARN, "FunctionUrl": "http://u/", "AuthType": "NONE", "CreationTime": "now"}


def got(kind: str, identifier: str) -> dict[str, Any]:
    asked = {"TypeName": kind, "Identifier": identifier}
    return asyncio.run(OPERATIONS["GetResource"](lambda _acting: ask, Caller(Scope(), "r"), asked))[
        "ResourceDescription"
    ]  # type: ignore[no-any-return]


@pytest.mark.parametrize("identifier", ["f", ARN])
def test_a_url_is_read_by_its_function(identifier: str) -> None:
    said = got("AWS::Lambda::Url", identifier)
    assert said["Identifier"] == ARN
    assert json.loads(said["Properties"]) == {"FunctionArn": ARN, "FunctionUrl": "http://u/", "AuthType": "NONE"}


@pytest.mark.parametrize(
    ("kind", "code"),
    [("AWS::Lambda::Url", "ResourceNotFoundException"), ("AWS::S3::Bucket", "NotImplementedException")],
)
def test_what_is_not_there_and_what_is_not_answered(kind: str, code: str) -> None:
    with pytest.raises(Fault) as refused:
        got(kind, "g")
    assert refused.value.code == code


def test_every_operation_is_answered_or_refused() -> None:
    assert set(OPERATIONS) | set(REFUSED) == set(service.load("cloudcontrol").model.operation_names)
