"""The caller's fault, before it has a wire form."""

from collections.abc import Mapping, Sequence
from typing import Any


class Fault(Exception):
    """An error that the caller of an AWS API shall see.

    `code` is the error shape's name (`ResourceNotFoundException`). `status` overrides the HTTP status that
    the service model gives the shape; `members` are further members of the shape (`Type`, `Reason`,
    `retryAfterSeconds`), `headers` what no member of it says. `message` None is sent as JSON null, as AWS
    does for some 403s.
    """

    def __init__(
        self,
        code: str,
        message: str | None = "",
        *,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})
        self.headers = tuple(headers)
