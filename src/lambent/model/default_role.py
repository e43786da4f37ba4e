"""The role of functions that `lambent deploy` makes, where none is said: nobody has to make it for a start."""

import re

NAME = "lambent"
_ARN = re.compile(rf"arn:aws[a-z-]*:iam::\d{{12}}:role/{NAME}")


def default_role(account: str) -> str:
    """Its ARN in an account."""
    return f"arn:aws:iam::{account}:role/{NAME}"


def is_default(role: str) -> bool:
    """Whether an ARN is that of an account's."""
    return _ARN.fullmatch(role) is not None
