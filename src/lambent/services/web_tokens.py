"""JSON Web Tokens (RFC 7519): whether one is signed with one of an issuer's keys, and what it claims."""

from collections.abc import Mapping, Sequence
from typing import Any


def claims(token: str, keys: Mapping[str, Any], algorithms: Sequence[str]) -> dict[str, Any] | None:
    """What a token says whose signature is by one of `keys` (a JWK set, RFC 7517); None for any other. Whether it has
    expired is not asked."""
    from joserfc import jwt  # 0.1 s that a start without authorizers need not wait for
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        known = KeySet.import_key_set({"keys": list(keys.get("keys") or ())})
        return dict(jwt.decode(token, known, list(algorithms)).claims)
    except (JoseError, ValueError, KeyError, TypeError):
        return None
