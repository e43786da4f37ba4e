"""What AWS publishes of each type: which properties it has, needs, and can't change.

`facts.json` (of the types in the table) and `types.txt` (all types) are made by `tools/resource_types.py` from the
schemas that cfn-lint ships. Source:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE, NAMES = Path(__file__).with_name("facts.json"), Path(__file__).with_name("types.txt")
BESIDE = ("AWS::CloudFormation::CustomResource", "AWS::CDK::Metadata")
"""Types that templates may name and that have no schema."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names of properties. `create_only` are those whose change makes another resource, `primary` those that identify
    it."""

    properties: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    primary: tuple[str, ...] = ()


@functools.cache
def _all() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return found


@functools.cache
def facts_of(type_name: str) -> Facts:
    """The facts of a type; none for one that AWS publishes nothing of."""
    said = _all().get(type_name, {})
    names = ("properties", "required", "create_only", "read_only")
    return Facts(**{name: frozenset(said.get(name, ())) for name in names}, primary=tuple(said.get("primary", ())))


@functools.cache
def types_of_aws() -> frozenset[str]:
    """The names of all types that AWS has, made here or not."""
    lines = (line.split() for line in NAMES.read_text("utf-8").splitlines())
    return frozenset({f"{service}::{own}" for service, *types in lines for own in types} | {*BESIDE})


def unrecognized(types: Iterable[str]) -> list[str]:
    """Those that neither AWS has nor may be the user's own."""
    known = types_of_aws()
    return sorted({one for one in types if one not in known and not one.startswith("Custom::")})
