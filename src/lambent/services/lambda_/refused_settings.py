"""Settings that AWS acts on and Lambent does not yet: refused by name, never accepted and ignored.

Values that ask for nothing, as tools send them, pass. `functions.stored_settings` holds those that are
stored all the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambent.services.lambda_ import faults


def _empty(value: Any) -> bool:
    """True for a value without content at any depth."""
    if isinstance(value, Mapping):
        return all(_empty(member) for member in value.values())
    return value is None or value is False or value in ("", [])  # 0 asks for something


ASKS_NOTHING: dict[str, Callable[[Any], bool]] = {
    "CodeSigningConfigArn": _empty,
    "PublishTo": _empty,
    "TenancyConfig": _empty,
    "CapacityProviderConfig": _empty,
    "DurableConfig": _empty,
    "RuntimeConfig": _empty,
    "AcceleratorConfig": _empty,
    "SourceKMSKeyArn": _empty,
    "S3ObjectStorageMode": lambda value: value in (None, "COPY"),
}
"""For each member not acted on: is this value as good as none?"""


def refuse(params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise Fault for a member of `params` outside `known` that asks for something."""
    for member, value in params.items():
        if member not in known and not ASKS_NOTHING.get(member, _empty)(value):
            raise faults.unsupported(_named(member, value))


def _named(member: str, value: Any) -> str:
    return f"{member} {value}" if isinstance(value, str) else member
