"""Policies that IAM would not store for their size; moto would. White space does not count.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html ("IAM entity character limits"); the
texts are as callers of AWS report them. The limits of inline policies are for all of one user, role or group together;
here a policy alone is measured.
"""

from collections.abc import Mapping
from typing import Any

from lambent.wire.fault import Fault

INLINE = {"PutUserPolicy": ("user", 2_048), "PutRolePolicy": ("role", 10_240), "PutGroupPolicy": ("group", 5_120)}
MANAGED = {"CreatePolicy": 6_144, "CreatePolicyVersion": 6_144}
TRUST = {"CreateRole": "AssumeRolePolicyDocument", "UpdateAssumeRolePolicy": "PolicyDocument"}
TRUST_SIZE = 2_048


def check(operation: str, params: Mapping[str, Any]) -> None:
    """Raises Fault as IAM does for a policy that is too large."""
    if operation in INLINE:
        kind, most = INLINE[operation]
        name = params.get(f"{kind.capitalize()}Name")
        text = f"Maximum policy size of {most} bytes exceeded for {kind} {name}"
        _measure(params.get("PolicyDocument"), most, text)
    elif operation in MANAGED:
        most = MANAGED[operation]
        _measure(params.get("PolicyDocument"), most, f"Cannot exceed quota for PolicySize: {most}")
    elif operation in TRUST:
        _measure(params.get(TRUST[operation]), TRUST_SIZE, f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}")


def _measure(said: Any, most: int, text: str) -> None:
    if isinstance(said, str) and len(said) > most and sum(len(one) for one in said.split()) > most:
        raise Fault("LimitExceeded", text, status=409)
