"""Who a caller is to the policies."""

from dataclasses import replace

from lambent.engine.authorisation import principals
from lambent.engine.authorisation.principals import Principal
from lambent.model.acting import Acting
from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.permissions.requests import Right

OWN = frozenset(
    f"iam:{one}"
    for one in (
        *("ChangePassword", "CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys", "GetUser"),
        *("CreateLoginProfile", "GetLoginProfile", "ListMFADevices", "ListSSHPublicKeys", "ListSigningCertificates"),
    )
)
"""Actions on a user that are about who asks where no user is named."""
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


def about_themselves(right: Right, caller: Caller) -> Right:
    """The right with the user who asks in it, where a request to IAM names none.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
    """
    user = caller.held.user if caller.held is not None and not caller.held.role else ""
    if right.resource != "*" or right.action not in OWN or ":user/" not in user:
        return right
    return replace(right, resource=user)


def known_by(caller: Caller) -> str | Acting:
    """What tells its rights from all others'."""
    return caller.acting or caller.access_key or ""


def is_unbounded(caller: Caller) -> bool:
    """Whether nothing can be denied to it within its account: its key is the account's own."""
    return caller.held is None or not (caller.held.role or caller.held.user)
