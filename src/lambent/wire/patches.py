"""Corrections to botocore's models, as data: patches.json, one line per correction, each with its source.

A correction names a service, a path into its raw model (`at`) and the value that belongs there (`set`; null
removes).
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def all_patches() -> tuple[dict[str, Any], ...]:
    """The corrections, in the order of the file."""
    return tuple(json.loads(files("lambent.wire").joinpath("patches.json").read_text("utf-8")))


def apply(service: str, description: dict[str, Any], protocol: str = "") -> None:
    """Correct the raw model of `service` in place. A path that the installed botocore lacks is passed
    over. Corrections of a `protocol` are for the service as it speaks that one, beside its own."""
    for patch in all_patches():
        if patch["service"] == service and patch.get("protocol", protocol) == protocol:
            _set(description, patch["at"], patch["set"])


def _set(node: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        child = node.get(key)
        if not isinstance(child, dict):
            return
        node = child
    if value is None:
        node.pop(path[-1], None)
    else:
        node[path[-1]] = value
