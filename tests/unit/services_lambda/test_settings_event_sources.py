"""Event source mappings: what is stored, refused and reported, by kind of source."""

import json

import pytest
from plane import HERE, Plane
from settings_answers import ARN, Recorded, function

CREATE = "CreateEventSourceMapping"
QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/2026-11-21T00:00:00.000"
STREAM = "arn:aws:kinesis:us-east-1:111111111111:stream/s"
CLUSTER = "arn:aws:kafka:us-east-1:111111111111:cluster/c/00000000-0000-0000-0000-000000000000-1"
BROKER = "arn:aws:mq:us-east-1:111111111111:broker:b:b-00000000-0000-0000-0000-000000000000"
DOCUMENTS = "arn:aws:rds:us-east-1:111111111111:cluster:docs"
BASIC_AUTH = [{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:us-east-1:111111111111:secret:s"}]
BOOTSTRAP = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["one:9092"]}}


async def surroundings(plane: Plane, visibility: int = 30) -> None:
    """A function, a queue and two streams."""
    plane.elsewhere |= {
        "AmazonSQS.GetQueueUrl": {"QueueUrl": "http://q"},
        "AmazonSQS.GetQueueAttributes": {"Attributes": {"VisibilityTimeout": str(visibility)}},
        "Kinesis_20131202.DescribeStreamSummary": {},
        "DynamoDBStreams_20120810.DescribeStream": {},
    }
    await function(plane)


def test_the_life_of_a_mapping(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_event_source_mapping_lifecycle")
        await surroundings(plane)
        made = await said(
            "create_response", CREATE, FunctionName="f", EventSourceArn=TABLE, StartingPosition="TRIM_HORIZON",
            BatchSize=1, MaximumBatchingWindowInSeconds=1, MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": QUEUE}},
        )  # fmt: skip
        one = {"UUID": made["UUID"]}
        await plane.settle()
        assert [finding.resource for finding in plane.findings] == [made["EventSourceMappingArn"]]
        await said("get_response", "GetEventSourceMapping", **one)
        await said("delete_response", "DeleteEventSourceMapping", **one)
        assert (await plane.refused("DeleteEventSourceMapping", **one)).code == "ResourceInUseException"
        await plane.settle()
        assert (await plane.refused("GetEventSourceMapping", **one)).code == "ResourceNotFoundException"
        assert plane.findings == []

    stage(scene)


def test_mappings_that_are_not_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        said = Recorded(plane, "test_event_source_mapping_exceptions")
        await surroundings(plane)
        await said.refused("create_no_event_source_arn", CREATE, FunctionName="f")
        await said.refused("create_unknown_params", CREATE, FunctionName="no", EventSourceArn=QUEUE)
        there = {"OnFailure": {"Destination": QUEUE}}
        asked = {"FunctionName": "f", "EventSourceArn": QUEUE, "DestinationConfig": there}
        await said.refused("destination_config_failure", CREATE, **asked)
        for verb in ("get", "delete", "update"):
            await said.refused(f"{verb}_unknown_uuid", f"{verb.title()}EventSourceMapping", UUID="0" * 36)

    stage(scene)


def test_where_streams_are_read_from(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        said = Recorded(plane, "test_create_event_source_validation")
        table = {"FunctionName": "f", "EventSourceArn": TABLE}
        await said.refused("no_starting_position", CREATE, **table)
        await said.refused("incompatible_starting_position", CREATE, **table, StartingPosition="AT_TIMESTAMP")
        said = Recorded(plane, "test_create_event_source_validation_kinesis")
        stream = {"FunctionName": "f", "EventSourceArn": STREAM}
        await said.refused("no_starting_position", CREATE, **stream)
        await plane.refused(CREATE, **stream, StartingPosition="AT_TIMESTAMP")
        await plane.refused(CREATE, **stream, StartingPosition="LATEST", StartingPositionTimestamp=1.5)
        made = await plane.call(CREATE, **stream, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1.5)
        assert made["StartingPositionTimestamp"] == 1.5
        fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=QUEUE, StartingPosition="LATEST")
        assert fault.message == "StartingPosition is not valid for SQS event sources."

    stage(scene)


def test_defaults_of_streams_and_queues(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        said = Recorded(plane, "test_create_event_filter_criteria_validation")
        table = {"FunctionName": "f", "EventSourceArn": TABLE, "StartingPosition": "LATEST"}
        await said("response-with-empty-filters", CREATE, **table, FilterCriteria={"Filters": []})
        said = Recorded(plane, "test_create_kinesis_event_source_mapping")
        stream = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST"}
        await said("create_event_source_mapping_response", CREATE, **stream)
        said = Recorded(plane, "test_sqs_event_source_mapping")
        queue = {"FunctionName": "f", "EventSourceArn": QUEUE, "MaximumBatchingWindowInSeconds": 1}
        await said("create-event-source-mapping-response", CREATE, **queue)

    stage(scene)


def test_two_mappings_of_one_source_to_one_function(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        said = Recorded(plane, "test_duplicate_event_source_mappings")
        table = {
            "FunctionName": "f", "EventSourceArn": TABLE, "StartingPosition": "TRIM_HORIZON",
            "MaximumBatchingWindowInSeconds": 1, "MaximumRetryAttempts": 1,
        }  # fmt: skip
        await said("create", CREATE, **table)
        await said.refused("error", CREATE, **table)
        made = await plane.call(CREATE, FunctionName="f", EventSourceArn=QUEUE)
        fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=QUEUE)
        assert fault.message == (
            f'An event source mapping with SQS arn (" {QUEUE} ") and function (" f ") already exists. '
            f"Please update or delete the existing mapping with UUID {made['UUID']}"
        )
        await function(plane, "g")
        await plane.call(CREATE, **table | {"FunctionName": "g"})

    stage(scene)


def test_updates(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        await function(plane, "g")
        said = Recorded(plane, "test_sqs_event_source_mapping_update")
        queue = {"FunctionName": "f", "EventSourceArn": QUEUE, "MaximumBatchingWindowInSeconds": 1}
        made = await said("create-event-source-mapping-response", CREATE, **queue)
        one = {"UUID": made["UUID"]}
        assert (await plane.refused("UpdateEventSourceMapping", **one)).code == "ResourceInUseException"
        await plane.settle()
        await said("updated_esm", "UpdateEventSourceMapping", **one, FunctionName="g")
        await plane.settle()
        await said("updated_event_source_mapping", "GetEventSourceMapping", **one)
        await plane.refused("UpdateEventSourceMapping", **one, ParallelizationFactor=2)
        await plane.refused("UpdateEventSourceMapping", **one, BatchSize=11, MaximumBatchingWindowInSeconds=0)
        await plane.refused("UpdateEventSourceMapping", **one, FunctionName="no")

    stage(scene)


def test_disabled_and_enabled(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        said = Recorded(plane, "test_fifo_message_group_parallelism")
        made = await said(
            "create_esm_disabled", CREATE, FunctionName="f", EventSourceArn=f"{QUEUE}.fifo", BatchSize=1, Enabled=False
        )
        one = {"UUID": made["UUID"]}
        changing = await plane.call("UpdateEventSourceMapping", **one, Enabled=False)
        assert changing["State"] == "Updating"
        await plane.settle()
        assert (await plane.call("GetEventSourceMapping", **one))["State"] == "Disabled"
        await said("update_esm_enabling", "UpdateEventSourceMapping", **one, Enabled=True)
        await plane.settle()
        await said("get_esm_enabled", "GetEventSourceMapping", **one)
        assert (await plane.call("UpdateEventSourceMapping", **one, Enabled=False))["State"] == "Disabling"
        await plane.settle()
        assert (await plane.call("GetEventSourceMapping", **one))["State"] == "Disabled"

    stage(scene)


def test_settings_can_be_taken_away(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        said = Recorded(plane, "test_sqs_event_source_mapping_batching_reserved_concurrency")
        made = await said(
            "create-event-source-mapping-response", CREATE, FunctionName="f", EventSourceArn=QUEUE, BatchSize=20,
            MaximumBatchingWindowInSeconds=1, ScalingConfig={"MaximumConcurrency": 2},
        )  # fmt: skip
        await plane.settle()
        more = {"KMSKeyArn": "arn:aws:kms:us-east-1:111111111111:key/k", "FilterCriteria": _filters('{"body": ["a"]}')}
        changed = await plane.call("UpdateEventSourceMapping", UUID=made["UUID"], ScalingConfig={}, **more)
        assert "ScalingConfig" not in changed
        assert {member: changed[member] for member in more} == more
        await plane.settle()
        less = {"KMSKeyArn": "", "FilterCriteria": {}}
        changed = await plane.call("UpdateEventSourceMapping", UUID=made["UUID"], **less)
        assert not less.keys() & changed.keys()

    stage(scene)


def _filters(*patterns: str) -> dict[str, list[dict[str, str]]]:
    return {"Filters": [{"Pattern": pattern} for pattern in patterns]}


@pytest.mark.parametrize(
    "pattern",
    [
        {"body": {"a": ["x", 1, None, True, ""]}},
        {"a": [{"prefix": "x"}, {"suffix": "x"}, {"equals-ignore-case": "x"}, {"exists": False}]},
        {"a": [{"numeric": ["=", 1]}], "b": [{"numeric": [">=", 1.5, "<", 9]}]},
        {"a": [{"anything-but": ["x", "y"]}, {"anything-but": "x"}, {"anything-but": {"prefix": "x"}}]},
        {"$or": [{"a": ["x"]}, {"b": {"c": ["y"]}}]},
        {"body": {"ip": [{"cidr": "10.0.0.0/24"}]}},
    ],
)
def test_patterns_that_are_accepted(stage, pattern) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        filters = _filters(json.dumps(pattern))
        made = await plane.call(CREATE, FunctionName="f", EventSourceArn=QUEUE, FilterCriteria=filters)
        assert made["FilterCriteria"] == filters

    stage(scene)


@pytest.mark.parametrize(
    "pattern",
    [
        "simple string", '"text"', "", "[]", "{}", "null", '{"a": "x"}', '{"a": []}', '{"a": {}}', '{"a": [["x"]]}',
        '{"a": [{}]}', '{"a": [{"between": 1}]}', '{"a": [{"exists": "yes"}]}', '{"a": [{"numeric": [">"]}]}',
        '{"a": [{"numeric": ["~", 1]}]}', '{"a": [{"prefix": 1}]}', '{"$or": [{"a": ["x"]}]}', '{"a": 1}',
    ],
)  # fmt: skip
def test_patterns_that_are_refused(stage, pattern) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        said = Recorded(plane, "test_sqs_invalid_event_filter[None]")
        asked = {"FunctionName": "f", "EventSourceArn": QUEUE, "FilterCriteria": _filters(pattern)}
        await said.refused("create_event_source_mapping_exception", CREATE, **asked)

    stage(scene)


KINDS = [
    ({"EventSourceArn": CLUSTER, "Topics": ["t"], "StartingPosition": "LATEST"}, "MSK"),
    (
        {
            "SelfManagedEventSource": BOOTSTRAP, "Topics": ["t"], "StartingPosition": "LATEST",
            "SourceAccessConfigurations": BASIC_AUTH,
        },
        "SelfManagedKafka",
    ),
    ({"EventSourceArn": BROKER, "Queues": ["q"], "SourceAccessConfigurations": BASIC_AUTH}, "MQ"),
    (
        {
            "EventSourceArn": DOCUMENTS, "StartingPosition": "TRIM_HORIZON", "SourceAccessConfigurations": BASIC_AUTH,
            "DocumentDBEventSourceConfig": {"DatabaseName": "d"},
        },
        "DocumentDB",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "name"), KINDS, ids=["msk", "kafka", "mq", "documentdb"])
def test_sources_that_nothing_reads_are_refused_by_name(stage, asked, name) -> None:
    """What AWS would refuse is refused as there."""

    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        fault = await plane.refused(CREATE, FunctionName="f", **asked)
        assert fault.message.startswith(f"An event source mapping of {name} (planned")
        assert (await plane.call("ListEventSourceMappings"))["EventSourceMappings"] == []
        for member in asked.keys() - {"EventSourceArn", "SelfManagedEventSource"}:
            fewer = {name: value for name, value in asked.items() if name != member}
            fault = await plane.refused(CREATE, FunctionName="f", **fewer)
            said = f"{member[0].lower()}{member[1:]}"
            assert fault.message == (
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
                "Member must not be null."
                if member == "StartingPosition"
                else f"Required '{said}' parameter is missing."
            )
        fault = await plane.refused(CREATE, FunctionName="f", **asked, ScalingConfig={"MaximumConcurrency": 2})
        assert fault.message == "Unsupported ScalingConfig parameter for given event source mapping type."

    stage(scene)


OTHERS_QUEUE = QUEUE.replace("111111111111", "222222222222")
ALLOWED = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111111111111:role/r"},
    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "Resource": OTHERS_QUEUE,
}


@pytest.mark.parametrize(
    ("statements", "fits"),
    [
        ([], False),
        ([ALLOWED], True),
        ([ALLOWED | {"Principal": "*", "Action": "SQS:*"}], True),
        ([ALLOWED | {"Principal": {"AWS": ["111111111111"]}}], True),
        ([ALLOWED | {"Principal": {"AWS": "arn:aws:iam::333333333333:root"}}], False),
        ([ALLOWED | {"Action": "sqs:SendMessage"}], False),
        ([ALLOWED | {"Resource": QUEUE}], False),
        ([ALLOWED, ALLOWED | {"Effect": "Deny", "Principal": "*"}], False),
    ],
)
def test_a_queue_of_another_account_has_to_let_the_role_receive(stage, statements, fits) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        plane.elsewhere["AmazonSQS.GetQueueAttributes"]["Attributes"]["Policy"] = policy
        asked = {"FunctionName": "f", "EventSourceArn": OTHERS_QUEUE}
        if fits:
            assert (await plane.call(CREATE, **asked))["State"] == "Creating"
            assert (plane.asked[0][0].account, plane.asked[0][1]) == ("222222222222", "AmazonSQS.GetQueueUrl")
        else:
            fault = await plane.refused(CREATE, **asked)
            assert (
                fault.message == "The function execution role does not have permissions to call ReceiveMessage on SQS"
            )

    stage(scene)


def test_a_source_in_another_region_is_refused(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        elsewhere = QUEUE.replace("us-east-1", "eu-west-1")
        assert "same AWS Region" in (await plane.refused(CREATE, FunctionName="f", EventSourceArn=elsewhere)).message

    stage(scene)


def test_a_mapping_does_not_move_to_a_function_that_runs_longer_than_messages_are_hidden(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane, visibility=30)
        await function(plane, "slow", Timeout=31)
        made = await plane.call(CREATE, FunctionName="f", EventSourceArn=QUEUE)
        await plane.settle()
        one = {"UUID": made["UUID"]}
        fault = await plane.refused("UpdateEventSourceMapping", **one, FunctionName="slow")
        assert fault.message == "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
        del plane.elsewhere["AmazonSQS.GetQueueUrl"]  # the queue is gone: the mapping can still be changed
        assert (await plane.call("UpdateEventSourceMapping", **one, FunctionName="slow"))["State"] == "Updating"

    stage(scene)


REFUSED = [
    ({"BatchSize": 11}, QUEUE, "Maximum batch window in seconds must be greater than 0"),
    ({"BatchSize": 11}, f"{QUEUE}.fifo", "Maximum batch size must be between 1 and 10 inclusive"),
    ({"MaximumBatchingWindowInSeconds": 1}, f"{QUEUE}.fifo", "not supported for FIFO"),
    ({"TumblingWindowInSeconds": 1}, QUEUE, "Unsupported TumblingWindowInSeconds parameter"),
    ({"Topics": ["t"]}, STREAM, "Unsupported Topics parameter"),
    ({"ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {"MinimumPollers": 2}}, QUEUE, "together"),
    ({"ProvisionedPollerConfig": {"MinimumPollers": 9, "MaximumPollers": 3}}, QUEUE, "MinimumPollers"),
    ({"DestinationConfig": {"OnFailure": {"Destination": f"{QUEUE}.fifo"}}}, STREAM, ".fifo is invalid"),
    ({"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}}, STREAM, "is invalid"),
    ({"FilterCriteria": {"Filters": [{"Pattern": '{"a": ["b"]}'}] * 11}}, STREAM, "at most 10"),
    ({}, "arn:aws:s3:::bucket", "Unrecognized event source."),
    ({}, QUEUE.replace("aws:", "aws-cn:"), "the same AWS Region"),
    ({"MaximumRecordAgeInSeconds": 0}, STREAM, "at least 60"),
    ({"MaximumRecordAgeInSeconds": 59}, STREAM, "at least 60"),
    ({"ProvisionedPollerConfig": {"MinimumPollers": 1}}, QUEUE, "at least 2"),
    ({"ProvisionedPollerConfig": {"MaximumPollers": 1}}, QUEUE, "at least 2"),
    ({"ProvisionedPollerConfig": {"MinimumPollers": 2, "PollerGroupName": "g"}}, QUEUE, "PollerGroupName"),
    ({"MetricsConfig": {"Metrics": ["EventCount", "KafkaMetrics"]}}, QUEUE, "Metric KafkaMetrics"),
    ({"MetricsConfig": {"Metrics": ["ErrorCount"]}}, STREAM, "Metric ErrorCount"),
    ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 2e9}, STREAM, "in the future"),
]


def test_settings_that_do_not_fit(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        for asked, source, words in REFUSED:
            start = {"StartingPosition": "LATEST"} if source == STREAM else {}
            fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=source, **start | asked)
            assert (fault.code, words in fault.message) == ("InvalidParameterValueException", True), fault.message
        assert (await plane.call("ListEventSourceMappings"))["EventSourceMappings"] == []

    stage(scene)


def test_the_source_must_be_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        await function(plane, Timeout=31)
        fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=QUEUE)
        assert "AWS.SimpleQueueService.NonExistentQueue" in fault.message
        for source in (STREAM, f"{STREAM}/consumer/c:1", TABLE):
            fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=source, StartingPosition="LATEST")
            assert fault.message == f"Stream not found: {source}"
        name = {"QueueName": "q", "QueueOwnerAWSAccountId": "111111111111"}
        assert plane.asked[0] == (HERE, "AmazonSQS.GetQueueUrl", name)
        assert plane.asked[1][2] == {"StreamName": "s"}
        assert plane.asked[2][2] == {"ConsumerARN": f"{STREAM}/consumer/c:1"}
        plane.elsewhere["AmazonSQS.GetQueueUrl"] = {"QueueUrl": "http://q"}
        plane.elsewhere["AmazonSQS.GetQueueAttributes"] = {"Attributes": {"VisibilityTimeout": "30"}}
        fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=QUEUE)
        assert fault.message == "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"

    stage(scene)


def test_a_stream_of_the_table_before_this_one_is_not_there(stage) -> None:
    """moto describes the table's stream of today, whatever label it is asked for."""

    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        asked = {"FunctionName": "f", "EventSourceArn": TABLE, "StartingPosition": "LATEST"}
        described = plane.elsewhere["DynamoDBStreams_20120810.DescribeStream"]
        described["StreamDescription"] = {"StreamArn": TABLE, "StreamLabel": "2026-11-30T00:00:00.000"}
        assert (await plane.refused(CREATE, **asked)).message == f"Stream not found: {TABLE}"
        described["StreamDescription"]["StreamLabel"] = TABLE.rpartition("/")[2]
        assert (await plane.call(CREATE, **asked))["State"] == "Creating"

    stage(scene)


def test_lists(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        await function(plane, "g")
        for name in ("f", "g"):
            await plane.call(CREATE, FunctionName=name, EventSourceArn=QUEUE)
            await plane.call(CREATE, FunctionName=name, EventSourceArn=STREAM, StartingPosition="LATEST")

        async def listed(**wanted) -> list[tuple[str, str]]:
            found = (await plane.call("ListEventSourceMappings", **wanted))["EventSourceMappings"]
            return [(one["FunctionArn"][-1], one["EventSourceArn"][-1]) for one in found]

        assert await listed() == [("f", "q"), ("f", "s"), ("g", "q"), ("g", "s")]
        assert await listed(FunctionName=f"{ARN}g") == [("g", "q"), ("g", "s")]
        assert await listed(FunctionName="f", EventSourceArn=QUEUE) == [("f", "q")]
        first = await plane.call("ListEventSourceMappings", MaxItems=3)
        assert await listed(Marker=first["NextMarker"]) == [("g", "s")]
        await plane.call("DeleteFunction", FunctionName="f")
        assert len(await listed()) == 4  # mappings outlive their function, as on AWS

    stage(scene)


def test_another_accounts_stream_is_not_read(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        for arn in (STREAM, TABLE):
            theirs = arn.replace("1" * 12, "2" * 12)
            asked = {"FunctionName": "f", "EventSourceArn": theirs, "StartingPosition": "LATEST"}
            assert (await plane.refused(CREATE, **asked)).message.startswith(f"Cannot access stream {theirs}.")

    stage(scene)


def test_a_pattern_deeper_than_can_be_matched_is_refused(stage) -> None:
    async def scene(plane: Plane) -> None:
        await surroundings(plane)
        deep = {"Filters": [{"Pattern": '{"a":' * 400 + '["x"]' + "}" * 400}]}
        fault = await plane.refused(CREATE, FunctionName="f", EventSourceArn=QUEUE, FilterCriteria=deep)
        assert fault.message == "Invalid filter pattern definition."

    stage(scene)
