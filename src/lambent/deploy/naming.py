"""Physical names, as AWS makes them: STACK-LOGICALID-RANDOM.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
"""

import re
from collections.abc import Callable

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TOKEN = 12


def token(chance: Callable[[], float]) -> str:
    """Twelve letters and digits."""
    return "".join(LETTERS[int(chance() * len(LETTERS))] for _ in range(TOKEN))


def physical(stack: str, logical: str, token: str, length: int, lower: bool = False) -> str:
    """A name of at most `length` characters, both parts cut evenly."""
    stack, logical = re.sub("[^A-Za-z0-9-]", "", stack), re.sub("[^A-Za-z0-9-]", "", logical)
    room = length - len(token) - 2
    if len(stack) + len(logical) > room:
        half = room // 2
        logical = logical[: max(half, room - len(stack))]
        stack = stack[: room - len(logical)].rstrip("-")
    name = f"{stack}-{logical}-{token}"
    return name.lower() if lower else name
