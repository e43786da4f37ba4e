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
def service(prefix: str) -> dict[str, Any] | None:
    """Of the service whose actions begin so: `actions` (name -> resource types), `required` (name -> types of which
    each is needed, where they are several) and `resources` (type -> ARN with variables); None for one that is not in
    it."""
    line = _lines().get(prefix)
    found: dict[str, Any] | None = json.loads(line) if line is not None else None
    return found


def prefixes() -> frozenset[str]:
    """What actions of the services begin with that are in it."""
    return frozenset(_lines())


@cache
def _lines() -> dict[str, str]:
    """The services as text, one a line: those that nobody asks for are not read."""
    lines = files("lambent.permissions").joinpath("reference.json").read_text("utf-8").splitlines()[1:-1]
    split = (line.removesuffix(",").partition(":") for line in lines)
    return {json.loads(name): said for name, _, said in split}


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
    kinds = (service(prefix) or {"required": {}})["required"].get(name, ())
    return [arn for kind in kinds for arn in types_of(action, kind)]


def types_of(action: str, kind: str = "") -> list[str]:
    """The ARNs, with variables, of what an action is about, or of its type `kind`; none for one that is about
    everything."""
    prefix, _, name = action.partition(":")
    known = service(prefix) or {"actions": {}, "resources": {}}
    kinds = [kind] if kind else known["actions"].get(name, ())
    return [arn for one in kinds if (arn := known["resources"].get(one)) is not None]
