"""What a pre token generation trigger makes of a token's claims. Pure.

Source: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lambent.neighbour.bridges.pools.events import UNRECOGNISED, Unrecognised

KEPT = frozenset(
    {
        *("acr", "amr", "at_hash", "auth_time", "azp", "exp", "iat", "iss", "jti", "nbf", "nonce", "origin_jti"),
        *("sub", "token_use", "aud", "identities", "client_id", "device_key", "event_id", "scope", "username"),
        *("version", "cognito:username"),
    }
)
"""Claims that no trigger changes."""
OURS = ("cognito:", "dev:")
RESERVED = "aws.cognito."
"""What scopes begin with that no trigger adds."""
VERSIONS = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}
"""Of the event, by what a pool's configuration says."""


def version_of(config: Mapping[str, Any]) -> str:
    """The version of the event that a pool is configured for."""
    detailed = config.get("PreTokenGenerationConfig") or {}
    return VERSIONS.get(str(detailed.get("LambdaVersion") or "V1_0"), "1")


def groups_of(groups: Iterable[Any]) -> dict[str, Any]:
    """A user's groups (moto's) as the event has them; the role preferred is that of the lowest precedence."""
    known = sorted(groups, key=lambda one: (one.precedence is None, one.precedence or 0, one.group_name))
    roles = [one.role_arn for one in known if one.role_arn]
    return {
        "groupsToOverride": [one.group_name for one in known],
        "iamRolesToOverride": roles,
        "preferredRole": roles[0] if roles else None,
    }


def empty(version: str) -> dict[str, None]:
    """The response before the function has had its say."""
    return {"claimsOverrideDetails" if version == "1" else "claimsAndScopeOverrideDetails": None}


def changed(payload: Mapping[str, Any], use: str, version: str, response: Mapping[str, Any]) -> dict[str, Any]:
    """A token's claims as the trigger wants them; `use` is "id" or "access". Raises Unrecognised."""
    said = response.get("claimsOverrideDetails" if version == "1" else "claimsAndScopeOverrideDetails") or {}
    found = _with_groups(dict(payload), use, said) if "groupOverrideDetails" in said else dict(payload)
    if version == "1":
        return _with_claims(found, said, texts=True) if use == "id" else found
    mine = _mapping(said, "idTokenGeneration" if use == "id" else "accessTokenGeneration")
    found = _with_claims(found, mine, texts=False)
    return _with_scopes(found, mine) if use == "access" else found


def _with_groups(payload: dict[str, Any], use: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The groups that the trigger gives in place of those that are; nothing given is no groups."""
    given = _mapping(said, "groupOverrideDetails")
    those: dict[str, Any] = {"cognito:groups": _texts(given, "groupsToOverride")}
    if use == "id":
        those["cognito:roles"] = _texts(given, "iamRolesToOverride")
        preferred = given.get("preferredRole")
        those["cognito:preferred_role"] = preferred if isinstance(preferred, str) else None
    for name, value in those.items():
        payload.pop(name, None)
        if value:
            payload[name] = value
    return payload


def _with_claims(payload: dict[str, Any], said: Mapping[str, Any], *, texts: bool) -> dict[str, Any]:
    """Claims added, replaced and left out. What is both is left out."""
    for name, value in _mapping(said, "claimsToAddOrOverride").items():
        if texts and not isinstance(value, str):
            raise Unrecognised(UNRECOGNISED)
        if _may(name):
            payload[name] = value
    for name in _texts(said, "claimsToSuppress"):
        if _may(name):
            payload.pop(name, None)
    return payload


def _with_scopes(payload: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    left = set(_texts(said, "scopesToSuppress"))
    added = [one for one in _texts(said, "scopesToAdd") if one and " " not in one and not one.startswith(RESERVED)]
    scopes = [one for one in str(payload.get("scope", "")).split() if one not in left]
    return {**payload, "scope": " ".join(dict.fromkeys([*scopes, *added]))}


def _may(name: str) -> bool:
    return name not in KEPT and not name.startswith(OURS)


def _mapping(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name)
    if found is not None and not isinstance(found, dict):
        raise Unrecognised(UNRECOGNISED)
    return found or {}


def _texts(said: Mapping[str, Any], name: str) -> list[str]:
    found = said.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Unrecognised(UNRECOGNISED)
    return found
