"""What an operation answers when its result alone does not say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A result and HTTP headers that AWS sends although its model does not list them, and another status (0: none)."""

    result: Mapping[str, Any]
    headers: Mapping[str, str]
    status: int = 0
