"""Which queues moto was asked to send to: it knows its own queues only, and Lambent's are not among them."""

import re
from urllib.parse import unquote_plus

from lambent.wire.http import Request

SENDERS = frozenset({"events", "iot", "pipes", "s3", "scheduler", "sns"})
"""Services that send to queues when something happens."""
_ARN = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
_LARGEST = 1 << 18
"""Bytes of a request that is looked at; those that set up deliveries are smaller."""


def queues_named(service: str, request: Request) -> list[str]:
    """The ARNs of queues in a request that may set up deliveries to them."""
    if service not in SENDERS or request.method not in {"POST", "PUT"} or len(request.body) > _LARGEST:
        return []
    if service == "s3" and "notification" not in request.query:
        return []
    text = unquote_plus(f"{request.query} {request.body.decode('utf-8', 'replace')}")
    return sorted(set(_ARN.findall(text)))
