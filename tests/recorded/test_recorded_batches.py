"""Queues and streams drive functions: what AWS's functions were seen to get, and what became of what failed.

On a clock that runs ten times as fast: windows and pauses between attempts are not waited out.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Server, start
from tests.recorded import conftest
from tests.recorded.replaying import REGION, Endpoint, Said, package, replays, variant, variants, wait_until
from tests.recorded.test_recorded_sources import asked_of, enabled, kinesis_stream, queue, with_patterns

QUEUES = "sqs::TestSQSEventSourceMapping::test_sqs_event"
STREAMS = "kinesis::TestKinesisSource::test_"
TABLES = "dynamodbstreams::TestDynamoDBEventSourceMapping::test_"
CREATED = "create_event_source_mapping_response"
QUEUE_CREATED = "create-event-source-mapping-response"

TELLS = """import json, os


def handler(event, context):
    print("SAW " + json.dumps({shown}))
    {then}
"""


@pytest.fixture(scope="module")
def fast_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"LAMBENT_RUNTIME_MAP": conftest.runtime_map(), "LAMBENT_TIME_SCALE": "10"}
    running = start(tmp_path_factory.mktemp("fast"), env=env)
    yield running
    assert running.stop() == 0, "".join(running.output)


@pytest.fixture
def aws(fast_server: Server) -> Iterator[Endpoint]:
    """The server, as an account that nobody used before."""
    yield from conftest.account(fast_server)


def code(then: str = "return None", shown: str = "event") -> dict[str, bytes]:
    """A function that says what it saw."""
    return {"ZipFile": package(TELLS.format(shown=shown, then=then))}


def seen(aws: Endpoint, count: int, name: str = "f") -> list[Any]:
    """What the function has seen, when it is `count` events."""

    def found() -> list[Any] | None:
        logs = aws.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{name}", filterPattern="SAW"
            )
            events = [json.loads(one["message"].partition("SAW ")[2]) for page in pages for one in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return events if len(events) >= count else None

    return list(wait_until(found))


def mapped(aws: Endpoint, said: Said, key: str, source: str, function: str = "f") -> Any:
    """The mapping of a recorded answer, when it is enabled."""
    made = aws.lambda_.create_event_source_mapping(**asked_of(aws, said.answers[key], source, function))
    said(key, made, with_patterns)
    enabled(aws.lambda_, made["UUID"])
    return made


def send(aws: Endpoint, *bodies: str, name: str = "q") -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def received(aws: Endpoint, name: str) -> Any:
    """ReceiveMessage's answer, once there is a message; its bodies parsed."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def ask() -> Any:
        answer = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0 if name == "failed" else 300)
        return answer if answer.get("Messages") else None

    answer = wait_until(ask)
    return answer | {"Messages": [one | {"Body": json.loads(one["Body"])} for one in answer["Messages"]]}


def empty(aws: Endpoint, name: str = "q") -> None:
    """Wait until nothing is left in a queue."""
    sqs = aws.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    asked = {"QueueUrl": sqs.get_queue_url(QueueName=name)["QueueUrl"], "AttributeNames": names}
    wait_until(lambda: not any(map(int, sqs.get_queue_attributes(**asked)["Attributes"].values())))


# --- queues


@replays(*variants(f"{QUEUES}_filter["))
def test_a_message_that_a_filter_lets_pass(aws: Endpoint, said: Said, recorded: str) -> None:
    [[record]] = [event["Records"] for event in said.answers["invocation_events"]]
    aws.made("f", Code=code())
    source = queue(aws, VisibilityTimeout="300")
    mapped(aws, said, CREATED, source)
    send(aws, json.dumps(record["body"]), "this is a test string", '{"something": "else"}')
    empty(aws)
    said("invocation_events", seen(aws, 1))


@replays(f"{QUEUES}_source_mapping")
def test_a_message(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code())
    mapped(aws, said, QUEUE_CREATED, queue(aws, VisibilityTimeout="300"))
    send(aws, '{"foo": "bar"}')
    said("events", seen(aws, 1))


@replays(*variants(f"{QUEUES}_source_mapping_batch_size["))
def test_batches_of_many_messages(aws: Endpoint, said: Said, recorded: str) -> None:
    aws.made("f", Code=code())
    source, sqs = queue(aws, VisibilityTimeout="300"), aws.client("sqs")
    mapped(aws, said, QUEUE_CREATED, source)
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    for turn, count in enumerate((10, 5)):
        entries = [{"Id": f"{at}-{turn}", "MessageBody": f"{at}-{turn}-message-{at}"} for at in range(count)]
        said(f"send-message-batch-result-{count}", sqs.send_message_batch(QueueUrl=url, Entries=entries))
    empty(aws)
    said("Records", by_body(seen(aws, 1)))


def by_body(events: list[Any]) -> list[Any]:
    """All their records, as the recording sorts them."""
    return sorted((record for event in events for record in event["Records"]), key=lambda record: record["body"])


@replays(f"{QUEUES}_source_mapping_batching_reserved_concurrency")
def test_batches_of_a_function_with_little_concurrency(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code())
    client, sqs = aws.lambda_, aws.client("sqs")
    said("put_concurrency_resp", client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=2))
    source = queue(aws, VisibilityTimeout="300")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    for turn in range(3):
        entries = [{"Id": f"{at}-{turn}", "MessageBody": f"{at}-{turn}-message"} for at in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    mapped(aws, said, QUEUE_CREATED, source)
    empty(aws)
    events = seen(aws, 2)
    said("batch_info", {"total_batches_received": len(events)})
    said("Records", by_body(events))


@replays(f"{QUEUES}_source_mapping_update")
def test_a_mapping_to_another_version(aws: Endpoint, said: Said) -> None:
    shown = '{"CUSTOM_VAR": os.environ["CUSTOM_VAR"], "event": event, "function_version": context.function_version}'
    client = aws.lambda_
    aws.made("f", Code=code(shown=shown), Environment={"Variables": {"CUSTOM_VAR": "a"}})
    client.publish_version(FunctionName="f")
    made = mapped(aws, said, QUEUE_CREATED, queue(aws, VisibilityTimeout="300"), "f:1")
    send(aws, '{"foo": "bar"}')
    said("events", seen(aws, 1))
    empty(aws)
    client.update_function_configuration(FunctionName="f", Environment={"Variables": {"CUSTOM_VAR": "b"}})
    aws.settled("f")
    client.publish_version(FunctionName="f")
    said("updated_esm", client.update_event_source_mapping(UUID=made["UUID"], FunctionName="f:2"))
    said("updated_event_source_mapping", enabled(client, made["UUID"]))
    send(aws, '{"foo": "bar2"}')
    said("events_postupdate", seen(aws, 2))


REPORTS = """boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).send_message(
        QueueUrl=os.environ["TARGET"], MessageBody=json.dumps({{"event": event, "result": {result}}})
    )
    return {result}"""
"""Sends what it saw and what it answers to a queue."""


def reporting(aws: Endpoint, result: str, **attributes: str) -> str:
    """A function that answers `result`, and a queue that drives it; the queue's ARN."""
    queue(aws, "seen")
    target = aws.client("sqs").get_queue_url(QueueName="seen")["QueueUrl"]
    then = "import boto3\n    " + REPORTS.format(result=result)
    aws.made("f", Code=code(then), Environment={"Variables": {"TARGET": target}}, Timeout=30)
    return queue(aws, VisibilityTimeout="30", **attributes)


def reports(aws: Endpoint, source: str) -> None:
    asked = {"FunctionName": "f", "EventSourceArn": source, "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0}
    made = aws.lambda_.create_event_source_mapping(**asked, FunctionResponseTypes=["ReportBatchItemFailures"])
    enabled(aws.lambda_, made["UUID"])
    send(aws, '{"message": 1, "fail_attempts": 0}')


def said_of_target(aws: Endpoint, said: Said) -> None:
    said("get_destination_queue_url", aws.client("sqs").get_queue_url(QueueName="seen"))


@replays("sqs::test_report_batch_item_failures_empty_json_batch_succeeds")
def test_an_empty_object_is_no_failure(aws: Endpoint, said: Said) -> None:
    source = reporting(aws, "{}")
    said_of_target(aws, said)
    reports(aws, source)
    said("first_invocation", received(aws, "seen"))
    empty(aws)


@replays("sqs::test_report_batch_item_failures_invalid_result_json_batch_fails")
def test_an_answer_that_names_no_item_fails_the_batch(aws: Endpoint, said: Said) -> None:
    redrive = json.dumps({"deadLetterTargetArn": queue(aws, "dead"), "maxReceiveCount": 2})
    source = reporting(aws, '{"batchItemFailures": [{"foo": "notvalid"}]}', RedrivePolicy=redrive)
    said_of_target(aws, said)
    reports(aws, source)
    said("first_invocation", received(aws, "seen"))
    said("second_invocation", received(aws, "seen"))
    said("dlq_response", received(aws, "dead"))


# --- streams


def put(aws: Endpoint, *records: tuple[str, str]) -> None:
    """Records of these texts and partition keys."""
    entries = [{"Data": text.encode(), "PartitionKey": key} for text, key in records]
    assert not aws.client("kinesis").put_records(StreamName="s", Records=entries)["FailedRecordCount"]


def one_event(events: list[Any]) -> Any:
    """The records of several events, as the recording has them."""
    return {"Records": [record for event in events for record in event["Records"]]}


@replays(f"{STREAMS}create_kinesis_event_source_mapping")
def test_records(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code())
    mapped(aws, said, CREATED, kinesis_stream(aws))
    put(aws, *(("hello", f"test_{number}") for number in range(10)))
    said("kinesis_records", one_event(seen(aws, 1)))


@replays(f"{STREAMS}create_kinesis_event_source_mapping_multiple_lambdas_single_kinesis_event_stream")
def test_two_functions_see_one_record(aws: Endpoint, said: Said) -> None:
    source = kinesis_stream(aws)
    for letter in "ab":
        aws.made(letter, Code=code())
        mapped(aws, said, f"{CREATED}-{letter}", source, letter)
    put(aws, ("hello", "test_1"))
    for letter in "ab":
        said(f"kinesis_records-{letter}", one_event(seen(aws, 1, letter)))


@replays(f"{STREAMS}kinesis_event_source_mapping_with_async_invocation", f"{STREAMS}kinesis_event_source_trim_horizon")
def test_batches_follow_one_another(aws: Endpoint, said: Said, recorded: str) -> None:
    aws.made("f", Code=code())
    recorded_events = said.answers["invocation_events"]
    batches = [
        [
            (base64.b64decode(record["kinesis"]["data"]).decode(), record["kinesis"]["partitionKey"])
            for record in one["event"]["Records"]
        ]
        for one in recorded_events
    ]
    source = kinesis_stream(aws)
    late = said.answers[CREATED]["StartingPosition"] == "LATEST"
    if late:
        mapped(aws, said, CREATED, source)
    for batch in batches:
        put(aws, *batch)
    if not late:
        mapped(aws, said, CREATED, source)
    events = seen(aws, len(batches))
    said("invocation_events", [{"event": event, "executionStart": 1} for event in events])


@replays(f"{STREAMS}kinesis_empty_provided")
def test_a_record_of_nothing(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code())
    made = mapped(aws, said, CREATED, kinesis_stream(aws))
    put(aws, ("", "test"))
    seen(aws, 1)
    client = aws.lambda_
    wait_until(lambda: client.get_event_source_mapping(UUID=made["UUID"])["LastProcessingResult"] == "OK")
    said("get_esm_result", client.get_event_source_mapping(UUID=made["UUID"]))


ANSWERS = {
    "empty_string_item_identifier_failure": 'return {"batchItemFailures": [{"itemIdentifier": ""}]}',
    "null_item_identifier_failure": 'return {"batchItemFailures": [{"itemIdentifier": None}]}',
    "item_identifier_not_present_failure": 'return {"batchItemFailures": [{"itemIdentifier": "somewhere else"}]}',
    "invalid_key_foo_failure": 'return {"batchItemFailures": [{"foo": "bar"}]}',
    "invalid_key_foo_null_value_failure": 'return {"batchItemFailures": [{"foo": None}]}',
    "unhandled_exception_in_function": 'raise Exception("no")',
    "empty_batch_item_failure_success": 'return {"batchItemFailures": []}',
    "null_batch_item_failure_success": 'return {"batchItemFailures": None}',
    "empty_dict_success": "return {}",
    "empty_list_success": "return []",
    "null_success": "return None",
}
"""Variant of a recorded test -> what its function does."""


@replays(
    f"{STREAMS}kinesis_event_source_mapping_with_on_failure_destination_config",
    *variants(f"{STREAMS}kinesis_report_batch_item_failure_scenarios["),
)
def test_a_record_that_fails_again_and_again(aws: Endpoint, said: Said, recorded: str) -> None:
    aws.made("f", Code=code(ANSWERS[variant(recorded)] if "[" in recorded else 'raise Exception("no")'))
    mapped(aws, said, CREATED, kinesis_stream(aws))
    put(aws, ("hello", "test"))
    if "kinesis_events" in said.answers:
        said("kinesis_events", seen(aws, 3))
    said("sqs_payload", received(aws, "failed"))


# --- tables


def table(aws: Endpoint) -> str:
    """A table that streams its new images; the ARN of the stream."""
    made = aws.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "my_partition_key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "my_partition_key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(made["TableDescription"]["LatestStreamArn"])


def put_item(aws: Endpoint, key: str = "hello world", **more: Any) -> None:
    aws.client("dynamodb").put_item(TableName="t", Item={"my_partition_key": {"S": key}, **more})


BINARY = {"binary_key": {"B": b"foobar"}}


@replays(f"{TABLES}dynamodb_event_source_mapping")
def test_an_item(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code())
    mapped(aws, said, CREATED, table(aws))
    put_item(aws, **BINARY)
    said("event_logs", seen(aws, 1))


SUCCESSES = variants(f"{TABLES}dynamodb_report_batch_item_success_scenarios[")
FAILURES = variants(f"{TABLES}dynamodb_report_batch_item_failure_scenarios[")


@replays(*SUCCESSES, *FAILURES)
def test_what_answers_make_of_an_item(aws: Endpoint, said: Said, recorded: str) -> None:
    aws.made("f", Code=code(ANSWERS[variant(recorded)]))
    failed = queue(aws, "failed")
    made = aws.lambda_.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=table(aws),
        StartingPosition="TRIM_HORIZON",
        BatchSize=1,
        MaximumRetryAttempts=3,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": failed}},
    )
    enabled(aws.lambda_, made["UUID"])
    put_item(aws, **BINARY)
    said("dynamodb_events", seen(aws, len(said.answers["dynamodb_events"])))
    if "destination_queue_messages" in said.answers:
        said("destination_queue_messages", received(aws, "failed"))


@replays(f"{TABLES}dynamodb_report_batch_item_failures")
def test_items_before_the_one_that_fails_are_done(aws: Endpoint, said: Said) -> None:
    then = """return {"batchItemFailures": [
        {"itemIdentifier": one["dynamodb"]["SequenceNumber"]} for one in event["Records"]
        if one["dynamodb"]["NewImage"]["should_fail"]["BOOL"]
    ]}"""
    aws.made("f", Code=code(then))
    source = table(aws)
    recorded = said.answers["dynamodb_records"]["Records"]
    images = [one["dynamodb"]["NewImage"] for one in recorded]
    items = {image["my_partition_key"]["S"]: image["should_fail"] for image in images}
    for key, fails in items.items():
        put_item(aws, key, should_fail=fails)
    mapped(aws, said, CREATED, source)
    said("destination_queue_messages", received(aws, "failed"))
    events = wait_until(
        lambda: [found for found in [seen(aws, 1)] if len(one_event(found)["Records"]) == len(recorded)]
    )
    said("dynamodb_records", one_event(events[0]))


def topic_message(aws: Endpoint) -> Any:
    """What the topic `failed` has sent to the queue that listens to it."""
    return received(aws, "listener")["Messages"][0]["Body"]


@replays(f"{TABLES}dynamodb_event_source_mapping_with_on_failure_destination_config")
def test_an_item_that_fails_is_told_to_a_queue(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code('raise Exception("no")'))
    mapped(aws, said, CREATED, table(aws))
    put_item(aws)
    said("destination_queue_messages", received(aws, "failed"))


@replays(f"{TABLES}dynamodb_event_source_mapping_with_sns_on_failure_destination_config")
def test_an_item_that_fails_is_told_to_a_topic(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code('raise Exception("no")'))
    mapped(aws, said, CREATED, table(aws))
    topic = f"arn:aws:sns:{REGION}:{aws.account}:failed"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue(aws, "listener"))
    put_item(aws)
    message = topic_message(aws)
    said("failure_sns_message", message | {"Message": json.loads(message["Message"])})


@replays(f"{TABLES}dynamodb_event_source_mapping_with_s3_on_failure_destination")
def test_an_item_that_fails_is_told_to_a_bucket(aws: Endpoint, said: Said) -> None:
    aws.made("f", Code=code('raise Exception("no")'))
    mapped(aws, said, CREATED, table(aws))
    put_item(aws)
    s3, bucket = aws.client("s3"), f"failed-{aws.account}"
    [listed] = wait_until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
    said("record_body", json.loads(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()))


@replays(f"{TABLES}disabled_dynamodb_event_source_mapping")
def test_a_mapping_is_switched_off(aws: Endpoint, said: Said) -> None:
    key, client = "create_event_source_mapping_result", aws.lambda_
    aws.made("f", Code=code())
    made = mapped(aws, said, key, table(aws))
    put_item(aws)
    seen(aws, 1)
    wait_until(lambda: client.get_event_source_mapping(UUID=made["UUID"])["LastProcessingResult"] == "OK")
    update = client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    said("update_event_source_mapping_result", update)
    enabled(client, made["UUID"], "Disabled")
    put_item(aws, "unseen")
    assert len(seen(aws, 1)) == 1
