"""boto3's waiters and paginators of Lambda, all of them."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.e2e.conftest import RUNTIME, Server, package

ACCOUNT = "310000000003"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
CODE = {"ZipFile": package({"app.py": "def handler(event, context):\n    return 1\n"})}
QUICK = {"Delay": 0.02, "MaxAttempts": 1000}
COUNT = 5
LOADER = botocore.session.Session().get_component("data_loader")
PAGINATORS: dict[str, Any] = LOADER.load_service_model("lambda", "paginators-1")["pagination"]
WAITERS: dict[str, Any] = LOADER.load_service_model("lambda", "waiters-2")["waiters"]
NOT_BUILT = {
    "GetDurableExecutionHistory": {
        "DurableExecutionArn": "arn:aws:lambda:us-east-1:310000000003:function:f:1/durable-execution/a/b"
    },
    "GetDurableExecutionState": {
        "DurableExecutionArn": "arn:aws:lambda:us-east-1:310000000003:function:f:1/durable-execution/a/b",
        "CheckpointToken": "aaaa",
    },
    "ListDurableExecutionsByFunction": {"FunctionName": "f"},
    "ListCapacityProviders": {},
    "ListFunctionVersionsByCapacityProvider": {"CapacityProviderName": "p"},
}


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
    )


def create(client: Any, name: str, **settings: Any) -> Any:
    return client.create_function(
        FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=CODE, **settings
    )


@pytest.mark.parametrize("waiter", sorted(WAITERS))
def test_waiters_end(client: Any, waiter: str) -> None:
    name, asked = f"waits-{waiter}", {"FunctionName": f"waits-{waiter}"}
    create(client, name, Publish=True)
    if waiter == "PublishedVersionActive":
        asked["Qualifier"] = "1"
    if "Updated" in waiter:
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=QUICK)
        client.update_function_configuration(FunctionName=name, Timeout=9)
    client.get_waiter(botocore.xform_name(waiter)).wait(**asked, WaiterConfig=QUICK)
    client.delete_function(FunctionName=name)


def test_function_exists_waits_for_one_that_is_late(client: Any) -> None:
    later = threading.Timer(0.2, create, (client, "late"))
    later.start()
    client.get_waiter("function_exists").wait(FunctionName="late", WaiterConfig=QUICK)
    later.join()
    client.get_waiter("function_active_v2").wait(FunctionName="late", WaiterConfig=QUICK)
    client.delete_function(FunctionName="late")


def test_function_exists_gives_up(client: Any) -> None:
    with pytest.raises(WaiterError):
        client.get_waiter("function_exists").wait(FunctionName="never", WaiterConfig={"Delay": 0.01, "MaxAttempts": 3})


@pytest.fixture(scope="module")
def many(client: Any) -> Iterator[str]:
    """A function with several of everything that is listed; its code signing configuration's ARN."""
    create(client, "many")
    ready = client.get_waiter("function_updated_v2")
    client.get_waiter("function_active_v2").wait(FunctionName="many", WaiterConfig=QUICK)
    signing = [_signing(client) for _ in range(COUNT)]
    for number in range(COUNT):
        client.update_function_configuration(FunctionName="many", Timeout=10 + number)
        ready.wait(FunctionName="many", WaiterConfig=QUICK)
        version = client.publish_version(FunctionName="many")["Version"]
        client.create_alias(FunctionName="many", Name=f"a{number}", FunctionVersion=version)
        client.put_function_event_invoke_config(FunctionName="many", Qualifier=version, MaximumRetryAttempts=1)
        client.create_function_url_config(FunctionName="many", Qualifier=f"a{number}", AuthType="NONE")
        client.publish_layer_version(LayerName="layer", Content=CODE)
        client.publish_layer_version(LayerName=f"layer{number}", Content=CODE)
        client.put_provisioned_concurrency_config(
            FunctionName="many", Qualifier=version, ProvisionedConcurrentExecutions=1
        )
        client.create_event_source_mapping(FunctionName="many", EventSourceArn=_queue(client, number))
        create(client, f"many-{number}")
        client.put_function_code_signing_config(FunctionName=f"many-{number}", CodeSigningConfigArn=signing[0])
    yield signing[0]
    for name in ("many", *(f"many-{number}" for number in range(COUNT))):
        client.delete_function(FunctionName=name)


def _signing(client: Any) -> str:
    profile = "arn:aws:signer:us-east-1:310000000003:/signing-profiles/test"
    made = client.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [profile]})
    return str(made["CodeSigningConfig"]["CodeSigningConfigArn"])


def _queue(client: Any, number: int) -> str:
    sqs = boto3.client(
        "sqs",
        endpoint_url=client.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
    )
    sqs.create_queue(QueueName=f"q{number}")
    return f"arn:aws:sqs:us-east-1:310000000003:q{number}"


def _asked(operation: str, signing: str) -> tuple[dict[str, Any], Callable[[int], bool]]:
    """What an operation is asked, and how many there must be."""
    if operation == "ListFunctionsByCodeSigningConfig":
        return {"CodeSigningConfigArn": signing}, lambda count: count == COUNT
    if operation in {"ListFunctions", "ListCodeSigningConfigs", "ListLayers"}:
        return {}, lambda count: count >= COUNT
    if operation == "ListLayerVersions":
        return {"LayerName": "layer"}, lambda count: count == COUNT
    if operation == "ListVersionsByFunction":
        return {"FunctionName": "many"}, lambda count: count == COUNT + 1
    return {"FunctionName": "many"}, lambda count: count == COUNT


@pytest.mark.parametrize("operation", sorted(set(PAGINATORS) - set(NOT_BUILT)))
def test_paginators_find_everything_once(client: Any, many: str, operation: str) -> None:
    asked, enough = _asked(operation, many)
    paginator = client.get_paginator(botocore.xform_name(operation))
    key = PAGINATORS[operation]["result_key"]
    whole = [repr(item) for page in paginator.paginate(**asked) for item in page[key]]
    assert enough(len(whole)), whole
    pages = [page[key] for page in paginator.paginate(**asked, PaginationConfig={"PageSize": 2})]
    assert len(pages) > 2
    assert all(len(page) <= 2 for page in pages)
    assert [repr(item) for page in pages for item in page] == whole


@pytest.mark.parametrize("operation", sorted(NOT_BUILT))
def test_paginators_of_what_is_not_built_say_so(client: Any, operation: str) -> None:
    paginator = client.get_paginator(botocore.xform_name(operation))
    with pytest.raises(ClientError, match=f"Lambent does not support lambda:{operation}"):
        list(paginator.paginate(**NOT_BUILT[operation]))
