"""Access keys that were issued here: to an environment for its execution role, by STS, or to a user by IAM."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the SDK inside an environment signs with."""

    access_key: str
    secret_key: str
    session_token: str


@dataclass(frozen=True, slots=True)
class Held:
    """Whose an access key is: the account that it counts for, and the ARN of the role behind it.

    `session` is the name of the role's session, `user` the ARN of an IAM user or of a federated one. `token` is the
    session token that belongs to it, `expires` when it ends (seconds since 1970 on the platform's clock; None: never).
    `policies` are the documents (JSON) and the ARNs of managed policies that bound the session, None without any;
    `tags` those of the session, of which the `transitive` go on to the next role. `issuer` is the IAM user who asked
    for a federated one's, "" for the account itself. `issued` is when it was given (as `expires`; None where that is
    not known), `source_identity` what the session was said to be of, `function` the ARN of the function that it is for.
    An `inactive` key is good for nothing.
    """

    secret_key: str
    account: str
    role: str = ""
    session: str = ""
    user: str = ""
    token: str = ""
    expires: float | None = None
    policies: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    issuer: str = ""
    issued: float | None = None
    source_identity: str = ""
    function: str = ""
    inactive: bool = False


def held_of(document: Mapping[str, Any]) -> Held:
    """What JSON knows of one (`asdict`), again; members that it leaves out are as for a key of no kind."""
    policies = document["policies"]
    return Held(
        **{"secret_key": "", **document}
        | {
            "policies": tuple(policies) if policies is not None else None,
            "tags": tuple((key, value) for key, value in document["tags"]),
            "transitive": tuple(document["transitive"]),
        }
    )


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed a request: the account, and the ARN of the role behind the key with its session's name, or that of the
    user; all "" for a key that only names an account. `region` is the one that it was signed for."""

    access_key: str
    account: str
    role: str = ""
    region: str = ""
    session: str = ""
    user: str = ""

    @property
    def arn(self) -> str:
        """Of the account's root user, of the user, or of the role's session; one without a name has the key's."""
        if not self.role:
            return self.user or f"arn:aws:iam::{self.account}:root"
        name = self.session or self.access_key
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role.rpartition('/')[2]}/{name}"

    @property
    def user_id(self) -> str:
        """A root user's is the account; roles and users have no ids here, but names."""
        if self.role:
            return f"{self.role.rpartition('/')[2]}:{self.session or self.access_key}"
        return self.user.rpartition("/")[2] or self.account


May = Callable[[Signer, str, str, Mapping[str, Any] | None, Mapping[str, str]], Awaitable[bool]]
"""Whether who signed may do something (an action) with a resource (its ARN): by their own policies, the resource's
(None without one) and the request's condition keys."""


async def everybody_may(
    _signer: Signer, _action: str, _arn: str, _policy: Mapping[str, Any] | None, _keys: Mapping[str, str]
) -> bool:
    """Where nobody looks at policies."""
    return True
