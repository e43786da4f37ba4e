"""Queues by name, ARN and URL."""

import re
from urllib.parse import urlsplit

from lambent.model.scope import Scope
from lambent.queues.errors import bad_address, invalid, no_queue

FIFO_SUFFIX = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def queue_arn(scope: Scope, name: str) -> str:
    """The ARN of a queue."""
    return f"arn:aws:sqs:{scope.region}:{scope.account}:{name}"


def from_arn(arn: str) -> tuple[Scope, str] | None:
    """Where and what a queue's ARN names; None when it is no such ARN."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs":
        return None
    return Scope(parts[4], parts[3]), parts[5]


def queue_url(base: str, scope: Scope, name: str) -> str:
    """The URL of a queue at the endpoint `base`."""
    return f"{base}/{scope.account}/{name}"


def from_url(url: str, scope: Scope) -> tuple[Scope, str]:
    """Where and what a queue's URL names, whatever its host; the region is the caller's. A name alone, or a URL without
    an account, is a queue of the caller's: SQS takes them
    (https://github.com/aws/aws-sdk-js-v3/pull/6337). Raises QueueError."""
    try:
        split = urlsplit(url)
    except ValueError:
        raise bad_address(url) from None
    segments = split.path.strip("/").split("/")
    if split.netloc and not split.path:
        raise no_queue()
    if not segments[-1] or (len(segments) > 1 and not re.fullmatch(r"[0-9]{12}", segments[-2])):
        raise bad_address(url)
    account = segments[-2] if len(segments) > 1 else scope.account
    return Scope(account, scope.region), segments[-1]


def check_name(name: str, fifo: bool) -> None:
    """Raises QueueError for a name that no queue of the kind can have."""
    stem = name.removesuffix(FIFO_SUFFIX)
    if fifo and (stem == name or len(name) > 80 or not _NAME.fullmatch(stem)):
        raise invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
            ".fifo suffix and be 1 to 80 in length."
        )
    if not fifo and not _NAME.fullmatch(name):
        raise invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
