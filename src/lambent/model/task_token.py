"""Tokens of Step Functions' tasks: nobody else can read them, but they tell whose task it is.

A policy names the state machine of who sends a task's result, and the activity of an activity's, as callers of AWS
report it: https://github.com/aws/aws-cdk/pull/8486 (grantTaskResponse), https://github.com/NOAA-OWP/hydrovis/issues/837.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

_BETWEEN = "\n"


def made(arn: str, unique: str) -> str:
    """The token of one task of a state machine or activity."""
    return urlsafe_b64encode(f"{arn}{_BETWEEN}{unique}".encode()).decode()


def owner(token: str) -> str:
    """The ARN of the state machine or activity, "" for what is no token of ours. Whether there is such a task is not
    known by it."""
    try:
        arn, between, _ = urlsafe_b64decode(token.encode()).decode().partition(_BETWEEN)
    except ValueError:
        return ""
    return arn if between else ""
