"""What AWS publishes of each type: which properties it has, needs, and can't change.

`facts.json` is made by `tools/resource_types.py` from the schemas that cfn-lint ships, for the types in the
table. Source:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE = Path(__file__).with_name("facts.json")


@dataclass(frozen=True, slots=True)
class Facts:
    """Names of properties. `create_only` are those whose change makes another resource."""

    properties: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()


@functools.cache
def _all() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return found


@functools.cache
def facts_of(type_name: str) -> Facts:
    """The facts of a type; none for one that AWS publishes nothing of."""
    said = _all().get(type_name, {})
    names = ("properties", "required", "create_only", "read_only")
    return Facts(*(frozenset(said.get(name, ())) for name in names))
