"""Who asks, and whether a statement means them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import enum
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lambent.engine.authorisation.document import Named

_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?")


class Meant(enum.Enum):
    """How closely a statement names who asks: what follows from an Allow differs."""

    NOBODY = 0
    ACCOUNT = 1
    """Their account: it may give the right to its people, and does so by identity policies."""
    ROLE = 2
    """The role behind a session."""
    ITSELF = 3
    """The user or session itself, a service, everybody."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `kind` is root, user, role (its session), federated (a session of GetFederationToken), service or
    anonymous; `somebody` is whoever of an account, when no more is known, `web` a web identity, of which only the
    `provider` counts, who vouches for it. `arn` is what AWS's errors call them; a session whose name is not known is
    called "*" in it. `role` is the ARN of the role of a session. A service has its name (`sns.amazonaws.com`) for an
    ARN."""

    kind: str
    account: str
    arn: str
    role: str = ""
    provider: str = ""

    @property
    def has_policies(self) -> bool:
        """Whether it is anybody's in an account: services, web identities and anonymous ones have no policies."""
        return self.kind in ("root", "user", "role", "federated", "somebody")

    @property
    def principal_arn(self) -> str:
        """The value of `aws:PrincipalArn`: for a session, its role's."""
        return self.role or self.arn


def root(account: str) -> Principal:
    """The account itself, whose keys may do everything."""
    return Principal("root", account, f"arn:aws:iam::{account}:root")


def session(role: str, name: str) -> Principal:
    """The session of a role, by the role's ARN and the session's name."""
    fields = role.split(":", 5)
    account, label = (fields[4], fields[5].rpartition("/")[2]) if len(fields) == 6 else ("", role)
    return Principal("role", account, f"arn:aws:sts::{account}:assumed-role/{label}/{name}", role)


def user(arn: str) -> Principal:
    """An IAM user."""
    return Principal("user", arn.split(":")[4], arn)


@functools.lru_cache(256)
def service(name: str) -> Principal:
    """A service of AWS, as `s3.amazonaws.com`."""
    return Principal("service", "", name)


ANONYMOUS = Principal("anonymous", "", "anonymous")


def meant(named: Named | None, who: Principal) -> Meant:
    """How a statement means who asks; one that names nobody is about everybody whom its policy belongs to."""
    if named is None:
        return Meant.ITSELF
    found = max(_ways(named, who), key=lambda way: way.value, default=Meant.NOBODY)
    if not named.but:
        return found
    return Meant.ITSELF if found is Meant.NOBODY else Meant.NOBODY


def _ways(named: Named, who: Principal) -> Iterator[Meant]:
    if named.everybody or "*" in named.by_kind.get("*", ()):
        yield Meant.ITSELF
    if who.kind == "service" and who.arn in named.by_kind.get("Service", ()):
        yield Meant.ITSELF
    if who.provider and any(one in ("*", who.provider) for one in named.by_kind.get("Federated", ())):
        yield Meant.ITSELF
    if who.has_policies:
        for one in named.by_kind.get("AWS", ()):
            yield _way(one, who)


def _way(said: str, who: Principal) -> Meant:
    if said in (who.arn, "*"):
        return Meant.ITSELF
    if who.kind == "somebody" and said.split(":")[4:5] == [who.account]:
        return Meant.ITSELF
    if who.arn.endswith("/*") and said.startswith(who.arn[:-1]):
        return Meant.ITSELF
    if who.role and said == who.role:
        return Meant.ROLE
    account = _ACCOUNT.fullmatch(said)
    if account is not None and account[1] == who.account:
        return Meant.ITSELF if who.kind == "root" else Meant.ACCOUNT
    return Meant.NOBODY


def keys_of(who: Principal) -> dict[str, str]:
    """The global condition keys that tell who asks."""
    if who.kind == "service":
        return {"aws:principalisawsservice": "true", "aws:principalservicename": who.arn}
    if not who.has_policies:
        return {"aws:principaltype": "Anonymous", "aws:principalisawsservice": "false"}
    types = {
        "root": "Account",
        "somebody": "Account",
        "user": "User",
        "role": "AssumedRole",
        "federated": "FederatedUser",
    }
    keys = {
        "aws:principalarn": who.principal_arn,
        "aws:principalaccount": who.account,
        "aws:principaltype": types.get(who.kind, "Account"),
        "aws:principalisawsservice": "false",
    }
    if who.kind == "user":
        keys["aws:username"] = who.arn.rpartition("/")[2]
    return keys
