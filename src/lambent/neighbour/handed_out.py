"""The access keys in what another STS answers: who has one may ask with it."""

import re

from lambent.model.credentials import Held
from lambent.model.scope import Caller

_FIELDS = ("AccessKeyId", "SecretAccessKey")
_ASSUMED = re.compile(r"<Arn>arn:aws[a-z-]*:sts::([0-9]{12}):assumed-role/([^/<]+)/[^<]*</Arn>")


def keys_in(service: str, body: bytes, caller: Caller) -> dict[str, Held]:
    """The keys that an answer to `caller` gives away, by id: an assumed role's count for its account.

    AssumeRole and its siblings, GetSessionToken and GetFederationToken answer them in the element Credentials.
    """
    text = body.decode("utf-8", "replace") if service == "sts" else ""
    found = re.search("<Credentials>(.*?)</Credentials>", text, re.DOTALL)
    values = [re.search(f"<{name}>([^<]+)</{name}>", found[1]) for name in _FIELDS] if found else []
    if not values or None in values:
        return {}
    key, secret = (value[1] for value in values if value)
    assumed = _ASSUMED.search(text)
    if assumed is None:
        return {key: Held(secret, caller.scope.account, caller.role)}
    return {key: Held(secret, assumed[1], f"arn:aws:iam::{assumed[1]}:role/{assumed[2]}")}
