"""Event invoke configs, runtime management and recursion: what is stored, refused and reported."""

import pytest
from plane import Plane
from settings_answers import ARN, Recorded, function

QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"


def test_the_life_of_an_event_invoke_config(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_lambda_eventinvokeconfig_lifecycle")
        await function(plane)
        f, put = {"FunctionName": "f"}, "PutFunctionEventInvokeConfig"
        update, get = "UpdateFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig"
        await said("put_invokeconfig_retries_0", put, **f, MaximumRetryAttempts=0)
        await said("put_invokeconfig_eventage_60", put, **f, MaximumEventAgeInSeconds=60)
        await said("update_invokeconfig_eventage_nochange", update, **f, MaximumEventAgeInSeconds=60)
        await said("update_invokeconfig_retries", update, **f, MaximumRetryAttempts=1)
        await said("get_invokeconfig", get, **f)
        await said("get_invokeconfig_latest", get, **f, Qualifier="$LATEST")
        await said("list_single_invokeconfig", "ListFunctionEventInvokeConfigs", **f)
        await plane.call("PublishVersion", **f)
        await plane.settle()
        await said.refused("get_invokeconfig_postpublish", get, **f, Qualifier="1")
        await said("put_published_invokeconfig", put, **f, Qualifier="1", MaximumEventAgeInSeconds=120)
        await said("get_published_invokeconfig", get, **f, Qualifier="1")
        first = await plane.call("ListFunctionEventInvokeConfigs", **f, MaxItems=1)
        rest = await plane.call("ListFunctionEventInvokeConfigs", **f, MaxItems=1, Marker=first["NextMarker"])
        assert [page["FunctionEventInvokeConfigs"][0]["FunctionArn"][-2:] for page in (first, rest)] == ["ST", ":1"]
        assert "NextMarker" not in rest
        await plane.call("DeleteFunctionEventInvokeConfig", **f)
        await said("list_paging_nolimit_postdelete", "ListFunctionEventInvokeConfigs", **f)
        await plane.refused("DeleteFunctionEventInvokeConfig", **f)
        assert plane.findings == []

    stage(scene)


def test_an_event_invoke_config_that_is_not_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        get = "GetFunctionEventInvokeConfig"
        said = Recorded(plane, "test_ops_on_nonexisting_fn[get_function_event_invoke_config]")
        await said.refused("not_found_exception", get, FunctionName="doesnotexist")
        said = Recorded(plane, "test_ops_on_nonexisting_version[get_function_event_invoke_config]")
        await said.refused("version_not_found_exception", get, FunctionName="f", Qualifier="1221")

    stage(scene)


def test_destinations_are_shown(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_reserved_concurrency")
        await function(plane)
        config = {"OnFailure": {"Destination": QUEUE}, "OnSuccess": {}}
        put = {"FunctionName": "f", "MaximumRetryAttempts": 0, "DestinationConfig": config}
        await said("put_event_invoke_conf", "PutFunctionEventInvokeConfig", **put)
        changed = {"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}}
        answer = await plane.call("UpdateFunctionEventInvokeConfig", FunctionName="f", **changed)
        assert answer["DestinationConfig"] == {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {}}
        assert answer["MaximumRetryAttempts"] == 0

    stage(scene)


REFUSED = [
    ("OnFailure", f"{QUEUE}.fifo"),
    ("OnSuccess", "arn:aws:sns:us-east-1:111111111111:t.fifo"),
    ("OnSuccess", "arn:aws:s3:::bucket"),
    ("OnFailure", "arn:aws:iam::111111111111:role/r"),
    ("OnFailure", "arn:aws:sqs:us-east-1:q"),
    ("OnFailure", "kafka://topic"),
    ("OnFailure", f"{ARN}missing"),
    ("OnFailure", f"{ARN}g:7"),
]
ACCEPTED = [
    ("OnSuccess", QUEUE),
    ("OnFailure", "arn:aws:sns:us-east-1:111111111111:t"),
    ("OnFailure", "arn:aws:s3:::bucket"),
    ("OnSuccess", "arn:aws:events:us-east-1:111111111111:event-bus/default"),
    ("OnSuccess", f"{ARN}g"),
    ("OnSuccess", f"{ARN}g:$LATEST"),
    ("OnSuccess", f"{ARN}f2"),
    ("OnSuccess", "arn:aws:lambda:eu-west-1:222222222222:function:anything"),
]


def _refusal(outcome: str, destination: str) -> str:
    if destination.startswith(ARN):
        return f"The destination ARN {destination} is invalid."
    shown = {"OnSuccess": "null", "OnFailure": "null", outcome: f"{outcome}(destination={destination})"}
    config = f"onSuccess={shown['OnSuccess']}, onFailure={shown['OnFailure']}"
    return f"The provided destination config DestinationConfig({config}) is invalid."


def test_where_events_can_go(stage) -> None:
    async def scene(plane: Plane) -> None:
        for name in ("f", "f2", "g"):
            await function(plane, name)
        put = "PutFunctionEventInvokeConfig"
        for outcome, destination in ACCEPTED:
            config = {outcome: {"Destination": destination}}
            await plane.call(put, FunctionName="f", DestinationConfig=config)
        for outcome, destination in REFUSED:
            config = {outcome: {"Destination": destination}}
            fault = await plane.refused(put, FunctionName="f", DestinationConfig=config)
            assert fault.message == _refusal(outcome, destination)
        for itself in (f"{ARN}f", f"{ARN}f:$LATEST"):
            config = {"OnFailure": {"Destination": itself}}
            fault = await plane.refused(put, FunctionName="f", DestinationConfig=config)
            assert fault.message == "You can't specify the function as a destination for itself."
        fault = await plane.refused(put, FunctionName="f")
        assert fault.code == "InvalidParameterValueException"
        fault = await plane.refused(put, FunctionName="f", Qualifier="9", MaximumRetryAttempts=0)
        assert fault.code == "ResourceNotFoundException"

    stage(scene)


def test_settings_of_an_alias_go_with_it(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, version=True)
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        live = {"FunctionName": "f", "Qualifier": "live"}
        await plane.call("PutFunctionEventInvokeConfig", **live, MaximumRetryAttempts=0)
        await plane.call("PutProvisionedConcurrencyConfig", **live, ProvisionedConcurrentExecutions=1)
        await plane.call("DeleteAlias", FunctionName="f", Name="live")
        assert plane.findings == []
        await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
        for operation in ("GetFunctionEventInvokeConfig", "GetProvisionedConcurrencyConfig"):
            assert "NotFound" in (await plane.refused(operation, **live)).code
        assert plane.concurrency["f"] == (None, {})

    stage(scene)


def test_recursion(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        get = "GetFunctionRecursionConfig"
        said = Recorded(plane, "test_put_function_recursion_config_default_terminate")
        await said("get_recursion_default_terminate_response", get, FunctionName="f")
        said = Recorded(plane, "test_put_function_recursion_config_allow")
        put = {"FunctionName": "f", "RecursiveLoop": "Allow"}
        await said("put_recursion_config_response", "PutFunctionRecursionConfig", **put)
        await said("get_recursion_config_response", get, FunctionName="f")
        await plane.call("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Terminate")
        assert plane.findings == []
        assert (await plane.refused(get, FunctionName="no")).code == "ResourceNotFoundException"

    stage(scene)


def test_runtime_management(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, version=True)
        get, put, f = "GetRuntimeManagementConfig", "PutRuntimeManagementConfig", {"FunctionName": "f"}
        auto = {"UpdateRuntimeOn": "Auto", "FunctionArn": f"{ARN}f:$LATEST"}
        assert await plane.call(get, **f) == auto
        pinned = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": "arn:aws:lambda:us-east-1::runtime:abc"}
        answer = await plane.call(put, **f, Qualifier="1", **pinned)
        assert answer == {"FunctionArn": f"{ARN}f:1", **pinned}
        assert await plane.call(get, **f, Qualifier="1") == answer
        assert await plane.call(get, **f) == auto
        assert [finding.resource for finding in plane.findings] == [f"{ARN}f:1"]
        await plane.call(put, **f, Qualifier="1", UpdateRuntimeOn="Auto")
        assert plane.findings == []

    stage(scene)


@pytest.mark.parametrize(
    "said",
    [
        {"UpdateRuntimeOn": "Manual"},
        {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": "arn:aws:lambda:us-east-1::runtime:abc"},
    ],
)
def test_runtime_management_that_is_refused(stage, said) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane)
        fault = await plane.refused("PutRuntimeManagementConfig", FunctionName="f", **said)
        assert fault.code == "InvalidParameterValueException"

    stage(scene)
