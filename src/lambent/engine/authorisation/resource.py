"""What one policy says by itself, where nobody asks who the caller's own policies are: whether a resource's policy lets
somebody in, denies them, and what a policy that an authorizer's function answers says.

Who asks is known as far as its key tells: a key that only names an account may be anybody's of it, and a role's session
may have any name.
"""

import functools
from collections.abc import Mapping
from typing import Any

import orjson

from lambent.engine.authorisation import document, principals
from lambent.engine.authorisation.decide import Ask, first
from lambent.engine.authorisation.document import Policy
from lambent.engine.authorisation.principals import Principal
from lambent.model.scope import Caller

Document = Mapping[str, Any]
READ = 1_024
"""Policies that are kept as they were read: front doors ask the same ones at every request."""


def caller(account: str, role: str = "") -> Principal:
    """Somebody of an account, and the ARN of the role or user if it is known."""
    if not role:
        return Principal("somebody", account, f"arn:aws:iam::{account}:root")
    if ":role/" not in role:
        return Principal("user", account, role)
    return Principal("role", account, f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/*", role)


def asking(who: Caller) -> Principal:
    """Whoever made a request: the session or user that its key was issued for, else somebody of its account."""
    held = who.held
    if held is None or not (held.role or held.user):
        return caller(who.scope.account, who.role)
    return principals.session(held.role, held.session or "*") if held.role else caller(held.account, held.user)


def lets_in(policy: Document, ask: Ask) -> bool:
    """Whether a statement of the policy allows it and none denies it."""
    return said(policy, ask) == "Allow"


def lets_in_by(
    policy: Document, who: Principal, action: str, arn: str, keys: tuple[tuple[str, str], ...]
) -> bool | None:
    """`lets_in` where the same is asked again and again: found out once, as long as nothing but `keys` counts. None
    where something else does, such as the time."""
    return _lets_in_by(orjson.dumps(policy), who, action, arn, keys)


@functools.lru_cache(READ)
def _lets_in_by(text: bytes, who: Principal, action: str, arn: str, keys: tuple[tuple[str, str], ...]) -> bool | None:
    read, known = _read_text(text), dict(keys)
    if not read.keys(action) <= known.keys():
        return None
    ask = Ask(who, action, arn, keys=known)
    return first(ask, read, allow=False) is None and first(ask, read, allow=True) is not None


def denies(policy: Document, ask: Ask) -> bool:
    """Whether a statement of the policy denies it: what the resource's owner asks for is allowed otherwise."""
    return first(ask, _read(policy), allow=False) is not None


def said(policy: Document, ask: Ask) -> str:
    """What a policy says: "Allow", "Deny", or "" when it says nothing."""
    read = _read(policy)
    if first(ask, read, allow=False) is not None:
        return "Deny"
    return "Allow" if first(ask, read, allow=True) is not None else ""


def not_let_in(who: str, action: str, arn: str, *, denied: bool = False) -> str:
    """AWS's text for somebody (by ARN) whom the policy of a resource does not let in, or denies."""
    why = f"because no resource-based policy allows the {action} action"
    if denied:
        why = "with an explicit deny in a resource-based policy"
    return f"User: {who} is not authorized to perform: {action} on resource: {arn} {why}"


def _read(policy: Document) -> Policy:
    """Writing a policy down to look it up takes a sixtieth of reading it."""
    try:
        text = orjson.dumps(policy)
    except TypeError:  # nothing that came out of JSON
        return document.read("", policy)
    return _read_text(text)


@functools.lru_cache(READ)
def _read_text(text: bytes) -> Policy:
    return document.read("", orjson.loads(text))
