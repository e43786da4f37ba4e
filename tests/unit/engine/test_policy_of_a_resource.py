"""Whether a resource's policy lets another account in."""

from typing import Any

import pytest

from lambent.engine.authorisation import principals
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.engine.authorisation.resource import caller, lets_in, said

QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
ROLE = "arn:aws:iam::222222222222:role/path/sender"
ACCOUNT = Ask(caller("222222222222"), "sqs:SendMessage", QUEUE, keys=of_any(1_800_000_000.0))
SENDER = Ask(caller("222222222222", ROLE), "sqs:SendMessage", QUEUE, keys={"sts:externalid": "7"})
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("statement", "account", "role"),
    [
        ({}, True, True),
        ({"Principal": {"AWS": "*"}}, True, True),
        ({"Principal": {"AWS": "222222222222"}}, True, True),
        ({"Principal": {"AWS": ["333333333333", "arn:aws:iam::222222222222:root"]}}, True, True),
        ({"Principal": {"AWS": "arn:aws:iam::333333333333:root"}}, False, False),
        ({"Principal": {"AWS": ROLE}}, True, True),
        ({"Principal": {"AWS": "arn:aws:iam::222222222222:role/other"}}, True, False),
        ({"Principal": {"AWS": "arn:aws:sts::222222222222:assumed-role/sender/f"}}, True, True),
        ({"Principal": {"AWS": "arn:aws:sts::222222222222:assumed-role/other/f"}}, True, False),
        ({"Principal": {"Service": "sns.amazonaws.com"}}, False, False),
        ({"Action": "SQS:sendmessage"}, True, True),
        ({"Action": ["sqs:Send*", "x"]}, True, True),
        ({"Action": "*"}, True, True),
        ({"Action": "sqs:ReceiveMessage"}, False, False),
        ({"Action": None, "NotAction": "sqs:ReceiveMessage"}, True, True),
        ({"Resource": "arn:aws:sqs:*:*:q"}, True, True),
        ({"Resource": "arn:aws:sqs:us-east-1:111111111111:other"}, False, False),
        ({"Resource": None}, True, True),
        ({"Condition": {"StringEquals": {"sts:ExternalId": "7"}}}, False, True),
        ({"Condition": {"StringEquals": {"sts:ExternalId": ["8", "9"]}}}, False, False),
        ({"Condition": {"StringNotEquals": {"sts:ExternalId": "8"}}}, True, True),
        ({"Condition": {"StringNotLike": {"sts:ExternalId": "7*"}}}, True, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True, False),
        ({"Condition": "nonsense"}, False, False),
        ({"Effect": "Deny"}, False, False),
    ],
)
def test_a_statement(statement: dict[str, Any], account: bool, role: bool) -> None:
    merged = {name: value for name, value in (ALLOW | statement).items() if value is not None}
    assert lets_in(policy(merged), ACCOUNT) is account
    assert lets_in(policy(merged), SENDER) is role


@pytest.mark.parametrize(
    "deny",
    [
        {},
        {"Principal": {"AWS": "222222222222"}},
        {"Principal": None, "NotPrincipal": {"AWS": "333333333333"}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
        {"Condition": {"SomeOperator": {"aws:SecureTransport": "x"}}},  # not understood: it denies
    ],
)
def test_a_deny_wins(deny: dict[str, Any]) -> None:
    merged = {name: value for name, value in (ALLOW | {"Effect": "Deny"} | deny).items() if value is not None}
    assert not lets_in(policy(ALLOW, merged), ACCOUNT)


@pytest.mark.parametrize(
    "nothing", [{}, {"Statement": []}, {"Statement": "x"}, {"Statement": [1]}, {"Statement": None}]
)
def test_what_says_nothing_allows_nothing(nothing: dict[str, Any]) -> None:
    assert not lets_in(nothing, ACCOUNT)


def test_a_policy_that_has_changed_is_another_one() -> None:
    changing = policy(ALLOW)
    assert lets_in(changing, ACCOUNT)
    changing["Statement"] = [ALLOW | {"Effect": "Deny"}]
    assert not lets_in(changing, ACCOUNT)


def test_what_is_no_json_is_read_all_the_same() -> None:
    assert lets_in(policy(ALLOW | {"Sid": object()}), ACCOUNT)


def test_one_statement_needs_no_list() -> None:
    assert lets_in({"Statement": ALLOW}, ACCOUNT)


GATE = Ask(
    principals.service("apigateway.amazonaws.com"),
    "lambda:InvokeFunction",
    QUEUE,
    keys={"aws:sourcearn": "arn:aws:execute-api:us-east-1:111111111111:api/dev"},
)
FOR_GATE = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("more", "allowed"),
    [
        ({}, True),
        ({"Principal": {"Service": ["x", "apigateway.amazonaws.com"]}}, True),
        ({"Principal": {"Service": "sns.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "111111111111"}}, False),
        ({"Principal": "*"}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:*:*:api/*"}}}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:*:*:other/*"}}}, False),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "1"}}}, False),
    ],
)
def test_a_service_that_asks(more: dict[str, Any], allowed: bool) -> None:
    assert lets_in(policy(FOR_GATE | more), GATE) is allowed


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([{"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE}], "Allow"),
        ([{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:x"}], ""),
        (
            [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": "*"}],
            "Deny",
        ),
        ([], ""),
    ],
)
def test_what_a_policy_of_ones_own_says(statements: list[dict[str, Any]], expected: str) -> None:
    assert said(policy(*statements), ACCOUNT) == expected
