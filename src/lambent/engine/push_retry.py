"""When a push is tried again, and what its dead letter queue gets.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html (185 times in 24 hours),
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy

ATTEMPT = b"<aws.scheduler.attempt-number>"
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a push ended: what was said last, its error code, how often it was tried, and whether the tries are used up
    (else it was an error that no further try helps)."""

    reason: str
    code: str
    tries: int
    exhausted: bool


def next_try(policy: RetryPolicy, tries: int, began: float, now: float) -> float | None:
    """When a push that failed `tries` times, first at `began`, is tried again; None to give it up."""
    if tries >= policy.attempts:
        return None
    pause = policy.pauses[min(tries, len(policy.pauses)) - 1] if policy.pauses else 0.0
    when = now + pause
    return when if when - began <= policy.longest else None


def dead_letter(push: Push, failure: Failure) -> Delivery:
    """What the dead letter queue gets: the message as it would have been delivered, and what its service says of it."""
    said = _SAID[push.kind](push, failure) if push.kind in _SAID else None
    attributes: Mapping[str, tuple[str, str]]
    if said is not None:
        attributes = {name: ("String", value) for name, value in said.items()}
    elif push.delivery.target.startswith(("http://", "https://")):  # a URL's attributes are headers
        attributes = {}
    else:
        attributes = push.delivery.attributes
    body = push.letter.encode("utf-8", "replace") if push.letter else push.delivery.body
    group = push.delivery.group if push.dead_letter.endswith(".fifo") else ""
    return push.delivery._replace(target=push.dead_letter, attributes=attributes, group=group, call="", body=body)


def of_letter(push: Push, letter: Delivery) -> Push:
    """A dead letter as a push: a schedule's is sent by its role, others by the service, as the queue's policy has it.

    Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html,
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (permissions),
    https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """
    return push._replace(delivery=letter, role=push.role if push.kind == "scheduler" else "", dead_letter="")


def numbered(push: Push, attempt: int) -> Delivery:
    """What is sent at an attempt: a schedule may want to be told its number."""
    delivery = push.delivery
    if push.kind != "scheduler" or ATTEMPT not in delivery.body:
        return delivery
    return delivery._replace(body=delivery.body.replace(ATTEMPT, str(attempt).encode()))


def _by_rule(push: Push, failure: Failure) -> dict[str, str]:
    return {
        "RULE_ARN": push.delivery.arn,
        "TARGET_ARN": push.delivery.target,
        "ERROR_CODE": _events_code(failure.code),
        **_ended(push.policy, failure),
    }


def _by_schedule(push: Push, failure: Failure) -> dict[str, str]:
    return {
        "SCHEDULE_ARN": push.delivery.arn,
        "TARGET_ARN": push.delivery.target,
        "ERROR_CODE": failure.code or "InternalServerError",
        "EXECUTION_ID": push.delivery.unique,
        "SCHEDULED_TIME": f"{datetime.fromtimestamp(push.delivery.now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "IS_PAYLOAD_TRUNCATED": "false",
        **_ended(push.policy, failure),
    }


def _ended(policy: RetryPolicy, failure: Failure) -> dict[str, str]:
    said = {"ERROR_MESSAGE": failure.reason or "unknown", "RETRY_ATTEMPTS": str(max(failure.tries - 1, 0))}
    if failure.exhausted:
        by_count = failure.tries >= policy.attempts
        said["EXHAUSTED_RETRY_CONDITION"] = "MaximumRetryAttempts" if by_count else "MaximumEventAgeInSeconds"
    return said


_SAID: dict[str, Callable[[Push, Failure], dict[str, str]]] = {"events": _by_rule, "scheduler": _by_schedule}
"""By kind. The others send the message as it is: a subscription's has the attributes it would have had."""

EVENTS_CODES = (
    ("NonExistent|DoesNotExist|NotFound|NoSuch", "NO_RESOURCE"),
    ("AccessDenied|NotAuthorized|Forbidden|AuthorizationError", "NO_PERMISSIONS"),
    ("Throttl|TooManyRequests|LimitExceeded", "THROTTLING"),
    ("Timeout|TimedOut", "TIMEOUT"),
    ("Internal|Unavailable", "INTERNAL_ERROR"),
    ("Connection", "CONNECTION_FAILURE"),
)
"""What EventBridge calls the error codes of its targets; every other one is SDK_CLIENT_ERROR."""


def _events_code(code: str) -> str:
    if code.isupper():
        return code
    return next((called for pattern, called in EVENTS_CODES if re.search(pattern, code)), "SDK_CLIENT_ERROR")
