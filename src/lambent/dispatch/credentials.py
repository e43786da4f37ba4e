"""Temporary credentials of an execution role, one set per environment: who they stand for, and what runs there.

The shapes are AWS's: a temporary access key id begins with ASIA and has 20 characters, a secret has 40.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
"""

import base64
import secrets
from collections.abc import Callable

from lambent.model import lineage, loops
from lambent.model.credentials import Credentials
from lambent.model.scope import Scope


class Credentialed:
    """The credentials that are out, by access key id."""

    def __init__(self) -> None:
        self._scopes: dict[str, Scope] = {}
        self._by_token: dict[str, Credentials] = {}
        self._traces: dict[str, Callable[[], str | None]] = {}

    def issue(self, scope: Scope, trace: Callable[[], str | None] = lambda: None) -> Credentials:
        """A new set for an environment of a function in `scope`; `trace` answers the trace header of its invocation."""
        access_key = "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode("ascii")
        credentials = Credentials(access_key, secrets.token_urlsafe(30), secrets.token_urlsafe(96))
        self._scopes[access_key] = scope
        self._by_token[credentials.session_token] = credentials
        self._traces[access_key] = trace
        return credentials

    def revoke(self, credentials: Credentials) -> None:
        """The environment is gone."""
        self._scopes.pop(credentials.access_key, None)
        self._by_token.pop(credentials.session_token, None)
        self._traces.pop(credentials.access_key, None)

    def by_token(self, session_token: str) -> Credentials | None:
        """The set with that session token, while its environment lives."""
        return self._by_token.get(session_token)

    def account_of(self, access_key: str) -> str | None:
        """The account whose function holds `access_key`, or None when it is not one of ours."""
        scope = self._scopes.get(access_key)
        return scope.account if scope else None

    def trace_of(self, access_key: str) -> str | None:
        """The trace header for a request that came without one from an environment of ours, else None.

        It has no Lineage: AWS would not know that the request belongs to the invocation.
        """
        trace = self._traces.get(access_key)
        running = trace() if trace is not None else None
        return None if running is None else lineage.unwatched(running, loops.PLAIN)
