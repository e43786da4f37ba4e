"""Write `src/lambent/deploy/resources/facts.json`, what AWS's public schemas say of the types that stacks can make, and
`types.txt` beside it: which types AWS has at all.

    python tools/resource_types.py

The schemas are read from the installed cfn-lint, which ships them (https://github.com/aws-cloudformation/cfn-lint).
"""

import json
from pathlib import Path
from typing import Any

import cfnlint

from lambent.deploy.resources.facts import FILE, NAMES
from lambent.deploy.resources.table import KINDS

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
REGION = "us-east-1"
MAPS = {("AWS::ApiGatewayV2::Route", "RequestParameters")}
"""Properties that a schema calls objects of fixed members, and that are maps by their documentation and on AWS.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-route.html, and
templates with which SAM's own tests deploy.
"""
MADE_BY_SAM = "AWS::Serverless"
"""Its types are those of a transform alone."""


class Nested:
    """What a schema allows within its properties: `shapes` are objects by number, each with the numbers of what its
    members hold (None for what may hold anything)."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._definitions = schema.get("definitions", {})
        self._numbers: dict[str, int] = {}
        self.shapes: dict[str, dict[str, int | None]] = {}
        self.of = {name: self._visit(one) for name, one in schema.get("properties", {}).items()}

    def _resolved(self, said: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in said:
            rest = {name: one for name, one in said.items() if name != "$ref"}
            said = {**self._definitions[said["$ref"].rsplit("/", 1)[-1]], **rest}
        return said

    def _visit(self, said: dict[str, Any]) -> int | None:
        said = self._resolved(said)
        while "items" in said:
            said = self._resolved(said["items"])
        members = self._members(said)
        if not members or said.get("additionalProperties", True) is not False or said.get("patternProperties"):
            return None
        key = json.dumps(members, sort_keys=True)
        if key not in self._numbers:
            number = self._numbers[key] = len(self._numbers)
            self.shapes[str(number)] = {name: self._visit(one) for name, one in members.items()}
        return self._numbers[key]

    def _members(self, said: dict[str, Any]) -> dict[str, Any]:
        found = dict(said.get("properties", {}))
        for word in ("oneOf", "anyOf", "allOf"):
            for one in said.get(word, []):
                found = {**self._resolved(one).get("properties", {}), **found}
        return found


def facts(schema: dict[str, Any]) -> dict[str, Any]:
    """The names of one schema's properties, and of what is in them."""
    nested = Nested(schema)
    read_only = _top(schema.get("readOnlyProperties", []))
    return {
        "properties": sorted(set(schema.get("properties", {})) - (read_only - set(schema.get("required", [])))),
        "required": sorted(set(schema.get("required", [])) - read_only),
        "create_only": sorted(_top(schema.get("createOnlyProperties", []))),
        "read_only": sorted(read_only),
        "nested": {
            name: number
            for name, number in sorted(nested.of.items())
            if number is not None and (schema.get("typeName"), name) not in MAPS
        },
        "shapes": nested.shapes,
        "primary": [pointer.rsplit("/", 1)[-1] for pointer in schema.get("primaryIdentifier", [])],
    }


def _top(pointers: list[str]) -> set[str]:
    return {pointer.split("/")[2] for pointer in pointers if pointer.count("/") == 2}


def names() -> str:
    """Every type of every region: a service a line, its types after it."""
    services: dict[str, set[str]] = {}
    for file in (SCHEMAS / "providers").glob("*.json"):
        for name in json.loads(file.read_text("utf-8")):
            service, _, own = name.rpartition("::")
            if service != MADE_BY_SAM:
                services.setdefault(service, set()).add(own)
    return "".join(f"{service} {' '.join(sorted(own))}\n" for service, own in sorted(services.items()))


def main() -> None:
    """Read, and write the files."""
    NAMES.write_text(names(), "utf-8")
    where = json.loads((SCHEMAS / "providers" / f"{REGION}.json").read_text("utf-8"))
    found = {}
    for name in sorted(KINDS):
        if name in where:
            schema = json.loads((SCHEMAS / "resources" / f"{where[name]}.json").read_text("utf-8"))
            found[name] = facts(schema)
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(one, separators=(',', ':'))}" for name, one in found.items())
    FILE.write_text("{\n" + lines + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
