"""What the operations need from the rest of the server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lambent.model.credentials import Held
from lambent.model.scope import Caller


@dataclass(frozen=True, slots=True)
class Wanted:
    """A role that somebody wants to assume. `keys` are the condition keys of the request; `provider` vouches for a web
    identity."""

    action: str
    role: str
    keys: Mapping[str, str | tuple[str, ...]]
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """What the role's trust policy says: "" or why not; and how long its sessions may last at most."""

    denied: str = ""
    max_session: int = 43_200


@dataclass(frozen=True, slots=True)
class StsEnv:
    """The ports of these operations. `clock` answers seconds since 1970; `learn` keeps a key before it is given out and
    `held` answers whose one is; `account_of` the account of any. `ask` asks a role's trust policy; `token` makes random
    text of so many bytes; `known_id` answers the id that IAM gave a role or user (its ARN, the region), "" for none.
    `unverified` tells whether tokens count whose signature nobody checked."""

    clock: Callable[[], float]
    learn: Callable[[str, Held], Awaitable[None]]
    held: Callable[[str], Held | None]
    account_of: Callable[[str], str]
    ask: Callable[[Caller, Wanted], Awaitable[Granted]]
    token: Callable[[int], bytes]
    known_id: Callable[[str, str], Awaitable[str]]
    unverified: bool = False
