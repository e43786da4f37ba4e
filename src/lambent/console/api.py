"""The one thing that the console asks: AWS's API and Lambent's own pages, as any client does."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from lambent.clients import members

Document = dict[str, Any]
SETTLING_SECONDS, LISTED_SECONDS = 5.0, 3.0
"""How long a change is waited for; how old a list may be that is looked through."""


class Endpoint(Protocol):
    """Where a server answers; `lambent.cli.target.Target` is one."""

    @property
    def endpoint(self) -> str: ...

    @property
    def region(self) -> str: ...

    def client(self, service: str, read_timeout: float = 60) -> Any: ...

    def page(
        self,
        method: str,
        name: str,
        said: Document | None = None,
        headers: Mapping[str, str] = {},
        seconds: float = 5,
    ) -> Any: ...

    def now(self) -> float: ...


@dataclass(slots=True)
class Api:
    """Questions to a server, for an account. All may be asked from any thread, and raise botocore's errors."""

    endpoint: Endpoint
    account: str
    _clients: dict[tuple[str, float], Any] = field(default_factory=dict)
    _listed: list[Document] = field(default_factory=list)
    _listed_at: float = float("-inf")

    def client(self, service: str, read_timeout: float = 60) -> Any:
        """The client of a service, kept."""
        key = (service, read_timeout)
        found = self._clients.get(key)
        if found is None:  # two may be made at once: one is kept
            found = self._clients.setdefault(key, self.endpoint.client(service, read_timeout))
        return found

    def ask(self, service: str, operation: str, **params: Any) -> Document:
        """An operation's answer."""
        said: Document = getattr(self.client(service), operation)(**params)
        return said

    def each(self, service: str, operation: str, member: str, **params: Any) -> Iterator[Any]:
        """Every member of a list, page after page."""
        return members(self.client(service), operation, member, **params)

    def some(self, service: str, operation: str, member: str, most: int | None = None, /, **params: Any) -> list[Any]:
        """The members of a list that there may be none of, so many at `most`: what can't be asked is empty."""
        try:
            return list(islice(self.each(service, operation, member, **params), most))
        except (ClientError, BotoCoreError):
            return []

    def maybe(self, service: str, operation: str, **params: Any) -> Document:
        """An answer, or nothing where there is none."""
        try:
            return self.ask(service, operation, **params)
        except (ClientError, BotoCoreError):
            return {}

    def settled(self, about: Document) -> Document:
        """A function's configuration when a change of it is over, which gives it another revision once more."""
        until = time.monotonic() + SETTLING_SECONDS
        while about.get("LastUpdateStatus") == "InProgress" and time.monotonic() < until:
            time.sleep(SETTLING_SECONDS / 100)
            about = self.ask("lambda", "get_function_configuration", FunctionName=about["FunctionName"])
        return about

    def functions(self) -> list[Document]:
        """All functions, as they were at most some seconds ago: a thousand of them are twenty questions."""
        now = time.monotonic()
        if now - self._listed_at > LISTED_SECONDS:
            self._listed = list(self.each("lambda", "list_functions", "Functions"))
            self._listed_at = now
        return self._listed

    def page(self, name: str, **query: str) -> Document:
        """What one of Lambent's own pages says. Raises CliError."""
        said: Document = self.endpoint.page("GET", f"{name}?{urlencode(query)}" if query else name)
        return said

    def whose(self) -> dict[str, str]:
        """The account and region, as Lambent's own pages are asked."""
        return {"account": self.account, "region": self.endpoint.region}

    def arn(self, function: str) -> str:
        """A function's ARN."""
        return f"arn:aws:lambda:{self.endpoint.region}:{self.account}:function:{function}"

    def findings(self) -> list[Document]:
        """What the server found worth knowing, the latest first, of this account and of none."""
        found: list[Document] = self.page("findings")["findings"]
        mine = [one for one in found if _account(one["resource"]) in ("", self.account)]
        return mine[::-1]


def _account(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""
