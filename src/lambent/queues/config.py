"""A queue's settings, as its record has them and as they are used."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from lambent.engine.queue import Rules
from lambent.model.scope import Scope
from lambent.queues.names import queue_arn
from lambent.store.resources import Resource

QUEUE = "sqs-queue"
"""The kind of a queue's record. Its document: uid, created, modified (seconds), attributes (texts), tags."""


@dataclass(frozen=True, slots=True)
class Config:
    """Times are seconds. `dead_letters` is the ARN of the dead-letter queue, "" when there is none."""

    resource: Resource = field(repr=False)
    uid: int
    scope: Scope
    name: str
    arn: str
    fifo: bool
    visibility: int
    delay: int
    retention: int
    wait: int
    max_bytes: int
    content_deduplication: bool
    group_deduplication: bool
    dead_letters: str
    max_receives: int

    @property
    def rules(self) -> Rules:
        """What the queue's core has to know."""
        return Rules(self.fifo, float(self.retention))

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes that were set or have a default."""
        attributes: dict[str, str] = self.resource.document["attributes"]
        return attributes

    @property
    def tags(self) -> dict[str, str]:
        """The queue's tags."""
        tags: dict[str, str] = self.resource.document["tags"]
        return tags


def read(resource: Resource) -> Config:
    """The settings of a record."""
    attributes: dict[str, str] = resource.document["attributes"]
    redrive: dict[str, Any] = orjson.loads(attributes.get("RedrivePolicy") or "{}")
    return Config(
        resource=resource,
        uid=resource.document["uid"],
        scope=resource.scope,
        name=resource.name,
        arn=queue_arn(resource.scope, resource.name),
        fifo=attributes.get("FifoQueue") == "true",
        visibility=int(attributes["VisibilityTimeout"]),
        delay=int(attributes["DelaySeconds"]),
        retention=int(attributes["MessageRetentionPeriod"]),
        wait=int(attributes["ReceiveMessageWaitTimeSeconds"]),
        max_bytes=int(attributes["MaximumMessageSize"]),
        content_deduplication=attributes.get("ContentBasedDeduplication") == "true",
        group_deduplication=attributes.get("DeduplicationScope") == "messageGroup",
        dead_letters=redrive.get("deadLetterTargetArn", ""),
        max_receives=int(redrive.get("maxReceiveCount", 0)),
    )
