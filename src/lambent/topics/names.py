"""Names and ARNs of topics and subscriptions."""

import re

from lambent.model.scope import Scope
from lambent.topics.errors import invalid

NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
FIFO = ".fifo"
FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")
ARN_PARTS = 6


def topic_arn(scope: Scope, name: str) -> str:
    """The ARN of a topic."""
    return f"arn:aws:sns:{scope.region}:{scope.account}:{name}"


def parts_of(arn: str, parameter: str) -> list[str]:
    """The fields of an ARN of SNS's, the last one whole. Raises TopicError."""
    parts = arn.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS:
        raise invalid(parameter, f"An ARN must have at least 6 elements, not {len(parts)}")
    if parts[0] != "arn" or parts[2] != "sns" or not parts[5]:
        raise invalid(parameter)
    return parts


def topic_of(arn: str, parameter: str = "TopicArn") -> str:
    """The topic's ARN, checked. Raises TopicError."""
    parts = parts_of(arn, parameter)
    if ":" in parts[5] or "/" in parts[5]:
        raise invalid(parameter)
    return arn


def subscription_of(arn: str) -> tuple[str, str]:
    """The topic's ARN and the subscription's id. Raises TopicError."""
    parts = parts_of(arn, "SubscriptionArn")
    topic, _, unique = arn.rpartition(":")
    if ":" not in parts[5]:
        raise invalid("SubscriptionArn", f"An ARN must have at least 7 elements, not {ARN_PARTS}")
    return topic, unique


def check_name(name: str, *, fifo: bool) -> None:
    """Raises TopicError."""
    if fifo and not FIFO_NAME.fullmatch(name):
        raise invalid(
            "Topic Name",
            "Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, "
            "numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        )
    if not fifo and not NAME.fullmatch(name):
        raise invalid("Topic Name")
