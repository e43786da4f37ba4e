"""What AWS publishes of each type: which properties it has, needs, and can't change.

`facts.json` (of the types in the table) and `types.txt` (all types) are made by `tools/resource_types.py` from the
schemas that cfn-lint ships. Source:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

FILE, NAMES = Path(__file__).with_name("facts.json"), Path(__file__).with_name("types.txt")
BESIDE = ("AWS::CloudFormation::CustomResource", "AWS::CDK::Metadata")
"""Types that templates may name and that have no schema."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names of properties. `create_only` are those whose change makes another resource, `primary` those that identify
    it; `nested` and `shapes` what stands in them, as `tools/resource_types.py` says it."""

    properties: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    primary: tuple[str, ...] = ()
    nested: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)

    def strange(self, properties: Mapping[str, Any]) -> list[str]:
        """What stands within properties where AWS has no such member: "/Place/Of/It: name"."""
        found: list[tuple[str, str]] = []
        for name, number in self.nested.items():
            self._look(properties.get(name), number, f"/{name}", found)
        return [f"#{place}: extraneous key [{name}] is not permitted" for place, name in found]

    def _look(self, value: Any, number: int | None, place: str, found: list[tuple[str, str]]) -> None:
        if number is None:
            return
        if isinstance(value, list):
            for at, one in enumerate(value):
                self._look(one, number, f"{place}/{at}", found)
        elif isinstance(value, Mapping):
            shape = self.shapes[str(number)]
            for name, one in value.items():
                if name not in shape:
                    found.append((place, name))
                self._look(one, shape.get(name), f"{place}/{name}", found)


@functools.cache
def _all() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return found


@functools.cache
def facts_of(type_name: str) -> Facts:
    """The facts of a type; none for one that AWS publishes nothing of."""
    said = _all().get(type_name, {})
    names = ("properties", "required", "create_only", "read_only")
    sets = {name: frozenset(said.get(name, ())) for name in names}
    return Facts(
        **sets, primary=tuple(said.get("primary", ())), nested=said.get("nested", {}), shapes=said.get("shapes", {})
    )


@functools.cache
def types_of_aws() -> frozenset[str]:
    """The names of all types that AWS has, made here or not."""
    lines = (line.split() for line in NAMES.read_text("utf-8").splitlines())
    return frozenset({f"{service}::{own}" for service, *types in lines for own in types} | {*BESIDE})


def unrecognized(types: Iterable[str]) -> list[str]:
    """Those that neither AWS has nor may be the user's own."""
    known = types_of_aws()
    return sorted({one for one in types if one not in known and not one.startswith("Custom::")})
