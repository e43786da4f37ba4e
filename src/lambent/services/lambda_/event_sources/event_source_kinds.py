"""What can be the source of an event source mapping, and which settings each kind has.

Sources: API reference, CreateEventSourceMapping ("which configuration parameters apply to each event source");
defaults and words of the answers of SQS, Kinesis and DynamoDB as recorded, of the others as in the developer guide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.services.lambda_ import faults

COMMON = frozenset(
    {
        "UUID",
        "FunctionName",
        "EventSourceArn",
        "Enabled",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FilterCriteria",
        "KMSKeyArn",
        "Tags",
    }
)
STREAM = frozenset(
    {
        "ParallelizationFactor",
        "StartingPosition",
        "DestinationConfig",
        "MaximumRecordAgeInSeconds",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "TumblingWindowInSeconds",
        "FunctionResponseTypes",
        "MetricsConfig",
    }
)
KAFKA = frozenset(
    {
        "Topics",
        "StartingPosition",
        "StartingPositionTimestamp",
        "SourceAccessConfigurations",
        "DestinationConfig",
        "MaximumRecordAgeInSeconds",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "FunctionResponseTypes",
        "ProvisionedPollerConfig",
        "MetricsConfig",
        "LoggingConfig",
    }
)

_STREAM_SHOWS: dict[str, Any] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "LastProcessingResult": "No records processed",
    "StateTransitionReason": "User action",
}
_QUEUE_SHOWS: dict[str, Any] = {
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "StateTransitionReason": "USER_INITIATED",
}
_POLLED_SHOWS: dict[str, Any] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "LastProcessingResult": "No records processed",
    "StateTransitionReason": "USER_INITIATED",
}
_KAFKA_SHOWS = _POLLED_SHOWS | {"DestinationConfig": {"OnFailure": {}}}

ANYWHERE = frozenset({"LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source: its own settings beside COMMON, those that must be sent, and what answers show by default.

    `positions` are the starting positions, of which one must be sent; none where there is nothing to start at.
    """

    name: str
    own: frozenset[str]
    shows: Mapping[str, Any]
    required: tuple[str, ...] = ()
    positions: frozenset[str] = frozenset()
    batch_max: int = 10_000
    accepts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "accepts", COMMON | self.own)


SQS = Kind(
    "SQS",
    frozenset({"ScalingConfig", "FunctionResponseTypes", "MetricsConfig", "ProvisionedPollerConfig"}),
    _QUEUE_SHOWS,
)
SQS_FIFO = Kind(
    "SQS", frozenset({"ScalingConfig", "FunctionResponseTypes", "MetricsConfig"}), _QUEUE_SHOWS, batch_max=10
)
KINESIS = Kind("Kinesis", STREAM | {"StartingPositionTimestamp"}, _STREAM_SHOWS, positions=ANYWHERE)
DYNAMODB = Kind("DynamoDB", STREAM, _STREAM_SHOWS, positions=ANYWHERE - {"AT_TIMESTAMP"})
MSK = Kind(
    "MSK",
    KAFKA | {"AmazonManagedKafkaEventSourceConfig"},
    _KAFKA_SHOWS,
    required=("Topics",),
    positions=ANYWHERE,
)
SELF_MANAGED_KAFKA = Kind(
    "SelfManagedKafka",
    KAFKA | {"SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig"},
    _KAFKA_SHOWS,
    required=("SourceAccessConfigurations", "Topics"),
    positions=ANYWHERE,
)
MQ = Kind(
    "MQ",
    frozenset({"Queues", "SourceAccessConfigurations"}),
    _POLLED_SHOWS,
    required=("Queues", "SourceAccessConfigurations"),
)
DOCUMENTDB = Kind(
    "DocumentDB",
    frozenset(
        {"DocumentDBEventSourceConfig", "SourceAccessConfigurations", "StartingPosition", "StartingPositionTimestamp"}
    ),
    _POLLED_SHOWS,
    required=("DocumentDBEventSourceConfig", "SourceAccessConfigurations"),
    positions=ANYWHERE,
)

_FORMS = (
    (re.compile(r"sqs:[^:]+:\d{12}:.+\.fifo"), SQS_FIFO),
    (re.compile(r"sqs:[^:]+:\d{12}:[^:]+"), SQS),
    (re.compile(r"kinesis:[^:]+:\d{12}:stream/[^/]+(/consumer/.+)?"), KINESIS),
    (re.compile(r"dynamodb:[^:]+:\d{12}:table/[^/]+/stream/.+"), DYNAMODB),
    (re.compile(r"kafka:[^:]+:\d{12}:(cluster|vpc-connection)/.+"), MSK),
    (re.compile(r"mq:[^:]+:\d{12}:broker:.+"), MQ),
    (re.compile(r"rds:[^:]+:\d{12}:cluster:.+"), DOCUMENTDB),
)


def kind_of(members: Mapping[str, Any]) -> Kind:
    """The kind of source that a request or a stored mapping names. Raises Fault."""
    arn = members.get("EventSourceArn")
    if not arn:
        if (members.get("SelfManagedEventSource") or {}).get("Endpoints"):
            return SELF_MANAGED_KAFKA
        raise faults.invalid("Unrecognized event source.")
    inside = arn.split(":", 2)[-1]
    for form, kind in _FORMS:
        if form.fullmatch(inside):
            return kind
    # AWS's words for an ARN of another service or form are not recorded; these are those for no ARN at all.
    raise faults.invalid("Unrecognized event source.")
