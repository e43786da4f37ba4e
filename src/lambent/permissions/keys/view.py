"""What a condition key is found out of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambent.engine.authorisation.principals import Principal
from lambent.model.scope import Caller, Scope
from lambent.permissions.identities import Identity
from lambent.permissions.requests import Right
from lambent.wire.http import Request

Value = str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What counts of an HTTP request beside its parameters: headers by lower-case name, the raw query, whether it is a
    form; `at` is when it came (seconds since 1970 on the platform's clock)."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    is_form: bool = False
    at: float = 0.0


NOTHING = Sent()


def sent(request: Request, now: float) -> Sent:
    """Of a request."""
    return Sent(request.headers, request.query, request.form is not None, now)


@dataclass(frozen=True, slots=True)
class View:
    """One right of one request."""

    right: Right
    caller: Caller
    who: Principal
    identity: Identity
    sent: Sent = NOTHING

    @property
    def name(self) -> str:
        """The action without its service."""
        return self.right.action.partition(":")[2]

    @property
    def owner(self) -> Scope:
        """Where the resource is."""
        fields = self.right.resource.split(":", 5)
        region = fields[3] if len(fields) == 6 and fields[3] else self.caller.scope.region
        return Scope(self.right.account or self.caller.scope.account, region)
