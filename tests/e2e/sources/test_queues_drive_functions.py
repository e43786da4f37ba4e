"""Queues drive functions: batches, failures, filters, order, states."""

import json

from tests.e2e.sources.world import World


def bodies(records: list[dict[str, str]]) -> list[str]:
    return [record["body"] for record in records]


def test_a_message_is_seen_as_on_aws_and_deleted(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    world.mapping(function, arn)
    attributes = {
        "text": {"DataType": "String", "StringValue": "v"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    sent = world.client("sqs").send_message(QueueUrl=url, MessageBody='{"a": 1}', MessageAttributes=attributes)
    (record,) = world.until(lambda: world.records(function))
    assert record["messageId"] == sent["MessageId"] and record["body"] == '{"a": 1}'
    assert record["md5OfBody"] == sent["MD5OfMessageBody"]
    assert record["md5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert record["messageAttributes"] == {
        "text": {"stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "bytes": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", arn, "us-east-1")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert set(record["attributes"]) >= {"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp"}
    world.until(lambda: world.left(url) == 0)


def test_a_plain_message_has_no_digest_of_attributes(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    world.mapping(function, arn)
    world.client("sqs").send_message(QueueUrl=url, MessageBody="plain")
    (record,) = world.until(lambda: world.records(function))
    assert record["md5OfMessageAttributes"] is None and record["messageAttributes"] == {}


def test_a_window_gathers_a_batch(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    world.mapping(function, arn, BatchSize=100, MaximumBatchingWindowInSeconds=1)
    for number in range(25):
        world.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    world.until(lambda: len(world.records(function)) == 25)
    assert len(world.seen(function)) <= 3


def test_failing_batches_come_back_and_end_in_the_dead_letter_queue(world: World) -> None:
    function = world.function("raise ValueError('no')", Timeout=1)
    world.warm(function)
    dead, dead_arn = world.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = world.queue(VisibilityTimeout="1", RedrivePolicy=redrive)
    world.mapping(function, arn)
    world.client("sqs").send_message(QueueUrl=url, MessageBody="poison")
    (letter,) = world.until(lambda: world.client("sqs").receive_message(QueueUrl=dead).get("Messages"))
    assert letter["Body"] == "poison" and world.left(url) == 0
    counts = [record["attributes"]["ApproximateReceiveCount"] for record in world.records(function)]
    assert counts == ["1", "2"]


def test_partial_failures_bring_back_the_failed_alone(world: World) -> None:
    then = """return {"batchItemFailures": [
        {"itemIdentifier": one["messageId"]} for one in records
        if one["body"] == "bad" and one["attributes"]["ApproximateReceiveCount"] == "1"]}"""
    function, (url, arn) = world.function(then, Timeout=1), world.queue(VisibilityTimeout="4")
    world.warm(function)
    world.mapping(
        function, arn, BatchSize=10, MaximumBatchingWindowInSeconds=1, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(["good", "bad", "fine"])]
    world.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    world.until(lambda: world.left(url) == 0)
    assert sorted(bodies(world.records(function))) == ["bad", "bad", "fine", "good"]


def test_what_no_filter_lets_pass_is_deleted_unseen(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    world.mapping(function, arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    for kind in ("other", "wanted", "another"):
        world.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"kind": kind}))
    world.until(lambda: world.left(url) == 0)
    assert [json.loads(body)["kind"] for body in bodies(world.records(function))] == ["wanted"]


def test_groups_keep_their_order_though_messages_fail(world: World) -> None:
    then = """if any(one["body"] == "a1" and one["attributes"]["ApproximateReceiveCount"] == "1" for one in records):
        raise ValueError("once")"""
    function, (url, arn) = world.function(then, Timeout=1), world.queue(fifo=True, VisibilityTimeout="1")
    world.warm(function)
    world.mapping(function, arn, BatchSize=1)
    for number in range(3):
        for group in "ab":
            world.client("sqs").send_message(
                QueueUrl=url,
                MessageBody=f"{group}{number}",
                MessageGroupId=group,
                MessageDeduplicationId=f"{group}{number}",
            )
    world.until(lambda: world.left(url) == 0)
    seen = bodies(world.records(function))
    assert [body for body in seen if body[0] == "a"] == ["a0", "a1", "a1", "a2"]
    assert [body for body in seen if body[0] == "b"] == ["b0", "b1", "b2"]


def test_a_disabled_mapping_reads_nothing_and_an_enabled_one_goes_on(world: World) -> None:
    function, (url, arn) = world.function(), world.queue()
    client, uuid = world.client("lambda"), world.mapping(function, arn)
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    world.until(lambda: client.get_event_source_mapping(UUID=uuid)["State"] == "Disabled")
    world.client("sqs").send_message(QueueUrl=url, MessageBody="waits")
    assert world.left(url) == 1 and world.records(function) == []
    client.update_event_source_mapping(UUID=uuid, Enabled=True)
    world.until(lambda: bodies(world.records(function)) == ["waits"])
    client.delete_event_source_mapping(UUID=uuid)
    world.until(lambda: not client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"])
    world.client("sqs").send_message(QueueUrl=url, MessageBody="nobody reads this")
    assert world.left(url) == 1


def test_reserved_concurrency_bounds_it_and_nothing_is_lost(world: World) -> None:
    function, (url, arn) = world.function("import time; time.sleep(0.2)"), world.queue(VisibilityTimeout="30")
    world.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    world.mapping(function, arn, BatchSize=1)
    entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(8)]
    world.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    world.until(lambda: world.left(url) == 0)
    assert sorted(bodies(world.records(function))) == [str(number) for number in range(8)]
