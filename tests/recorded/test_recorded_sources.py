"""Event source mappings: what the control plane answers."""

import uuid
from typing import Any

from tests.recorded.replaying import REGION, Endpoint, Said, replays
from tests.recorded.test_recorded_aliases import wait_until

MAPPINGS = "api::TestLambdaEventSourceMappings::test_"


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
    """A stream of one shard; its ARN."""
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return str(kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"])


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
