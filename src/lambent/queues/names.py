"""Queues by name, ARN and URL."""

import re
from urllib.parse import urlsplit

from lambent.model.scope import Scope
from lambent.queues.errors import bad_address, invalid

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
    """Where and what a queue's URL names, whatever its host; the region is the caller's. Raises QueueError."""
    try:
        segments = urlsplit(url).path.strip("/").split("/")
    except ValueError:
        raise bad_address(url) from None
    if len(segments) < 2 or not re.fullmatch(r"[0-9]{12}", segments[-2]) or not segments[-1]:
        raise bad_address(url)
    return Scope(segments[-2], scope.region), segments[-1]


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
