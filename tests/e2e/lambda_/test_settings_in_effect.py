"""Settings of functions on a real server: in effect, refused, or reported, and as durable as the functions."""

import json
import signal
import threading
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import ROLE, RUNTIME, Deploy, Server, package

WAITS = """
import time

def handler(event, context):
    time.sleep(event.get("seconds", 0))
    return "done"
"""


def throttled(call: Callable[..., Any], **asked: Any) -> str:
    """The reason of the 429 that a call answers."""
    with pytest.raises(ClientError) as caught:
        call(**asked)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    return str(answer["Reason"])


def findings(server: Server) -> dict[str, str]:
    """What the server reports: resource -> code."""
    with urllib.request.urlopen(f"{server.endpoint}/_lambent/findings") as page:
        return {one["resource"]: one["code"] for one in json.load(page)["findings"]}


def test_a_reservation_is_kept_and_enforced(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(WAITS, Timeout=20)
    reserved = "ReservedFunctionConcurrentInvocationLimitExceeded"
    asked = {"FunctionName": name, "Payload": b"{}"}
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert throttled(client.invoke, **asked) == reserved
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    assert client.invoke(**asked)["Payload"].read() == b'"done"'
    slow = threading.Thread(target=_insist, args=(server, {**asked, "Payload": b'{"seconds": 1}'}))
    slow.start()
    reasons = []
    while slow.is_alive() and not reasons:
        try:
            client.invoke(**asked)
        except ClientError as error:
            reasons.append(error.response["Reason"])
    slow.join()
    assert reasons == [reserved]
    client.delete_function_concurrency(FunctionName=name)
    assert client.invoke(**asked)["StatusCode"] == 200


def _insist(server: Server, asked: dict[str, Any]) -> None:
    """Invoke until it is not throttled."""
    client = server.client("lambda")
    while True:
        try:
            client.invoke(**asked)
        except client.exceptions.TooManyRequestsException:
            continue
        return


def test_an_event_that_is_throttled_is_reported(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(WAITS)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    answer = client.invoke_async(FunctionName=name, InvokeArgs=b"{}")
    assert (answer["Status"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (202, 202)
    client.get_function(FunctionName=name)  # by now the event has had its turn
    assert (
        findings(server)[f"arn:aws:lambda:us-east-1:000000000000:function:{name}"]
        == "event-dropped/ZeroReservedConcurrency"
    )


def test_the_account_has_a_limit(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(WAITS)
    before = client.get_account_settings()["AccountLimit"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)
    after = client.get_account_settings()["AccountLimit"]
    assert before["UnreservedConcurrentExecutions"] - after["UnreservedConcurrentExecutions"] == 7


def test_sources_are_looked_for_where_they_are(server: Server, deploy: Deploy) -> None:
    client, name = server.client("lambda"), deploy(WAITS, Timeout=10)
    queues, streams = server.client("sqs"), server.client("kinesis")
    own = uuid.uuid4().hex
    url = queues.create_queue(QueueName=own, Attributes={"VisibilityTimeout": "9"})["QueueUrl"]
    streams.create_stream(StreamName=own, ShardCount=1)
    queue, stream = f"arn:aws:sqs:us-east-1:000000000000:{own}", f"arn:aws:kinesis:us-east-1:000000000000:stream/{own}"

    def create(source: str, **more: Any) -> Any:
        return client.create_event_source_mapping(FunctionName=name, EventSourceArn=source, **more)

    for source, more, words in (
        (f"{queue}-no", {}, "NonExistentQueue"),
        (f"{stream}-no", {"StartingPosition": "LATEST"}, "Stream not found"),
        (queue, {}, "Queue visibility timeout: 9 seconds is less than Function timeout: 10 seconds"),
    ):
        with pytest.raises(client.exceptions.InvalidParameterValueException, match=words):
            create(source, **more)
    queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    made = [create(queue), create(stream, StartingPosition="LATEST")]
    assert [one["ResponseMetadata"]["HTTPStatusCode"] for one in made] == [202, 202]
    for one in made:
        assert findings(server).get(one["EventSourceMappingArn"]) != "stored-only/event-source-mapping"
        client.delete_event_source_mapping(UUID=one["UUID"])
    queues.delete_queue(QueueUrl=url)
    streams.delete_stream(StreamName=own)


def test_settings_survive_the_death_of_the_server(own_server: Callable[..., Server]) -> None:
    first = own_server()
    client = first.client("lambda")
    code = {"ZipFile": package({"app.py": WAITS})}
    client.create_function(FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=ROLE, Code=code)
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    url = client.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    client.publish_version(FunctionName="f")
    client.put_provisioned_concurrency_config(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    first.stop(signal.SIGKILL)
    second = own_server()
    client = second.client("lambda")
    assert throttled(client.invoke, FunctionName="f") == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert client.invoke(FunctionName="f", Qualifier="1", Payload=b"{}")["Payload"].read() == b'"done"'
    kept = client.get_function_url_config(FunctionName="f")["FunctionUrl"]
    assert kept.split(".")[0] == url.split(".")[0]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    assert findings(second) == {arn: "url-public"}
