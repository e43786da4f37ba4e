"""The access keys in what STS and IAM answer: who has one may ask with it."""

import re

from lambent.model.credentials import Held
from lambent.model.scope import Caller

_FIELDS = ("AccessKeyId", "SecretAccessKey")
GIVERS = {"sts": "Credentials", "iam": "AccessKey"}
"""The services that give keys to callers, and the element of their answers in which one stands.

AssumeRole and its siblings, GetSessionToken, GetFederationToken; CreateAccessKey.
"""
_ASSUMED = re.compile(r"<Arn>arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([^/<]+)/[^<]*</Arn>")


def keys_in(service: str, body: bytes, caller: Caller) -> dict[str, Held]:
    """The keys that an answer to `caller` gives away, by id: an assumed role's count for its account."""
    giver = GIVERS.get(service)
    text = body.decode("utf-8", "replace") if giver else ""
    found = re.search(f"<{giver}>(.*?)</{giver}>", text, re.DOTALL) if giver else None
    values = [re.search(f"<{name}>([^<]+)</{name}>", found[1]) for name in _FIELDS] if found else []
    if not values or None in values:
        return {}
    key, secret = (value[1] for value in values if value)
    assumed = _ASSUMED.search(text)
    if assumed is None:
        user = re.search("<UserName>([^<]+)</UserName>", found[1]) if found and service == "iam" else None
        if user is not None:
            return {key: Held(secret, caller.scope.account, user=f"arn:aws:iam::{caller.scope.account}:user/{user[1]}")}
        return {key: Held(secret, caller.scope.account, caller.role)}
    return {key: Held(secret, assumed[1], f"arn:aws:iam::{assumed[1]}:role/{assumed[2]}")}
