"""Condition keys that come from a request itself, from the clock and from who asks.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from lambent.engine.authorisation.principals import Principal
from lambent.engine.authorisation.request_keys import of_any
from lambent.model.scope import Caller
from lambent.permissions.identities import Identity
from lambent.wire.http import Request


def of_request(request: Request, now: float) -> dict[str, str]:
    """Where it comes from, when, and what it says of who sends it."""
    keys = of_any(now)
    for header, key in (("user-agent", "aws:useragent"), ("referer", "aws:referer")):
        if header in request.headers:
            keys[key] = request.headers[header]
    return keys


def of_caller(caller: Caller, who: Principal, identity: Identity) -> dict[str, str]:
    """The tags of who asks: a session's win over its role's; and what a session is called."""
    held = caller.held
    tags = dict(identity.tags) | dict(held.tags if held else ())
    keys = {f"aws:principaltag/{name.lower()}": value for name, value in tags.items()}
    if held is not None and held.user and who.kind == "user":
        keys["aws:username"] = held.user.rpartition("/")[2]
    return keys
