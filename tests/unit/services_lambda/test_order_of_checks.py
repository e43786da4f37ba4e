"""What is wrong with a request's arguments is told before what is there or not."""

from typing import Any

import pytest
from plane import Plane, package

LAYER = "arn:aws:lambda:{}:111111111111:layer:{}:1"
ELSEWHERE = [LAYER.format("eu-central-1", "l")]
SIX = [LAYER.format("us-east-1", name) for name in "abcdef"]
NO_SOURCE = "Please provide a source for function code."
TOO_MANY = "Cannot reference more than 5 layers."
NOT_HERE = "Layers are not in the same region as the function. Layers are expected to be in region us-east-1."


@pytest.mark.parametrize(("layers", "text"), [(ELSEWHERE, NOT_HERE), (SIX, TOO_MANY)])
def test_layers_come_before_the_name(stage, layers: list[str], text: str) -> None:
    async def scene(plane: Plane) -> None:
        await plane.create()
        params: dict[str, Any] = {"Runtime": "python3.12", "Handler": "h.h", "Role": "arn:aws:iam::111111111111:role/r"}
        params |= {"FunctionName": "f", "Code": {"ZipFile": package()}, "Layers": layers}
        assert (await plane.refused("CreateFunction", **params)).message == text
        fault = await plane.refused("UpdateFunctionConfiguration", FunctionName="missing", Layers=layers)
        assert fault.message == text
        fault = await plane.refused("CreateFunction", **(params | {"Layers": []}))
        assert fault.message == "Function already exist: f"

    stage(scene)


QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/2026-01-01T00:00:00.000"
MISSING = [
    ("DeleteFunction", {"Qualifier": "$LATEST"}, "$LATEST version cannot be deleted without deleting the function."),
    ("DeleteFunction", {"Qualifier": "live"}, "Deletion of aliases is not currently supported."),
    ("UpdateFunctionCode", {}, NO_SOURCE),
    (
        "UpdateFunctionCode",
        {"ZipFile": b"z", "S3Key": "k"},
        "Please do not provide other FunctionCode parameters when providing a ZipFile.",
    ),
    ("PutFunctionEventInvokeConfig", {}, "You must specify at least one of error handling or destination setting."),
    ("UpdateFunctionEventInvokeConfig", {}, "You must specify at least one of error handling or destination setting."),
    (
        "CreateFunctionUrlConfig",
        {"AuthType": "NONE", "Cors": {"AllowOrigins": []}},
        "You can't leave AllowOrigins as empty when Cors is enabled.",
    ),
    (
        "CreateAlias",
        {
            "Name": "a",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5, "3": 0.1}},
        },
        "Number of items in AdditionalVersionWeights cannot be greater than 1",
    ),
    (
        "CreateEventSourceMapping",
        {"EventSourceArn": QUEUE, "BatchSize": 11},
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    ),
    (
        "CreateEventSourceMapping",
        {"EventSourceArn": TABLE, "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1.0},
        f"Unsupported starting position for arn type: {TABLE}",
    ),
    (
        "CreateEventSourceMapping",
        {"EventSourceArn": QUEUE, "FilterCriteria": {"Filters": [{"Pattern": "x"}]}},
        "Invalid filter pattern definition.",
    ),
    (
        "PutProvisionedConcurrencyConfig",
        {"Qualifier": "$LATEST", "ProvisionedConcurrentExecutions": 1},
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    ),
    (
        "AddPermission",
        {
            "Qualifier": "$LATEST",
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
        },
        "We currently do not support adding policies for $LATEST.",
    ),
]


@pytest.mark.parametrize(("operation", "params", "text"), MISSING, ids=[f"{one[0]}-{one[2][:20]}" for one in MISSING])
def test_arguments_come_before_existence(stage, operation: str, params: dict[str, Any], text: str) -> None:
    async def scene(plane: Plane) -> None:
        fault = await plane.refused(operation, FunctionName="missing", **params)
        assert (fault.code, fault.message) == ("InvalidParameterValueException", text)

    stage(scene)


@pytest.mark.parametrize("operation", ["PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"])
def test_a_function_is_asked_for_before_its_config(stage, operation: str) -> None:
    async def scene(plane: Plane) -> None:
        fault = await plane.refused(operation, FunctionName="missing", MaximumRetryAttempts=0)
        assert (fault.code, fault.message) == ("ResourceNotFoundException", "The function doesn't exist.")

    stage(scene)
