"""The digests that clients compare.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
("Calculating the MD5 message digest for message attributes").
"""

import hashlib

from lambent.queues.content import Attributes

_TEXT, _BINARY = b"\x01", b"\x02"


def of_text(text: str) -> str:
    """The digest of a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def of_attributes(attributes: Attributes) -> str | None:
    """The digest of message attributes (or system attributes); None when there are none."""
    if not attributes:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        digest.update(_sized(name.encode()) + _sized(value["DataType"].encode()))
        if "BinaryValue" in value:
            digest.update(_BINARY + _sized(value["BinaryValue"]))
        else:
            digest.update(_TEXT + _sized(value["StringValue"].encode()))
    return digest.hexdigest()


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
