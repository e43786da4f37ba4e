"""Roles that API Gateway is passed: it says itself, with a code of its own, that another account's are refused.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html; the text as its callers report it.
"""

REFUSED = "Cross-account pass role is not allowed."


def is_of_another(role: str, account: str) -> bool:
    """Whether a role (ARN, "" for none) is of another account; `arn:aws:iam::*:user/*` is the caller's credentials."""
    return bool(role) and role.split(":")[4:5] not in ([account], ["*"])
