"""Which functions and queues moto was asked to send to by services of its that never do.

What SNS, S3, EventBridge and Step Functions send arrives (`lambent.neighbour.bridges`); where moto would say that it
was sent, it is refused (`lambent.neighbour.kept`).
"""

import re
from collections.abc import Container
from urllib.parse import unquote_plus

from lambent.wire.http import Request

SENDERS = frozenset(
    {
        *("appsync", "cloudfront", "codecommit", "codepipeline", "cognito-identity"),
        *("connect", "firehose", "iot", "lexv2-models", "pipes", "s3control", "transfer"),
    }
)
"""Services that send to functions and queues on AWS when something happens or it is time."""
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(?:\.fifo)?"
    r"|lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9_$-]{1,128})?)"
)
_LARGEST = 1 << 18
"""Bytes of a request that is looked at; those that set up deliveries are smaller."""


def targets_named(service: str, request: Request, senders: Container[str] = SENDERS) -> list[str]:
    """The ARNs of functions and queues in a request that may set up deliveries to them."""
    if service not in senders or request.method not in {"POST", "PUT"} or len(request.body) > _LARGEST:
        return []
    text = unquote_plus(f"{request.query} {request.body.decode('utf-8', 'replace')}")
    return sorted(set(_ARN.findall(text)))
