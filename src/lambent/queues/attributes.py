"""Queue attributes: which there are, what they may be, and how they are shown.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html.
"""

from collections.abc import Callable, Mapping

from lambent.engine.authorisation import checking
from lambent.engine.queue import Queue
from lambent.engine.queue_message import Place
from lambent.model.limits import Limits
from lambent.queues import errors, redrive
from lambent.queues.config import Config
from lambent.queues.registry import Registry

RANGES: dict[str, tuple[int, int]] = {
    "DelaySeconds": (0, 900),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
SMALLEST_MESSAGE = 1024
DEFAULTS = {
    "DelaySeconds": "0",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "true",
}
FIFO_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
CHOICES = {
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
    "SqsManagedSseEnabled": ("true", "false"),
}
FIFO_ONLY = frozenset({"FifoQueue", *FIFO_DEFAULTS})
POLICIES = checking.Kind("needed", "optional", plain_sids=False, vendor="sqs")
REMOVABLE = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"})
"""Attributes that an empty text takes away."""
COUNTS = {
    "ApproximateNumberOfMessages": Place.READY,
    "ApproximateNumberOfMessagesNotVisible": Place.IN_FLIGHT,
    "ApproximateNumberOfMessagesDelayed": Place.DELAYED,
}
COMPUTED: dict[str, Callable[[Config], str]] = {
    "CreatedTimestamp": lambda queue: str(int(queue.resource.document["created"])),
    "LastModifiedTimestamp": lambda queue: str(int(queue.resource.document["modified"])),
    "QueueArn": lambda queue: queue.arn,
}
SETTABLE = frozenset({*RANGES, *CHOICES, *REMOVABLE, "MaximumMessageSize", "FifoQueue"})
KNOWN = SETTABLE | COUNTS.keys() | COMPUTED.keys()


def defaults(limits: Limits, fifo: bool) -> dict[str, str]:
    """What a queue has that was made without attributes."""
    kind = {"FifoQueue": "true", **FIFO_DEFAULTS} if fifo else {}
    return {**DEFAULTS, "MaximumMessageSize": str(limits.sqs_message_bytes), **kind}


def check(
    registry: Registry, limits: Limits, queue: Config | None, given: Mapping[str, str], arn: str
) -> dict[str, str]:
    """The attributes as they are kept; those of REMOVABLE may be "". `queue` is None for one that is being made.

    Raises QueueError.
    """
    fifo = queue.fifo if queue is not None else given.get("FifoQueue") == "true"
    kept = {}
    for name, value in given.items():
        if name not in SETTABLE:
            raise errors.unknown_attribute(name)
        if name in FIFO_ONLY and not fifo:
            raise errors.unknown_attribute(name)
        kept[name] = _checked(registry, limits, fifo, name, str(value), arn)
    if queue is not None and kept.get("FifoQueue", "true") != "true":
        raise errors.bad_attribute("FifoQueue")
    current = queue.attributes if queue is not None else FIFO_DEFAULTS
    scope = kept.get("DeduplicationScope", current.get("DeduplicationScope"))
    if kept.get("FifoThroughputLimit", current.get("FifoThroughputLimit")) == "perMessageGroupId" and scope == "queue":
        raise errors.bad_attribute("FifoThroughputLimit")
    return kept


def _checked(registry: Registry, limits: Limits, fifo: bool, name: str, value: str, arn: str) -> str:
    if name in REMOVABLE and not value:
        return value
    if name == "MaximumMessageSize":
        return _whole(name, value, SMALLEST_MESSAGE, limits.sqs_message_bytes)
    if name in RANGES:
        return _whole(name, value, *RANGES[name])
    if name in CHOICES and value.lower() not in {choice.lower() for choice in CHOICES[name]}:
        raise errors.bad_attribute(name)
    if name == "RedrivePolicy":
        return redrive.check_policy(registry, fifo, value, arn)
    if name == "RedriveAllowPolicy":
        return redrive.check_allow_policy(value)
    if name == "Policy":
        _check_policy(value)
    return next((choice for choice in CHOICES.get(name, ()) if choice.lower() == value.lower()), value)


def _whole(name: str, value: str, least: int, most: int) -> str:
    if not value.isascii() or not value.isdigit() or not least <= int(value[:12]) <= most:
        raise errors.bad_attribute(name)
    return str(int(value))


def _check_policy(value: str) -> None:
    """SQS has one text for all that may be wrong."""
    if checking.check(value, POLICIES) is not None:
        raise errors.bad_attribute("Policy")


def changed(current: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """The attributes with what was set of them; what was set to "" is taken away."""
    merged = {**current, **kept}
    return {name: value for name, value in merged.items() if value or name not in REMOVABLE}


def differing(queue: Config, kept: Mapping[str, str]) -> list[str]:
    """Which attributes a CreateQueue asks for that the queue of that name does not have."""
    return sorted(name for name, value in kept.items() if queue.attributes.get(name, "") != value)


def shown(queue: Config, core: Queue, names: set[str]) -> dict[str, str]:
    """The attributes asked for that the queue has; `names` may hold All."""
    everything = {
        **queue.attributes,
        **{name: compute(queue) for name, compute in COMPUTED.items()},
        **{name: str(core.count(place)) for name, place in COUNTS.items()},
    }
    return everything if "All" in names else {name: everything[name] for name in everything if name in names}
