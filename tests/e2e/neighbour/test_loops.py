"""Functions that call themselves through other services: stopped where AWS stops them, told where it does not."""

import json
import re
import time
import uuid
from typing import Any

import pytest

from tests.e2e.conftest import Deploy, Server
from tests.e2e.neighbour.test_deliveries import ARN, Queue, found, until_found

THROUGH_SNS = """
import boto3
def handler(event, context):
    print("ROUND")
    boto3.client("sns").publish(TopicArn=TARGET, Message="again")
"""
THROUGH_S3 = """
import boto3, uuid
def handler(event, context):
    print("ROUND")
    boto3.client("s3").put_object(Bucket=TARGET, Key=uuid.uuid4().hex, Body=b"again")
"""
THROUGH_EVENTS = """
import boto3
def handler(event, context):
    n = event["detail"]["n"] if "detail" in event else 0
    print("ROUND")
    if n < 20:
        entry = {"Source": TARGET, "DetailType": "t", "Detail": '{"n": %d}' % (n + 1)}
        boto3.client("events").put_events(Entries=[entry])
"""
PLAIN = """
import http.client, json, os
def handler(event, context):
    print("ROUND")
    if event["n"] == 20:
        return "deep"
    where = f"/2015-03-31/functions/{context.function_name}/invocations"
    whose = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/lambda/aws4_request"
    headers = {"Authorization": "AWS4-HMAC-SHA256 " + whose, **event["headers"]}
    connection = http.client.HTTPConnection(os.environ["AWS_ENDPOINT_URL"].partition("//")[2])
    connection.request("POST", where, json.dumps({**event, "n": event["n"] + 1}), headers)
    return connection.getresponse().read().decode()
"""
"""Calls itself over plain HTTP: no SDK, and no trace header."""
THROUGH_S3_PLAIN = """
import http.client, os, uuid
def handler(event, context):
    print("ROUND")
    n = int(event["Records"][0]["s3"]["object"]["key"].partition("-")[0]) if "Records" in event else 0
    if n < 20:
        whose = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/s3/aws4_request"
        connection = http.client.HTTPConnection(os.environ["AWS_ENDPOINT_URL"].partition("//")[2])
        connection.request("PUT", f"/{TARGET}/{n + 1}-x", b"x", {"Authorization": "AWS4-HMAC-SHA256 " + whose})
        assert connection.getresponse().status == 200
"""
THROUGH_SQS_PLAIN = """
import http.client, json, os
def handler(event, context):
    whose = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/sqs/aws4_request"
    headers = {"Authorization": "AWS4-HMAC-SHA256 " + whose, "Content-Type": "application/x-amz-json-1.0"}
    headers["X-Amz-Target"] = "AmazonSQS.SendMessage"
    connection = http.client.HTTPConnection(os.environ["AWS_ENDPOINT_URL"].partition("//")[2])
    connection.request("POST", "/", json.dumps({"QueueUrl": TARGET, "MessageBody": "x"}), headers)
    assert connection.getresponse().status == 200
"""


def rounds(server: Server, name: str) -> int:
    """How often the function ran, by its log."""
    logs = server.client("logs")
    try:
        said = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern='"ROUND"')
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return len(said["events"])


def said(server: Server, name: str) -> str:
    """The function's log."""
    events = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return "".join(one["message"] for one in events)


def until_rounds(server: Server, name: str, count: int) -> int:
    """How often it has run by the time that it no longer does, if that is at least `count`."""
    end = time.monotonic() + 120
    while rounds(server, name) < count:
        assert time.monotonic() < end, said(server, name)
        time.sleep(0.05)
    time.sleep(0.5)
    return rounds(server, name)


def dropped(server: Server, name: str) -> float:
    return sum(
        one["Sum"]
        for one in server.page("metrics")["metrics"]
        if (one["MetricName"], one["Dimensions"]) == ("RecursiveInvocationsDropped", {"FunctionName": name})
    )


def start(server: Server, name: str, event: Any = None) -> None:
    server.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event or {}))


def looping(server: Server, deploy: Deploy, code: str, target: str, **settings: Any) -> tuple[str, str]:
    """A function that sends to `target`; its name and ARN."""
    name = f"loop-{uuid.uuid4().hex[:8]}"
    deploy(code.replace("TARGET", repr(target)), FunctionName=name, Timeout=300, **settings)
    for service in ("sns", "s3", "events"):
        server.client("lambda").add_permission(
            FunctionName=name, StatementId=service, Action="lambda:InvokeFunction", Principal=f"{service}.amazonaws.com"
        )
    return name, ARN.format("lambda", f"function:{name}")


def looping_through_bucket(server: Server, deploy: Deploy, source: str, bucket: str) -> tuple[str, str]:
    """Name and ARN of a function that whatever is put into the bucket invokes."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket=bucket)
    name, arn = looping(server, deploy, source, bucket)
    one = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [one]}
    )
    return name, arn


def test_a_loop_through_a_topic_is_stopped_after_16_rounds(server: Server, deploy: Deploy) -> None:
    letters = Queue(server, "letters-of-sns")
    topic = server.client("sns").create_topic(Name="round")["TopicArn"]
    name, arn = looping(server, deploy, THROUGH_SNS, topic, DeadLetterConfig={"TargetArn": letters.arn})
    server.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    start(server, name)
    assert letters.document()["Records"][0]["Sns"]["Message"] == "again"
    assert until_rounds(server, name, 16) == 16
    assert (list(found(server, arn)), dropped(server, name)) == (["recursive-loop"], 1)
    letters.client.delete_queue(QueueUrl=letters.url)


def test_a_loop_through_a_bucket_is_stopped_after_16_rounds(server: Server, deploy: Deploy) -> None:
    name, arn = looping_through_bucket(server, deploy, THROUGH_S3, "round")
    start(server, name)
    until_found(server, arn, "recursive-loop")
    assert until_rounds(server, name, 16) == 16
    assert dropped(server, name) == 1
    assert len(server.client("s3").list_objects_v2(Bucket="round")["Contents"]) == 16


def test_a_loop_that_is_allowed_runs_on_and_nothing_is_said(server: Server, deploy: Deploy) -> None:
    topic = server.client("sns").create_topic(Name="allowed")["TopicArn"]
    name, arn = looping(server, deploy, THROUGH_SNS, topic)
    server.client("lambda").put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    subscribed = server.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)["SubscriptionArn"]
    start(server, name)
    until_rounds(server, name, 20)
    server.client("sns").unsubscribe(SubscriptionArn=subscribed)
    assert found(server, arn) == {}
    assert dropped(server, name) == 0


def test_a_message_of_a_topic_in_a_queue_carries_the_lineage_on(server: Server, deploy: Deploy) -> None:
    queue = Queue(server, "lineage")
    topic = server.client("sns").create_topic(Name="lineage")["TopicArn"]
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    name, _ = looping(server, deploy, THROUGH_SNS, topic)
    answer = server.client("lambda").invoke(FunctionName=name)
    [message] = queue.messages()
    given = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    assert re.search(r";Lineage=1:[0-9a-f]{8}:0$", given)
    assert message["Attributes"]["AWSTraceHeader"] == given
    queue.client.delete_queue(QueueUrl=queue.url)


def test_a_loop_through_event_bridge_is_told_and_not_stopped(server: Server, deploy: Deploy) -> None:
    events = server.client("events")
    name, arn = looping(server, deploy, THROUGH_EVENTS, "app.round")
    events.put_rule(Name="round", EventPattern=json.dumps({"source": ["app.round"]}))
    events.put_targets(Rule="round", Targets=[{"Id": "1", "Arn": arn}])
    start(server, name)
    assert until_rounds(server, name, 21) == 21
    assert list(found(server, arn)) == ["unseen-loop"]
    assert "through events, which AWS does not watch" in found(server, arn)["unseen-loop"]
    assert dropped(server, name) == 0


@pytest.mark.parametrize("headers", [{}, {"X-Amz-Invocation-Type": "Event"}], ids=["called", "sent"])
def test_a_loop_without_trace_headers_is_told_and_not_stopped(
    server: Server, deploy: Deploy, headers: dict[str, str]
) -> None:
    name, arn = looping(server, deploy, PLAIN, "")
    start(server, name, {"n": 0, "headers": headers})
    assert until_rounds(server, name, 21) == 21
    assert list(found(server, arn)) == ["unseen-loop"]
    assert "calls that carry no trace header" in found(server, arn)["unseen-loop"]


def test_a_loop_through_a_bucket_without_trace_headers_is_told(server: Server, deploy: Deploy) -> None:
    name, arn = looping_through_bucket(server, deploy, THROUGH_S3_PLAIN, "plain-round")
    start(server, name)
    assert until_rounds(server, name, 21) == 21
    assert list(found(server, arn)) == ["unseen-loop"]


def test_a_message_sent_without_a_trace_header_is_known_to_come_from_the_function(
    server: Server, deploy: Deploy
) -> None:
    queue = Queue(server, "plain")
    code = THROUGH_SQS_PLAIN.replace("TARGET", repr(queue.url))
    server.client("lambda").invoke(FunctionName=deploy(code))
    [message] = queue.messages()
    assert re.fullmatch(r"Root=[^;]+;.*;Unwatched=plain:[0-9a-f]{8}:0", message["Attributes"]["AWSTraceHeader"])
    queue.client.delete_queue(QueueUrl=queue.url)


def test_allowed_loops_that_aws_does_not_see_are_not_told(server: Server, deploy: Deploy) -> None:
    name, arn = looping(server, deploy, PLAIN, "")
    server.client("lambda").put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    start(server, name, {"n": 0, "headers": {"X-Amz-Invocation-Type": "Event"}})
    assert until_rounds(server, name, 21) == 21
    assert found(server, arn) == {}
