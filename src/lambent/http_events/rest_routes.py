"""Which resource of a REST API a path is for.

The most literal path wins, segment by segment: a literal before a variable, a variable before `{proxy+}`; where what
follows does not fit, the next one is tried.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html.
Functions get the path's variables as they were sent (recorded from AWS in April 2025:
https://github.com/aws/aws-lambda-dotnet/tree/dev/Tools/LambdaTestTool-v2/tests, Snapshots), parameters and templates
decoded (https://github.com/ustayready/fireprox/issues/44).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

ANY = "ANY"


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    variable: "_Node | None" = None
    greedy: "_Node | None" = None
    name: str = ""
    resource: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A resource that fits, and the path's variables as they were sent."""

    resource: Mapping[str, Any]
    variables: dict[str, str]


class Routes:
    """The resources of one deployment."""

    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._root = _Node()
        for resource in resources:
            self._add(resource)

    def _add(self, resource: Mapping[str, Any]) -> None:
        node = self._root
        for part in segments(resource["path"]):
            node = _step(node, part)
        node.resource = resource

    def find(self, path: str, method: str) -> Match | None:
        """The resource of a raw path that has the method, or ANY."""
        parts = segments(path)
        for node, variables in _walk(self._root, parts, 0, {}):
            resource = node.resource
            if resource is not None and method_of(resource, method) is not None:
                return Match(resource, variables)
        return None


def method_of(resource: Mapping[str, Any], method: str) -> Mapping[str, Any] | None:
    """The method of a resource, or its ANY."""
    methods = resource.get("resourceMethods") or {}
    return methods.get(method) or methods.get(ANY)


def segments(path: str) -> list[str]:
    """The parts of a path; a slash at its end makes none."""
    return [part for part in path.split("/") if part]


def _step(node: _Node, part: str) -> _Node:
    if not part.startswith("{"):
        return node.literals.setdefault(part, _Node())
    name = part.strip("{}+")
    if part.endswith("+}"):
        node.greedy = node.greedy or _Node(name=name)
        return node.greedy
    node.variable = node.variable or _Node(name=name)
    return node.variable


def _walk(node: _Node, parts: list[str], at: int, found: dict[str, str]) -> Iterator[tuple[_Node, dict[str, str]]]:
    if at == len(parts):
        yield node, found
        return
    part = parts[at]
    child = node.literals.get(part) or node.literals.get(unquote(part))
    if child is not None:
        yield from _walk(child, parts, at + 1, found)
    if node.variable is not None:
        yield from _walk(node.variable, parts, at + 1, found | {node.variable.name: part})
    if node.greedy is not None:
        yield node.greedy, found | {node.greedy.name: "/".join(parts[at:])}
