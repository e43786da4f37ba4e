"""When a push is tried again, and what its dead letter queue gets."""

import math

from lambent.engine.push_retry import Failure, dead_letter, next_try
from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy
from lambent.model.scope import Scope

QUEUE = "arn:aws:sqs:us-east-1:111111111111:letters"
RULE = "arn:aws:events:us-east-1:111111111111:rule/r"
TARGET = "arn:aws:lambda:us-east-1:111111111111:function:f"
ATTRIBUTES = {"colour": ("String", "red")}
POLICY = RetryPolicy(3, 60.0, (1.0, 20.0))


def push(kind: str) -> Push:
    return Push(kind, Delivery(Scope(), TARGET, b"{}", "", RULE, "", attributes=ATTRIBUTES), POLICY, QUEUE)


def test_pauses_follow_one_another_and_the_last_one_stays() -> None:
    policy = RetryPolicy(10, math.inf, (0.0, 1.0, 20.0))
    assert [next_try(policy, tries, 0.0, 100.0) for tries in (1, 2, 3, 4, 9)] == [100.0, 101.0, 120.0, 120.0, 120.0]
    assert next_try(RetryPolicy(2), 1, 0.0, 5.0) == 5.0


def test_it_ends_by_the_number_of_tries_and_by_age() -> None:
    assert next_try(POLICY, 2, 0.0, 40.0) == 60.0
    assert next_try(POLICY, 2, 0.0, 41.0) is None
    assert next_try(POLICY, 3, 0.0, 0.0) is None


def test_a_subscription_s_dead_letter_is_the_message() -> None:
    letter = dead_letter(push("sns"), Failure("no", "NotFound", 1, exhausted=False))
    assert (letter.target, letter.attributes, letter.body) == (QUEUE, ATTRIBUTES, b"{}")


def test_a_rule_s_dead_letter_says_what_happened() -> None:
    said = dead_letter(push("events"), Failure("gone", "ResourceNotFoundException", 1, exhausted=False)).attributes
    assert said == {
        "RULE_ARN": ("String", RULE),
        "TARGET_ARN": ("String", TARGET),
        "ERROR_CODE": ("String", "NO_RESOURCE"),
        "ERROR_MESSAGE": ("String", "gone"),
        "RETRY_ATTEMPTS": ("String", "0"),
    }
    said = dead_letter(push("events"), Failure("busy", "ThrottlingException", 3, exhausted=True)).attributes
    assert said["EXHAUSTED_RETRY_CONDITION"] == ("String", "MaximumRetryAttempts")
    assert (said["ERROR_CODE"], said["RETRY_ATTEMPTS"]) == (("String", "THROTTLING"), ("String", "2"))
    said = dead_letter(push("events"), Failure("busy", "", 2, exhausted=True)).attributes
    assert said["EXHAUSTED_RETRY_CONDITION"] == ("String", "MaximumEventAgeInSeconds")
    assert said["ERROR_CODE"] == ("String", "SDK_CLIENT_ERROR")


def test_a_schedule_s_dead_letter_names_the_schedule() -> None:
    said = dead_letter(push("scheduler"), Failure("", "", 1, exhausted=False)).attributes
    assert said["SCHEDULE_ARN"] == ("String", RULE)
    assert said["ERROR_MESSAGE"] == ("String", "unknown")
