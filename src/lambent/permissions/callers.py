"""Who a caller is to the policies."""

from lambent.engine.authorisation import principals
from lambent.engine.authorisation.principals import Principal
from lambent.model.acting import Acting
from lambent.model.credentials import Held
from lambent.model.scope import Caller

UNNAMED = "session"
"""A session whose name nobody knows."""


def principal(caller: Caller) -> Principal:
    """The one behind a request: a key that only names an account is the account's own."""
    held = caller.held
    if held is None or not (held.role or held.user):
        return principals.root(caller.scope.account)
    return of_key(held)


def of_key(held: Held) -> Principal:
    """The one whom a key was issued for."""
    if held.role:
        return principals.session(held.role, held.session or UNNAMED)
    if ":federated-user/" in held.user:
        return Principal("federated", held.account, held.user)
    return principals.user(held.user) if held.user else principals.root(held.account)


def known_by(caller: Caller) -> str | Acting:
    """What tells its rights from all others'."""
    return caller.acting or caller.access_key or ""


def is_unbounded(caller: Caller) -> bool:
    """Whether nothing can be denied to it within its account: its key is the account's own."""
    return caller.held is None or not (caller.held.role or caller.held.user)
