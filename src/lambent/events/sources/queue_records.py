"""Messages as functions get them.

Source: recorded events; https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html (example event).
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from lambent.queues import md5
from lambent.queues.messages import Delivery
from lambent.queues.system_attributes import system_attributes


def record(message: Delivery, source: str, region: str) -> dict[str, Any]:
    """One member of `Records`."""
    content = message.content
    return {
        "messageId": content.id,
        "receiptHandle": message.handle,
        "body": content.body,
        "attributes": system_attributes(message),
        "messageAttributes": {name: _attribute(value) for name, value in content.attributes.items()},
        "md5OfMessageAttributes": md5.of_attributes(content.attributes),
        "md5OfBody": content.md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": region,
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    if "BinaryValue" in value:
        said = {"binaryValue": base64.b64encode(value["BinaryValue"]).decode("ascii")}
    else:
        said = {"stringValue": value["StringValue"]}
    return {**said, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def encode(one: Mapping[str, Any]) -> bytes:
    """A record as it stands in the event. A body that is no UTF-8 text can't be sent."""
    return orjson.dumps(one)


def event(records: Sequence[bytes]) -> bytes:
    """The event of encoded records."""
    return b'{"Records":[' + b",".join(records) + b"]}"
