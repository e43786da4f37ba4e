"""What is refused in the settings of an event source mapping, by kind of source."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambent.model.constraints import NOT_NULL, NULL, broken
from lambent.model.event_source import NEVER
from lambent.services.lambda_ import faults
from lambent.services.lambda_.event_sources.event_source_kinds import (
    DYNAMODB,
    KINESIS,
    MSK,
    SELF_MANAGED_KAFKA,
    SQS,
    SQS_FIFO,
    Kind,
)
from lambent.wire.fault import Fault

LONE_BATCH = 10
"""Messages that SQS hands out at once; a larger batch needs a window to be gathered in."""
LEAST_AGE = 60
"""Seconds. "Although values less than 60 and greater than -1 fall within the parameter's absolute range, they are not
allowed": API reference, CreateEventSourceMapping, MaximumRecordAgeInSeconds."""
LEAST_POLLERS_OF_QUEUES = 2
"""Source: API reference, ProvisionedPollerConfig."""
KAFKAS = (MSK, SELF_MANAGED_KAFKA)


def seconds_of(moment: datetime | float) -> float:
    """A moment as seconds since 1970, however it was sent."""
    return moment.timestamp() if isinstance(moment, datetime) else moment


def check_known(kind: Kind, params: Mapping[str, Any]) -> None:
    """Raise Fault for a setting that sources of this kind don't have, and for a destination that can't be one."""
    for member in params:
        if member not in kind.accepts:
            if kind in (SQS, SQS_FIFO) and member == "StartingPosition":
                # Source of the words: https://github.com/motdotla/node-lambda/issues/466
                raise faults.invalid("StartingPosition is not valid for SQS event sources.")
            raise faults.invalid(f"Unsupported {member} parameter for given event source mapping type.")
    _check_destination(kind, params.get("DestinationConfig") or {})


def check_built(kind: Kind) -> None:
    """Raise Fault for sources that nothing here reads: a mapping of them would do nothing."""
    if kind not in (SQS, SQS_FIFO, KINESIS, DYNAMODB):
        raise faults.unsupported(f"An event source mapping of {kind.name} (planned after queues and streams)")


def check_start(kind: Kind, params: Mapping[str, Any], now: float) -> None:
    """Raise Fault for a setting that a new mapping lacks, and for a place where it can't start at `now`."""
    for member in kind.required:
        if not params.get(member):
            # From memory of AWS's answers of SourceAccessConfigurations, and taken to be so of the others.
            raise faults.invalid(f"Required '{member[0].lower()}{member[1:]}' parameter is missing.")
    if not kind.positions:
        return
    position = params.get("StartingPosition")
    if not position:
        raise faults.invalid(broken(NULL, "startingPosition", f"{NOT_NULL}."))
    if position not in kind.positions:
        raise faults.invalid(f"Unsupported starting position for arn type: {params['EventSourceArn']}")
    _check_moment(position, params.get("StartingPositionTimestamp"), now)


def _check_moment(position: str, moment: datetime | float | None, now: float) -> None:
    """Wording of our own; source of the rules: API reference, StartingPositionTimestamp."""
    if (position == "AT_TIMESTAMP") != (moment is not None):
        raise faults.invalid("StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP, and only with it.")
    if moment is not None and seconds_of(moment) > now:
        raise faults.invalid("StartingPositionTimestamp cannot be in the future.")


def check_values(kind: Kind, said: Mapping[str, Any]) -> None:
    """Raise Fault for values that don't fit the kind or one another; `said` is the mapping as it will read."""
    _check_batch(kind, said)
    _check_age(said.get("MaximumRecordAgeInSeconds", NEVER))
    _check_metrics(kind, (said.get("MetricsConfig") or {}).get("Metrics") or ())
    if said.get("ProvisionedPollerConfig"):
        _check_pollers(kind, said["ProvisionedPollerConfig"], said)


def _check_age(seconds: int) -> None:
    if NEVER < seconds < LEAST_AGE:
        # Wording of our own.
        raise faults.invalid(f"MaximumRecordAgeInSeconds must be {NEVER}, or at least {LEAST_AGE}.")


def _check_metrics(kind: Kind, metrics: Sequence[str]) -> None:
    """Wording of our own; source of the rule: API reference, EventSourceMappingMetricsConfig."""
    for metric in metrics:
        if metric != "EventCount" and kind not in KAFKAS:
            raise faults.invalid(f"Metric {metric} is not supported for event sources of {kind.name}.")


def _check_batch(kind: Kind, said: Mapping[str, Any]) -> None:
    batch, window = said["BatchSize"], said["MaximumBatchingWindowInSeconds"]
    if batch > kind.batch_max:
        # Source of the words: https://github.com/pulumi/pulumi-aws-serverless/issues/20
        raise faults.invalid(f"Maximum batch size must be between 1 and {kind.batch_max} inclusive")
    if kind is SQS_FIFO and window:
        # Wording of our own; source of the rule: API reference, MaximumBatchingWindowInSeconds.
        raise faults.invalid("MaximumBatchingWindowInSeconds is not supported for FIFO queues.")
    if kind is SQS and batch > LONE_BATCH and not window:
        # Source of the words: https://github.com/serverless/serverless/issues/8989
        raise faults.invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _check_destination(kind: Kind, config: Mapping[str, Any]) -> None:
    """Failed batches go to a standard queue, a standard topic, a bucket, or, from Kafka, a Kafka topic."""
    if (config.get("OnSuccess") or {}).get("Destination"):
        raise _bad_destination(config["OnSuccess"]["Destination"])
    destination = (config.get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    kafka = destination.startswith("kafka://") and kind in KAFKAS
    service = destination.split(":")[2] if destination.count(":") >= 5 else ""
    if not kafka and (service not in ("sqs", "sns", "s3") or destination.endswith(".fifo")):
        raise _bad_destination(destination)


def _bad_destination(destination: str) -> Fault:
    return faults.invalid(f"The destination ARN {destination} is invalid.")  # words not recorded


def _check_pollers(kind: Kind, pollers: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Wording of our own; source of the rules: developer guide, "Provisioned mode"; API reference."""
    if said.get("ScalingConfig"):
        raise faults.invalid("ProvisionedPollerConfig and ScalingConfig can't be used together.")
    least, most = pollers.get("MinimumPollers"), pollers.get("MaximumPollers")
    if least is not None and most is not None and least > most:
        raise faults.invalid("MinimumPollers must not be greater than MaximumPollers.")
    if kind in KAFKAS:
        return
    if min(least or LEAST_POLLERS_OF_QUEUES, most or LEAST_POLLERS_OF_QUEUES) < LEAST_POLLERS_OF_QUEUES:
        raise faults.invalid(f"MinimumPollers and MaximumPollers must be at least {LEAST_POLLERS_OF_QUEUES} for SQS.")
    if pollers.get("PollerGroupName"):
        raise faults.invalid("PollerGroupName is not supported for SQS.")
