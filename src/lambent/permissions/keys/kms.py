"""Keys of KMS: of the key that is asked for, and what requests leave out.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambent.engine.authorisation.patterns import lower
from lambent.permissions.keys.view import Value, View
from lambent.permissions.resolved import Resolved

_SPECS = {
    "kms:keyspec": ("KeySpec", "SYMMETRIC_DEFAULT"),
    "kms:keyusage": ("KeyUsage", "ENCRYPT_DECRYPT"),
    "kms:keyorigin": ("Origin", "AWS_KMS"),
    "kms:multiregion": ("MultiRegion", "False"),
}
"""Key -> what CreateKey and DescribeKey call it, and what it is where CreateKey does not say."""


def of_key(name: str) -> Callable[[View, Resolved], Any]:
    """A property of the key: of the one that is being made, or that is asked for."""
    said_as, default = _SPECS[name]

    async def find(view: View, resolved: Resolved) -> Value:
        if view.name == "CreateKey":
            return _word(view.right.params.get(said_as, default))
        return _word(await _described(view, resolved, said_as, default)) or None

    return find


async def kind_of_region(view: View, resolved: Resolved) -> Value:
    """PRIMARY or REPLICA, for keys of several regions."""
    return await _described(view, resolved, "MultiRegionConfiguration.MultiRegionKeyType") or None


async def aliases(view: View, resolved: Resolved) -> Value:
    """The aliases of the key."""
    if ":alias/" in view.right.resource:
        return (view.right.resource.rpartition(":")[2],)
    if ":key/" not in view.right.resource:
        return None
    found = await resolved.find(
        f"{view.right.resource} aliases", view.owner, "kms", "ListAliases", {"KeyId": view.right.resource},
        lambda said: "\n".join(str(one.get("AliasName", "")) for one in said.get("Aliases", ())),
    )  # fmt: skip
    return tuple(found.split("\n")) if found else None


async def _described(view: View, resolved: Resolved, path: str, default: str = "") -> str:
    """A part of what DescribeKey says; `default` where it leaves it out, as moto does."""
    if ":key/" not in view.right.resource:
        return ""

    arn = view.right.resource
    said = await resolved.find(f"{arn} described", view.owner, "kms", "DescribeKey", {"KeyId": arn}, _metadata)
    value: Any = json.loads(said) if said else None
    if value is None:
        return ""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return default if value is None else str(value)


def _metadata(said: Mapping[str, Any]) -> str:
    """All that DescribeKey says, asked once for all that policies go by."""
    return json.dumps(said.get("KeyMetadata", {}), default=str)


def _word(value: Any) -> str:
    return str(value).lower() if str(value) in ("True", "False") else str(value)


def caller_account(view: View) -> Value:
    """The account of who asks."""
    return view.who.account or None


def via(view: View) -> Value:
    """The service that asks in the caller's name."""
    acting = view.caller.acting
    if acting is None or not acting.via:
        return None
    return f"{acting.via[-1].partition('.')[0]}.{view.caller.scope.region}.amazonaws.com"


def for_a_service(view: View) -> Value:
    """Whether a service of AWS makes the grant for the caller."""
    return "true" if via(view) or "kms:viaservice" in view.right.keys else "false"


def request_alias(view: View) -> Value:
    """The alias by which the key is called."""
    said = str(view.right.params.get("KeyId") or "")
    name = said.rpartition(":")[2]
    return name if name.startswith("alias/") else None


def context(view: View, name: str) -> Value:
    """One pair of the encryption context."""
    return next((value for key, value in _context(view).items() if lower(key) == name), None)


def context_keys(view: View) -> Value:
    """Its keys."""
    return tuple(_context(view)) or None


def _context(view: View) -> dict[str, str]:
    params = view.right.params
    side = {"ReEncryptFrom": "Source", "ReEncryptTo": "Destination"}.get(view.name, "")
    said = params.get(f"{side}EncryptionContext")
    if view.name == "CreateGrant":
        bounds = params.get("Constraints") or {}
        said = bounds.get("EncryptionContextEquals") or bounds.get("EncryptionContextSubset")
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, Mapping) else {}


def constraint(view: View) -> Value:
    """How a grant is bounded."""
    bounds = view.right.params.get("Constraints") or {}
    return next((name for name in ("EncryptionContextEquals", "EncryptionContextSubset") if name in bounds), None)


_ALGORITHMS = frozenset(("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"))


def algorithm(view: View) -> Value:
    """The default of symmetric keys where nothing is said."""
    if view.name not in _ALGORITHMS:
        return None
    side = {"ReEncryptFrom": "Source", "ReEncryptTo": "Destination"}.get(view.name, "")
    return str(view.right.params.get(f"{side}EncryptionAlgorithm") or "SYMMETRIC_DEFAULT")


def same_key(view: View) -> Value:
    """Whether a ciphertext is encrypted by the same key again."""
    params = view.right.params
    said = params.get("SourceKeyId")
    return str(said == params.get("DestinationKeyId")).lower() if said else None


def principal_service(name: str) -> Callable[[View], Value]:
    """A principal of a grant that is a service of AWS."""

    def find(view: View) -> Value:
        said = str(view.right.params.get(name) or "")
        return said if said.endswith(".amazonaws.com") else None

    return find


KEYS: Mapping[str, Any] = {
    **{name: of_key(name) for name in _SPECS},
    "kms:multiregionkeytype": kind_of_region,
    "kms:resourcealiases": aliases,
    "kms:calleraccount": caller_account,
    "kms:viaservice": via,
    "kms:grantisforawsresource": for_a_service,
    "kms:requestalias": request_alias,
    "kms:encryptioncontextkeys": context_keys,
    "kms:grantconstrainttype": constraint,
    "kms:encryptionalgorithm": algorithm,
    "kms:reencryptonsamekey": same_key,
    "kms:granteeserviceprincipal": principal_service("GranteePrincipal"),
    "kms:retiringserviceprincipal": principal_service("RetiringPrincipal"),
}
FAMILIES = {"kms:encryptioncontext:": context}
