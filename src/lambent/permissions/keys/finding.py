"""Where the keys of a request are asked for: those alone that a policy names."""

import functools
import inspect
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import jmespath

from lambent.permissions.keys import dynamodb, kms, of_request, of_resource, s3, services
from lambent.permissions.keys.view import Value, View
from lambent.permissions.resolved import Resolved

_KEYS: Mapping[str, Any] = {**of_request.KEYS, **s3.KEYS, **kms.KEYS, **dynamodb.KEYS, **services.KEYS}
_OF_ANY = frozenset(("lambda:sourcefunctionarn",))
_FAMILIES: Mapping[str, Any] = {**of_request.FAMILIES, **s3.FAMILIES, **kms.FAMILIES, **of_resource.FAMILIES}


@functools.cache
def table() -> Mapping[str, Any]:
    """condition_keys.json: `sent` (key -> path among the parameters, with its default), `elsewhere` (keys that other
    rooms set) and `unset` (key, or the beginning of several -> why it is not set here)."""
    found = json.loads(files("lambent.permissions").joinpath("condition_keys.json").read_text("utf-8"))
    sent = {key.lower(): path for keys in found["sent"].values() for key, path in keys.items()}
    unset = {key.lower(): why for key, why in found["unset"].items()}
    return {"sent": sent, "elsewhere": frozenset(key.lower() for key in found["elsewhere"]), "unset": unset}


async def find(names: Iterable[str], view: View, resolved: Resolved) -> dict[str, str | tuple[str, ...]]:
    """The values of the keys with those names (lower case) that the request has."""
    found: dict[str, str | tuple[str, ...]] = {}
    for name in names:
        value = await _one(name, view, resolved)
        if value is not None:
            found[name] = value
    return found


async def _one(name: str, view: View, resolved: Resolved) -> Value:
    of_service = name.partition(":")[0]
    if of_service != "aws" and name not in _OF_ANY and of_service != view.right.action.partition(":")[0]:
        return None
    path = table()["sent"].get(name)
    if path is not None:
        return text(searched(path, view.right.params))
    family = "" if name in _KEYS else family_of(name)
    finder = _FAMILIES.get(family) if family else _KEYS.get(name)
    if finder is None:
        return None
    more = (name[len(family) :],) if family else ()
    value = finder(view, resolved, *more) if "resolved" in _parameters(finder) else finder(view, *more)
    found: Value = await value if inspect.isawaitable(value) else value
    return found


@functools.lru_cache(256)
def _parameters(finder: Any) -> frozenset[str]:
    return frozenset(inspect.signature(finder).parameters)


def family_of(name: str) -> str:
    """The beginning that a key shares with its like: `aws:resourcetag/`; "" where it has none."""
    return next((one for one in _FAMILIES if name.startswith(one) and len(name) > len(one)), "")


def is_set(name: str) -> bool:
    """Whether a key (lower case) is ever set."""
    return name in _KEYS or name in table()["sent"] or name in table()["elsewhere"] or family_of(name) != ""


def why_unset(name: str) -> str:
    """Why it is not."""
    unset = table()["unset"]
    return unset.get(name) or next(
        (why for one, why in unset.items() if one.endswith("*") and name.startswith(one[:-1])), ""
    )


def searched(path: str, params: Mapping[str, Any]) -> Any:
    """What a path finds among parameters; None where there is nothing."""
    if path.isidentifier():
        return params.get(path)
    try:
        return jmespath.search(path, params)
    except jmespath.exceptions.JMESPathError:
        return None  # `keys` of what the request lacks


def text(value: Any) -> Value:
    """A parameter as conditions have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        return tuple(str(one) for one in value if isinstance(one, str | int | float)) or None
    return None
