"""The words in which AWS's services say that a parameter breaks a constraint of their models.

Source: recorded answers of Lambda; CloudFormation, Kinesis and others have the same validator, and its words.
"""

from collections.abc import Sequence

NOT_NULL = "Member must not be null"
NULL = "Value null"


def violation(shown: str, path: str, constraint: str) -> str:
    """One violation; `shown` is `Value '…'`, or `Value` of what is not shown, or `NULL`."""
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def message_of(violations: Sequence[str]) -> str:
    """Violations as one message."""
    errors = "error" if len(violations) == 1 else "errors"
    return f"{len(violations)} validation {errors} detected: {'; '.join(violations)}"


def broken(shown: str, path: str, constraint: str) -> str:
    """The message of a single violation."""
    return message_of([violation(shown, path, constraint)])
