"""Policies that IAM, KMS and others would not store: for their size or form."""

import json
from typing import Any

import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.permissions import stored
from lambent.wire.fault import Fault

TOO_LARGE = "Maximum policy size of {} bytes exceeded for {}"
CASES = [
    ("PutRolePolicy", {"RoleName": "r"}, "PolicyDocument", 10_240, TOO_LARGE.format(10240, "role r")),
    ("PutUserPolicy", {"UserName": "u"}, "PolicyDocument", 2_048, TOO_LARGE.format(2048, "user u")),
    ("PutGroupPolicy", {"GroupName": "g"}, "PolicyDocument", 5_120, TOO_LARGE.format(5120, "group g")),
    ("CreatePolicy", {}, "PolicyDocument", 6_144, "Cannot exceed quota for PolicySize: 6144"),
    ("CreatePolicyVersion", {}, "PolicyDocument", 6_144, "Cannot exceed quota for PolicySize: 6144"),
    ("CreateRole", {}, "AssumeRolePolicyDocument", 2_048, "Cannot exceed quota for ACLSizePerRole: 2048"),
    ("UpdateAssumeRolePolicy", {}, "PolicyDocument", 2_048, "Cannot exceed quota for ACLSizePerRole: 2048"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "params", "member", "most", "text"), CASES)
def test_a_policy_has_a_size(operation: str, params: dict[str, str], member: str, most: int, text: str) -> None:
    with pytest.raises(Fault) as caught:
        stored.check("iam", operation, {**params, member: " \n" * 9_000 + "x" * most})
    assert caught.value.code == "MalformedPolicyDocument"
    with pytest.raises(Fault) as caught:
        stored.check("iam", operation, {**params, member: "x" * (most + 1)})
    assert (caught.value.code, caught.value.message, caught.value.status) == ("LimitExceeded", text, 409)


@pytest.mark.parametrize("params", [{}, {"PolicyDocument": 5}, {"PolicyDocument": ""}])
def test_what_has_no_policy_is_somebody_elses_to_refuse(params: dict[str, object]) -> None:
    for operation, *_ in CASES:
        stored.check("iam", operation, params)
    stored.check("iam", "ListRoles", params)


ROLE = "arn:aws:iam::123456789012:role/r"
ROOT = {"AWS": "arn:aws:iam::123456789012:root"}


def policy(**changes: Any) -> str:
    one = {"Effect": "Allow", "Principal": ROOT, "Action": "*", "Resource": "*"} | changes
    kept = {name: value for name, value in one.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


@pytest.mark.parametrize(
    ("service", "operation", "member", "said", "code", "text"),
    [
        (
            "iam",
            "CreateRole",
            "AssumeRolePolicyDocument",
            policy(),
            "MalformedPolicyDocument",
            "Has prohibited field Resource",
        ),
        (
            "iam",
            "PutRolePolicy",
            "PolicyDocument",
            policy(),
            "MalformedPolicyDocument",
            "Policy document should not specify a principal.",
        ),
        ("kms", "CreateKey", "Policy", "{", "MalformedPolicyDocumentException", ""),
        (
            "kms",
            "PutKeyPolicy",
            "Policy",
            policy(Principal={"AWS": "x"}),
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
        ),
        (
            "kms",
            "PutKeyPolicy",
            "Policy",
            policy(Condition={"Foo": {"a": "b"}}),
            "MalformedPolicyDocumentException",
            "",
        ),
        (
            "secretsmanager",
            "PutResourcePolicy",
            "ResourcePolicy",
            policy(Resource=None),
            "MalformedPolicyDocumentException",
            "This policy has invalid syntax.",
        ),
        (
            "dynamodb",
            "PutResourcePolicy",
            "Policy",
            policy(Action="s3:*"),
            "ValidationException",
            "One or more parameter values were invalid: Invalid policy document: The following action names are "
            'invalid: "s3:*"',
        ),
        (
            "ecr",
            "SetRepositoryPolicy",
            "policyText",
            "x",
            "InvalidParameterException",
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
        ),
    ],
)
def test_a_policy_that_is_none(service: str, operation: str, member: str, said: str, code: str, text: str) -> None:
    with pytest.raises(Fault) as caught:
        stored.check(service, operation, {member: said})
    assert (caught.value.code, caught.value.message, caught.value.status) == (code, text, 400)


def test_nobody_locks_himself_out_of_a_key() -> None:
    caller = Caller(Scope("123456789012"), "", held=Held("", "123456789012", ROLE, "s"))
    stored.check("kms", "PutKeyPolicy", {"Policy": policy()}, caller)
    other = policy(Principal={"AWS": "arn:aws:iam::123456789012:role/other"})
    with pytest.raises(Fault, match="will not allow you to update"):
        stored.check("kms", "PutKeyPolicy", {"Policy": other}, caller)
    stored.check("kms", "PutKeyPolicy", {"Policy": other, "BypassPolicyLockoutSafetyCheck": True}, caller)
