"""Policies that IAM would not store for their size."""

import pytest

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
    stored.check(operation, {**params, member: " \n" * 9_000 + "x" * most})
    with pytest.raises(Fault) as caught:
        stored.check(operation, {**params, member: "x" * (most + 1)})
    assert (caught.value.code, caught.value.message, caught.value.status) == ("LimitExceeded", text, 409)


@pytest.mark.parametrize("params", [{}, {"PolicyDocument": 5}, {"PolicyDocument": ""}])
def test_what_has_no_policy_is_somebody_elses_to_refuse(params: dict[str, object]) -> None:
    for operation, *_ in CASES:
        stored.check(operation, params)
    stored.check("ListRoles", params)
