"""Environments that are really started ahead of their invocations."""

import base64
import json
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, TIMEOUT, Deploy, Server, package

TELLS = """
import os, time, uuid

ID = str(uuid.uuid4())
FIRST = True

def handler(event, context):
    global FIRST
    was, FIRST = FIRST, False
    time.sleep(event.get("seconds", 0))
    if event.get("exit"):
        os._exit(3)
    return [ID, os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], was, context.log_stream_name]
"""
FAILS = "raise RuntimeError('no')\n\ndef handler(event, context): pass\n"
SECONDS = 60


def until(done: Callable[[], Any]) -> Any:
    """What `done` answers, once that is something."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := done():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {SECONDS} s")


def allocated(client: Any, name: str, qualifier: str) -> Any:
    """The config, when it is IN_PROGRESS no more."""

    def settled() -> Any:
        config = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        return config if config["Status"] != "IN_PROGRESS" else None

    return until(settled)


def provision(client: Any, name: str, qualifier: str, places: int) -> Any:
    """Ask for environments and wait for them."""
    asked = {"FunctionName": name, "Qualifier": qualifier}
    put = client.put_provisioned_concurrency_config(**asked, ProvisionedConcurrentExecutions=places)
    assert put["Status"] == "IN_PROGRESS"
    return allocated(client, name, qualifier)


def run(client: Any, name: str, qualifier: str, payload: bytes = b"{}") -> Any:
    """What the function tells, and its log."""
    answer = client.invoke(FunctionName=name, Qualifier=qualifier, Payload=payload, LogType="Tail")
    return json.loads(answer["Payload"].read()), base64.b64decode(answer["LogResult"]).decode()


def counts(config: Any) -> tuple[int, int, int, str]:
    members = [f"{what}ProvisionedConcurrentExecutions" for what in ("Requested", "Allocated", "Available")]
    return (*(config[member] for member in members), config["Status"])


def test_environments_stand_ready_before_the_first_invocation(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(TELLS)
    client.publish_version(FunctionName=name)
    assert counts(provision(client, name, "1", 2)) == (2, 2, 2, "READY")
    events = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert sum(event["message"].startswith("INIT_START") for event in events) == 2
    (_, how, first, _), log = run(client, name, "1")
    assert (how, first) == ("provisioned-concurrency", True)
    assert "INIT_START" not in log
    (_, how, _, _), _ = run(client, name, "$LATEST")
    assert how == "on-demand"
    client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    assert run(client, name, "1")[0][1] == "on-demand"


def test_a_failed_initialisation_fails_the_config(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(FAILS)
    client.publish_version(FunctionName=name)
    config = provision(client, name, "1", 2)
    assert counts(config) == (2, 0, 0, "FAILED")
    assert config["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    client.update_function_code(FunctionName=name, ZipFile=package({"app.py": TELLS}))
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    client.publish_version(FunctionName=name)
    assert counts(provision(client, name, "2", 1)) == (1, 1, 1, "READY")


def test_what_ends_is_replaced(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(TELLS)
    client.publish_version(FunctionName=name)
    provision(client, name, "1", 1)
    before = run(client, name, "1")[0]
    with pytest.raises(ValueError, match="exited"):
        tell = run(client, name, "1", b'{"exit": true}')[0]
        raise ValueError(tell["errorMessage"])
    after = until(lambda: _provisioned(run(client, name, "1")[0]))
    assert after[0] != before[0]
    assert after[2] is True
    assert counts(allocated(client, name, "1")) == (1, 1, 1, "READY")


def _provisioned(told: list[Any]) -> list[Any] | None:
    return told if told[1] == "provisioned-concurrency" else None


def test_beyond_them_invocations_spill_over(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(TELLS, Timeout=20)
    client.publish_version(FunctionName=name)
    provision(client, name, "1", 2)
    with ThreadPoolExecutor(3) as pool:
        told = [pool.submit(run, server.client("lambda"), name, "1", b'{"seconds": 0.5}') for _ in range(3)]
        kinds = sorted(one.result()[0][1] for one in told)
    assert kinds == ["on-demand", "provisioned-concurrency", "provisioned-concurrency"]
    with pytest.raises(ClientError, match="Rate Exceeded"):
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
        client.invoke(FunctionName=name)
    assert metrics_of(server, name) >= {
        ("Invocations", 3.0),
        ("Errors", 0.0),
        ("Throttles", 1.0),
        ("ConcurrentExecutions", 3.0),
        ("ProvisionedConcurrencyInvocations", 2.0),
        ("ProvisionedConcurrencySpilloverInvocations", 1.0),
        ("ProvisionedConcurrentExecutions", 2.0),
        ("ProvisionedConcurrencyUtilization", 1.0),
    }


def metrics_of(server: Server, name: str) -> set[tuple[str, float]]:
    """The sums of a function's metrics since the server's start, which were never read before."""
    found = server.page("metrics")["metrics"]
    return {(one["MetricName"], one["Sum"]) for one in found if one["Dimensions"] == {"FunctionName": name}}


def test_an_alias_takes_them_with_it(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(TELLS)
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    provision(client, name, "live", 2)
    assert run(client, name, "live")[0][1] == "provisioned-concurrency"
    client.update_function_configuration(FunctionName=name, Timeout=9)
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    client.publish_version(FunctionName=name)
    weights = {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}}
    client.update_alias(FunctionName=name, Name="live", **weights)
    assert counts(allocated(client, name, "live")) == (2, 2, 2, "READY")
    assert [run(client, name, version)[0][1] for version in "12"] == ["provisioned-concurrency"] * 2
    asked = {"FunctionName": name, "Qualifier": "live", "ProvisionedConcurrentExecutions": 3}
    with pytest.raises(ClientError, match="Alias with weights can not be used with Provisioned Concurrency"):
        client.put_provisioned_concurrency_config(**asked)
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2", RoutingConfig={})
    assert counts(allocated(client, name, "live")) == (2, 2, 2, "READY")
    until(lambda: run(client, name, "1")[0][1] == "on-demand")


def test_they_are_there_again_after_a_crash_of_the_server(own_server: Callable[..., Server]) -> None:
    first = own_server(env={"LAMBENT_IDLE_SECONDS": "0"})
    client = first.client("lambda")
    code = {"ZipFile": package({"app.py": TELLS})}
    client.create_function(
        FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, Timeout=TIMEOUT
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    client.publish_version(FunctionName="f")
    provision(client, "f", "1", 2)
    kept = {run(client, "f", "1")[0][0] for _ in range(5)}
    assert len(kept) <= 2  # keep-alive does not end them
    first.stop(signal.SIGKILL)
    second = own_server()
    client = second.client("lambda")
    assert counts(allocated(client, "f", "1")) == (2, 2, 2, "READY")
    told = run(client, "f", "1")[0]
    assert told[1] == "provisioned-concurrency"
    assert told[0] not in kept
    client.delete_function(FunctionName="f")
    until(lambda: second.page("health")["environments"] == 0)
    assert second.stop() == 0


@pytest.mark.parametrize("short", [True, False], ids=["short road", "chain"])
def test_a_throttle_is_the_same_on_both_roads(server: Server, deploy: Deploy, short: bool) -> None:
    client, name = server.client("lambda"), deploy(TELLS)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    more = {} if short else {"ClientContext": "e30="}
    reasons: dict[str, str | None] = {}
    for _ in range(40):
        try:
            client.invoke(FunctionName=name, **more)
        except ClientError as error:
            answer = error.response
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
            assert answer["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
            reasons[answer["Reason"]] = answer.get("retryAfterSeconds")
    assert reasons == {"ReservedFunctionInvocationRateLimitExceeded": "1"}
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName=name, **more)
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert "retryAfterSeconds" not in caught.value.response


def test_the_account_s_limit_is_a_setting(own_server: Callable[..., Server]) -> None:
    client = own_server(env={"LAMBENT_CONCURRENCY": "110"}).client("lambda")
    code = {"ZipFile": package({"app.py": TELLS})}
    client.create_function(
        FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code, Timeout=TIMEOUT
    )
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=10)
    limits = client.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (110, 100)
    with pytest.raises(ClientError, match=r"below its minimum value of \[100\]"):
        client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=11)
