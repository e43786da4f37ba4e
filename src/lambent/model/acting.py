"""In whose name a service of AWS asks another one: with its caller's rights, handed on, or with a role's.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from lambent.model.credentials import Held, held_of

if TYPE_CHECKING:
    from lambent.model.scope import Caller

KEPT = ("account", "role", "session", "user", "policies", "tags", "transitive", "issuer", "issued", "source_identity")
"""What is kept of who asks: whose rights count, and nothing that one could sign with."""


@dataclass(frozen=True, slots=True)
class Acting:
    """`service` asks for `account`. `held` says whose rights count, None for the account's own; it has no key. `via`
    are the services that the caller's own rights went through, the first one first; none where a role was assumed."""

    service: str
    account: str
    held: Held | None = None
    via: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON knows it."""
        said = asdict(self)
        if self.held is not None:
            said["held"] = {name: said["held"][name] for name in KEPT}
        return said

    @classmethod
    def from_document(cls, said: Mapping[str, Any]) -> "Acting":
        """What `document` made."""
        held = said.get("held")
        return cls(said["service"], said["account"], held_of(held) if held else None, tuple(said["via"]))


def forwarded(caller: "Caller", service: str) -> Acting:
    """A service asks with the rights of who asked it, as long as it takes."""
    before = caller.acting
    held = None if caller.held is None else _unsigning(caller.held)
    return Acting(service, caller.scope.account, held, (*(before.via if before is not None else ()), service))


def as_caller(service: str, account: str, held: Held | None) -> Acting:
    """A service hands on the rights of who asked it as its caller's own: nobody is on the way."""
    return Acting(service, account, None if held is None else _unsigning(held))


def _unsigning(held: Held) -> Held:
    return replace(held, secret_key="", token="", expires=None)


def as_role(service: str, role: str, session: str) -> Acting:
    """A service has assumed a role (ARN)."""
    account = role.split(":")[4]
    return Acting(service, account, Held("", account, role, session))
