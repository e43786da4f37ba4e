"""Queues and their policies."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, put
from lambent.deploy.resources.texts import as_text

ATTRIBUTES = (
    *("ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue", "FifoThroughputLimit"),
    *("KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod"),
    *("ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled"),
    "VisibilityTimeout",
)
_DEFAULTS = {
    "ContentBasedDeduplication": False,
    "DeduplicationScope": "queue",
    "DelaySeconds": 0,
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": 300,
    "KmsMasterKeyId": "",
    "MaximumMessageSize": 1048576,
    "MessageRetentionPeriod": 345600,
    "ReceiveMessageWaitTimeSeconds": 0,
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": True,
    "VisibilityTimeout": 30,
}
"""What an attribute is again when its property is removed."""


def _attributes(subject: Subject) -> dict[str, Any] | None:
    found = {name: subject.properties[name] for name in ATTRIBUTES if subject.properties.get(name) is not None}
    if str(found.get("FifoQueue", "")).lower() == "false":
        del found["FifoQueue"]
    return found or None


def _changed(subject: Subject) -> dict[str, Any] | None:
    names = [name for name in ATTRIBUTES if name in subject.changed and name != "FifoQueue"]
    found = {name: subject.properties.get(name) for name in names}
    return {name: value for name, value in found.items() if value is not None} or None


def _queues(subject: Subject) -> list[str]:
    return list(subject.properties.get("Queues") or [])


def _policy(subject: Subject) -> dict[str, str]:
    return {"Policy": as_text(subject.properties.get("PolicyDocument") or {})}


_PUT_POLICY = Do(
    "sqs:SetQueueAttributes",
    {"QueueUrl": "@item", "Attributes": _policy},
    each=_queues,
    takes=("Queues", "PolicyDocument"),
)
KINDS = {
    "AWS::SQS::Queue": Kind(
        name="QueueName",
        length=80,
        suffix=lambda subject: ".fifo" if str(subject.properties.get("FifoQueue", "")).lower() == "true" else "",
        create=(Do("sqs:CreateQueue", {"QueueName": "$name", "Attributes": _attributes, "tags": "$Tags"}),),
        update=(Do("sqs:SetQueueAttributes", {"QueueUrl": "$id", "Attributes": _changed}, on=ATTRIBUTES),),
        empty=_DEFAULTS,
        delete=(Do("sqs:DeleteQueue", {"QueueUrl": "$id"}),),
        adopt=Do("sqs:GetQueueUrl", {"QueueName": "$name"}),
        id="@QueueUrl",
        attributes={
            "Arn": "arn:aws:sqs:{region}:{account}:{name}",
            "QueueName": "{name}",
            "QueueUrl": "{id}",
        },
        tags="Tags",
        tag=Do("sqs:TagQueue", {"QueueUrl": "$id", "Tags": "$Tags"}),
        untag=Do("sqs:UntagQueue", {"QueueUrl": "$id", "TagKeys": "@removed"}),
        takes=ATTRIBUTES,
    ),
    "AWS::SQS::QueueInlinePolicy": put(
        Do("sqs:SetQueueAttributes", {"QueueUrl": "$Queue", "Attributes": _policy}, takes=("PolicyDocument",)),
        delete=(Do("sqs:SetQueueAttributes", {"QueueUrl": "$Queue", "Attributes": {"Policy": ""}}),),
        id="{Queue}",
    ),
    "AWS::SQS::QueuePolicy": put(
        _PUT_POLICY,
        delete=(Do("sqs:SetQueueAttributes", {"QueueUrl": "@item", "Attributes": {"Policy": ""}}, each=_queues),),
        attributes={"Id": "{id}"},
    ),
}
