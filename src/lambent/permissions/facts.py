"""Condition keys that come from a request itself, from the clock and from who asks.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Mapping

from lambent.engine.authorisation.patterns import lower
from lambent.engine.authorisation.principals import Principal
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.scope import Caller
from lambent.permissions.identities import Identity
from lambent.wire.http import Request


def of_request(request: Request, now: float) -> dict[str, str]:
    """Where it comes from, when, and what it says of who sends it."""
    keys = of_any(now)
    if request.acting is not None:
        del keys["aws:sourceip"]  # it is not the caller's
    for header, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        if header in request.headers:
            keys[key] = request.headers[header]
    return keys


def tags_of(caller: Caller, identity: Identity) -> dict[str, str]:
    """Of who asks: a session's win over its role's."""
    return dict(identity.tags) | dict(caller.held.tags if caller.held else ())


def of_caller(caller: Caller, who: Principal, identity: Identity) -> dict[str, str | tuple[str, ...]]:
    """The tags of who asks: a session's win over its role's; what a session is called; the services on the way."""
    held, tags = caller.held, tags_of(caller, identity)
    keys: dict[str, str | tuple[str, ...]] = {f"aws:principaltag/{lower(name)}": tags[name] for name in tags}
    keys |= _way(caller.acting.via if caller.acting is not None else ())
    if held is not None and held.user and who.kind == "user":
        keys["aws:username"] = held.user.rpartition("/")[2]
    return keys


def _way(via: tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
    """Through which services the caller's own rights went."""
    if not via:
        return {"aws:viaawsservice": "false"}
    return {
        "aws:viaawsservice": "true",
        "aws:calledvia": via,
        "aws:calledviafirst": via[0],
        "aws:calledvialast": via[-1],
    }


def of_right(keys: Mapping[str, str | tuple[str, ...]], caller: Caller) -> dict[str, str | tuple[str, ...]]:
    """The keys of a right that a service needs in the caller's name: it follows those that are on the way already.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
    """
    before, last = caller.acting.via if caller.acting is not None else (), keys.get("aws:calledvia", ())
    if not before or not last or isinstance(last, str):
        return dict(keys)
    return {**keys, "aws:calledvia": (*before, *last), "aws:calledviafirst": before[0]}
