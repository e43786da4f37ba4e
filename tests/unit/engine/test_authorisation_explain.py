"""What is told of a denial, and what AWS would not store."""

import json
from typing import Any

import pytest

from lambent.engine.authorisation import document, principals
from lambent.engine.authorisation.decide import Ask, Policies, decide
from lambent.engine.authorisation.explain import as_text, explain

WHO = principals.session("arn:aws:iam::111111111111:role/app", "f")
OBJECT = "arn:aws:s3:::b/k"


def why(statement: dict[str, Any], action: str = "s3:GetObject", resource: str = OBJECT, **keys: str) -> str:
    policies = Policies((document.read("inline", {"Version": "2012-10-17", "Statement": statement}),))
    ask = Ask(WHO, action, resource, "111111111111", keys)
    decision = decide(ask, policies)
    assert not decision.allowed
    return explain(ask, policies, decision).why


ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECT}
QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"


@pytest.mark.parametrize(
    ("statement", "asked", "told"),
    [
        (ALLOW | {"Resource": "arn:aws:s3:::b"}, {}, "not what is in it: arn:aws:s3:::b/* is"),
        (
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b/*"},
            {"action": "s3:ListBucket", "resource": "arn:aws:s3:::b"},
            "it names what is in arn:aws:s3:::b, not arn:aws:s3:::b itself",
        ),
        (
            {"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE.replace("us-east-1", "eu-west-1")},
            {"action": "sqs:SendMessage", "resource": QUEUE},
            "it names the region eu-west-1, the resource's is us-east-1",
        ),
        (
            {"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE.replace("111111111111", "222222222222")},
            {"action": "sqs:SendMessage", "resource": QUEUE},
            "it names the account 222222222222, the resource's is 111111111111",
        ),
        (
            {"Effect": "Allow", "Action": "lambda:*", "Resource": "arn:aws:lambda:r:1:function:f"},
            {"action": "lambda:InvokeFunction", "resource": "arn:aws:lambda:r:1:function:f:live"},
            "without what follows",
        ),
        (
            {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::b"},
            {"action": "s3:ListAllMyBuckets", "resource": "*"},
            "this action is about no single resource: * is needed",
        ),
        (
            ALLOW | {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}},
            {},
            "needs the key aws:PrincipalTag/team, which the request does not have",
        ),
        (
            ALLOW | {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
            {"aws:sourceip": "127.0.0.1"},
            "is not met: aws:SourceIp is 127.0.0.1",
        ),
        (ALLOW | {"Action": "s3:PutObject"}, {}, "no statement of any identity-based policy is about this action"),
        (ALLOW | {"Effect": "Deny", "Sid": "Never"}, {}, "statement Never of inline denies it"),
        (ALLOW | {"Condition": {"Odd": {"a": "b"}}}, {}, "can't be evaluated: AWS has no condition operator Odd"),
    ],
)  # fmt: skip
def test_why(statement: dict[str, Any], asked: dict[str, str], told: str) -> None:
    assert told in why(statement, **asked)


def test_the_least_statement_allows_it() -> None:
    ask = Ask(WHO, "s3:GetObject", OBJECT, "111111111111")
    said = explain(ask, Policies(), decide(ask, Policies()))
    assert said.mend is not None
    mended = Policies((document.read("mended", {"Version": "2012-10-17", "Statement": said.mend}),))
    assert decide(ask, mended).allowed
    assert json.loads(as_text(said.mend)) == said.mend
    assert said.text == (
        f"User: {WHO.arn} is not authorized to perform: s3:GetObject on resource: {OBJECT} "
        "because no identity-based policy allows the s3:GetObject action"
    )
