"""AWS's service authorisation reference and its exceptions, as data.

reference.json is written by `tools/authorisation.py`, operations.json by hand, with its sources.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

TAGS_UNASKED = frozenset({"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"})
"""Nobody may overwrite or delete an object, or not, by the tags that it has.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html (s3:ExistingObjectTag, note)
"""


@cache
def services() -> dict[str, Any]:
    """Service prefix -> `actions` (name -> resource types), `required` (name -> types of which each is needed, where
    they are several) and `resources` (type -> ARN with variables)."""
    return _read("reference.json")


@cache
def exceptions() -> dict[str, Any]:
    """What operations ask for otherwise than by their name: see operations.json."""
    return _read("operations.json")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("lambent.permissions").joinpath(name).read_text("utf-8"))
    return found


def prefix_of(signing_name: str) -> str:
    """What a service's actions begin with."""
    prefix: str = exceptions()["prefixes"].get(signing_name, signing_name)
    return prefix


def required_of(action: str) -> list[str]:
    """The ARNs, with variables, of the types of which an action needs each; none where it needs one type."""
    prefix, _, name = action.partition(":")
    kinds = services().get(prefix, {"required": {}})["required"].get(name, ())
    return [arn for kind in kinds for arn in types_of(action, kind)]


def types_of(action: str, kind: str = "") -> list[str]:
    """The ARNs, with variables, of what an action is about, or of its type `kind`; none for one that is about
    everything."""
    prefix, _, name = action.partition(":")
    service = services().get(prefix, {"actions": {}, "resources": {}})
    kinds = [kind] if kind else service["actions"].get(name, ())
    return [arn for one in kinds if (arn := service["resources"].get(one)) is not None]
