"""Event source mappings: what the control plane answers; what they do is in test_recorded_batches."""

import json
import uuid
from typing import Any

from tests.recorded.replaying import REGION, Endpoint, Said, replays, variant, variants, wait_until

MAPPINGS = "api::TestLambdaEventSourceMappings::test_"
TABLES = "dynamodbstreams::TestDynamoDBEventSourceMapping::test_"


def table_stream(aws: Endpoint, said: Said | None = None, name: str = "t") -> str:
    """A table that streams; the ARN of its stream."""
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    streaming = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    answer = dynamodb.update_table(TableName=name, StreamSpecification=streaming)
    if said is not None:
        said("update_table_response", answer)
    return str(answer["TableDescription"]["LatestStreamArn"])


def queue(aws: Endpoint, name: str = "q", **attributes: str) -> str:
    """A queue; its ARN."""
    aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return f"arn:aws:sqs:{REGION}:{aws.account}:{name}"


def kinesis_stream(aws: Endpoint, name: str = "s") -> str:
    """An active stream of one shard; its ARN."""
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)

    def ask() -> Any:
        found = kinesis.describe_stream(StreamName=name)["StreamDescription"]
        return found["StreamARN"] if found["StreamStatus"] == "ACTIVE" else None

    return str(wait_until(ask))


@replays(MAPPINGS + "event_source_mapping_lifecycle")
def test_the_life_of_a_mapping(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    aws.made("f")
    stream = table_stream(aws, said)
    created = client.create_event_source_mapping(
        FunctionName="f",
        EventSourceArn=stream,
        DestinationConfig={"OnFailure": {"Destination": queue(aws)}},
        BatchSize=1,
        StartingPosition="TRIM_HORIZON",
        MaximumBatchingWindowInSeconds=1,
        MaximumRetryAttempts=1,
    )
    said("create_response", created)
    one = {"UUID": created["UUID"]}
    said("get_response", enabled(client, created["UUID"]))
    said("delete_response", client.delete_event_source_mapping(**one))


def enabled(client: Any, identifier: str, state: str = "Enabled") -> Any:
    """GetEventSourceMapping's answer, once it says Enabled."""

    def ask() -> Any:
        found = client.get_event_source_mapping(UUID=identifier)
        return found if found["State"] == state else None

    return wait_until(ask)


@replays(MAPPINGS + "event_source_mapping_exceptions")
def test_mappings_that_are_refused(aws: Endpoint, said: Said) -> None:
    client, none = aws.lambda_, {"UUID": str(uuid.uuid4())}
    create = client.create_event_source_mapping
    said.refused("get_unknown_uuid", client.get_event_source_mapping, **none)
    said.refused("delete_unknown_uuid", client.delete_event_source_mapping, **none)
    said.refused("update_unknown_uuid", client.update_event_source_mapping, **none, Enabled=False)
    said.refused("create_no_event_source_arn", create, FunctionName="doesnotexist")
    source = queue(aws)
    said.refused("create_unknown_params", create, FunctionName="doesnotexist", EventSourceArn=source)
    aws.made("f")
    destinations = {"OnSuccess": {"Destination": queue(aws, "other")}}
    asked = {"FunctionName": "f", "EventSourceArn": source, "DestinationConfig": destinations}
    said.refused("destination_config_failure", create, **asked)


@replays(MAPPINGS + "create_event_source_validation")
def test_where_a_table_is_read_from(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    asked = {"FunctionName": "f", "EventSourceArn": table_stream(aws)}
    create = aws.lambda_.create_event_source_mapping
    said.refused("no_starting_position", create, **asked)
    said.refused("invalid_starting_position", create, **asked, StartingPosition="invalid")
    said.refused("incompatible_starting_position", create, **asked, StartingPosition="AT_TIMESTAMP")


@replays(MAPPINGS + "create_event_source_validation_kinesis")
def test_where_a_stream_is_read_from(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    asked = {"FunctionName": "f", "EventSourceArn": kinesis_stream(aws)}
    create = aws.lambda_.create_event_source_mapping
    said.refused("no_starting_position", create, **asked)
    said.refused("invalid_starting_position", create, **asked, StartingPosition="invalid")


@replays(MAPPINGS + "create_event_filter_criteria_validation")
def test_no_filters(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    asked = {"FunctionName": "f", "EventSourceArn": table_stream(aws), "StartingPosition": "LATEST"}
    answer = aws.lambda_.create_event_source_mapping(**asked, FilterCriteria={"Filters": []})
    said("response-with-empty-filters", answer)


SIMPLE = ("BatchSize", "MaximumBatchingWindowInSeconds", "ScalingConfig", "FunctionResponseTypes", "StartingPosition")


def asked_of(aws: Endpoint, recorded: dict[str, Any], source: str, function: str = "f") -> dict[str, Any]:
    """What CreateEventSourceMapping was sent, by its recorded answer."""
    asked: dict[str, Any] = {"FunctionName": function, "EventSourceArn": source}
    asked |= {
        name: recorded[name] for name in SIMPLE if isinstance(recorded.get(name), int | dict | list) and recorded[name]
    }
    if "StartingPosition" in recorded:
        asked["StartingPosition"] = recorded["StartingPosition"]
    if isinstance(recorded["MaximumBatchingWindowInSeconds"], str):
        asked["MaximumBatchingWindowInSeconds"] = 1
    if recorded.get("MaximumRetryAttempts", -1) != -1:
        asked["MaximumRetryAttempts"] = recorded["MaximumRetryAttempts"]
    if target := recorded.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
        asked["DestinationConfig"] = {"OnFailure": {"Destination": _target(aws, target.split(":")[2])}}
    if "FilterCriteria" in recorded:
        patterns = [json.dumps(one["Pattern"]) for one in recorded["FilterCriteria"]["Filters"]]
        asked["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in patterns]}
    return asked


def _target(aws: Endpoint, service: str) -> str:
    if service == "sns":
        return str(aws.client("sns").create_topic(Name="failed")["TopicArn"])
    if service == "s3":
        aws.client("s3").create_bucket(Bucket=f"failed-{aws.account}")
        return f"arn:aws:s3:::failed-{aws.account}"
    return queue(aws, "failed")


def with_patterns(ours: Any) -> Any:
    """The recording shows patterns parsed."""
    filters = ours.get("FilterCriteria", {}).get("Filters", [])
    parsed = [{"Pattern": json.loads(one["Pattern"])} for one in filters]
    return ours | ({"FilterCriteria": {"Filters": parsed}} if parsed else {})


NOT_PATTERNS = {
    "None": "null",
    "simple string": '"simple string"',
    "invalid_filter2": '{"eventSource": "aws:sqs"}',
    "invalid_filter3": '{"eventSource": []}',
}


@replays(*variants("sqs::TestSQSEventSourceMapping::test_sqs_invalid_event_filter["))
def test_patterns_that_are_none(aws: Endpoint, said: Said, recorded: str) -> None:
    aws.made("f")
    criteria = {"Filters": [{"Pattern": NOT_PATTERNS[variant(recorded)]}]}
    asked = {"FunctionName": "f", "EventSourceArn": queue(aws), "FilterCriteria": criteria}
    said.refused("create_event_source_mapping_exception", aws.lambda_.create_event_source_mapping, **asked)


@replays("sqs::test_fifo_message_group_parallelism")
def test_a_mapping_that_is_off_at_first(aws: Endpoint, said: Said) -> None:
    client = aws.lambda_
    aws.made("f")
    source = queue(aws, "q.fifo", FifoQueue="true")
    asked = {"FunctionName": "f", "EventSourceArn": source, "BatchSize": 1, "Enabled": False}
    made = client.create_event_source_mapping(**asked, MaximumBatchingWindowInSeconds=0)
    said("create_esm_disabled", made)
    said("update_esm_enabling", client.update_event_source_mapping(UUID=made["UUID"], Enabled=True))
    said("get_esm_enabled", enabled(client, made["UUID"]))


@replays(f"{TABLES}deletion_event_source_mapping_with_dynamodb")
def test_a_mapping_outlives_its_table(aws: Endpoint, said: Said) -> None:
    key, client = "create_event_source_mapping_result", aws.lambda_
    aws.made("f")
    source = table_stream(aws)
    made = client.create_event_source_mapping(**asked_of(aws, said.answers[key], source))
    said(key, made)
    enabled(client, made["UUID"])
    aws.client("dynamodb").delete_table(TableName="t")
    said("list_event_source_mapping_result", client.list_event_source_mappings(EventSourceArn=source))


@replays(f"{TABLES}duplicate_event_source_mappings")
def test_a_mapping_that_is_there_already(aws: Endpoint, said: Said) -> None:
    aws.made("f")
    asked = asked_of(aws, said.answers["create"], table_stream(aws))
    create = aws.lambda_.create_event_source_mapping
    said("create", create(**asked))
    said.refused("error", create, **asked)
