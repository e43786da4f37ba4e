"""What the engine asks of the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambent.model.acting import Acting
from lambent.model.scope import Scope

ABSENT = ("notfound", "nosuch", "nonexist", "doesnotexist", "statelost", "notexist")
"""In the code of an error that says that something is not there; moto's memory may be lost."""


class Refused(Exception):
    """A service refused what was asked of it."""

    def __init__(self, service: str, code: str, message: str, status: int, request_id: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.service = service
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id

    @property
    def is_absent(self) -> bool:
        """Whether it says that what was asked for is not there."""
        text = self.code.lower()
        return self.status == 404 or any(one in text for one in ABSENT)

    @property
    def is_taken(self) -> bool:
        """Whether it says that the name is taken."""
        text = self.code.lower()
        return self.status == 409 or any(one in text for one in ("alreadyexist", "conflict", "alreadyowned"))


class Ask(Protocol):
    """Asks a service of AWS, wherever it is answered. Raises Refused."""

    async def __call__(self, scope: Scope, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The operation's answer, as boto3 gives it."""


Asks = Callable[[Acting], Ask]
"""What asks in somebody's name."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The stack that a resource is made for; `former_tags` are its tags before an update."""

    name: str
    arn: str
    scope: Scope
    tags: Mapping[str, str]
    former_tags: Mapping[str, str]
