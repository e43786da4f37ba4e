"""Temporary credentials of an execution role, one set per environment: who they stand for, and what runs there.

The shapes are AWS's: a temporary access key id begins with ASIA and has 20 characters, a secret has 40.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
"""

import base64
import secrets
import time
from collections.abc import Callable
from itertools import chain

from lambent.model import lineage, loops, names
from lambent.model.credentials import Credentials, Held
from lambent.model.scope import Scope

KEPT = 100_000
"""Keys that are remembered when their environment is gone: what was signed with them, a link, may still be used."""


class Credentialed:
    """The credentials that are out, by access key id; others are told by `learn`, or kept elsewhere: `kept` tells
    whose such a key is. `clock` answers seconds since 1970 on the platform's clock. `most` that are not in use are
    known."""

    def __init__(
        self, kept: Callable[[str], Held | None] = lambda _key: None, clock: Callable[[], float] = time.time,
        most: int = KEPT,
    ) -> None:  # fmt: skip
        self._most = most
        self._kept = kept
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._by_token: dict[str, Credentials] = {}
        self._traces: dict[str, Callable[[], str | None]] = {}

    def issue(
        self, scope: Scope, trace: Callable[[], str | None] = lambda: None, role: str = "", session: str = ""
    ) -> Credentials:
        """A new set for an environment of a function in `scope` with that role (ARN); `trace` answers the trace header
        of its invocation, `session` is the name of the role's session: the function's."""
        access_key = "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode("ascii")
        credentials = Credentials(access_key, secrets.token_urlsafe(30), secrets.token_urlsafe(96))
        self._by_token[credentials.session_token] = credentials
        self._traces[access_key] = trace
        function = names.function_arn(scope, session) if session else ""
        self.learn(
            access_key,
            Held(
                credentials.secret_key, scope.account, role, session,
                token=credentials.session_token, issued=self._clock(), function=function,
            ),
        )  # fmt: skip
        return credentials

    def learn(self, access_key: str, held: Held) -> None:
        """Somebody was given a key."""
        self._held[access_key] = held
        while len(self._held) - len(self._traces) > self._most:
            self._forget_one()

    def _forget_one(self) -> None:
        """The oldest key that is not in use, and no user's or account's own as long as there is another."""
        unused = (key for key in self._held if key not in self._traces)
        oldest = next(unused)
        del self._held[next((key for key in chain((oldest,), unused) if self._passes(key)), oldest)]

    def _passes(self, access_key: str) -> bool:
        held = self._held[access_key]
        return bool(held.role) or held.expires is not None

    def revoke(self, credentials: Credentials) -> None:
        """The environment is gone: nothing signs with its key any more, links that it signed keep their meaning."""
        self._by_token.pop(credentials.session_token, None)
        self._traces.pop(credentials.access_key, None)

    def held(self, access_key: str) -> Held | None:
        """Whose a key is, or None when it was not issued here."""
        return self._held.get(access_key) or self._kept(access_key)

    def by_token(self, session_token: str) -> Credentials | None:
        """The set with that session token, while its environment lives."""
        return self._by_token.get(session_token)

    def account_of(self, access_key: str) -> str | None:
        """The account that `access_key` was issued for, or None when it is not one of ours."""
        held = self.held(access_key)
        return held.account if held else None

    def secret_of(self, access_key: str) -> str | None:
        """The secret of an access key that was issued here, None for any other."""
        held = self.held(access_key)
        return held.secret_key if held else None

    def trace_of(self, access_key: str) -> str | None:
        """The trace header for a request that came without one from an environment of ours, else None.

        It has no Lineage: AWS would not know that the request belongs to the invocation.
        """
        trace = self._traces.get(access_key)
        running = trace() if trace is not None else None
        return None if running is None else lineage.unwatched(running, loops.PLAIN)
