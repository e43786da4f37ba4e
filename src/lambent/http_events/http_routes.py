"""Which route of an HTTP API a request is for.

A full match wins, then a greedy one ({name+}), then `$default`; segment by segment a literal comes before a variable,
and of routes of one path that of the method before ANY.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

ANY, DEFAULT = "ANY", "$default"
Route = Mapping[str, Any]


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    variables: dict[str, "_Node"] = field(default_factory=dict)
    greedy: dict[str, "_Node"] = field(default_factory=dict)
    methods: dict[str, Route] = field(default_factory=dict)


class Routes:
    """The routes of one deployment."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._default: Route | None = None
        for route in routes:
            if route["RouteKey"] == DEFAULT:
                self._default = route
            else:
                self._add(route)

    def _add(self, route: Route) -> None:
        method, _, path = route["RouteKey"].partition(" ")
        node = self._root
        for part in path.split("/")[1:]:
            node = _step(node, part)
        node.methods[method] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a raw path without its stage, and the path's variables, decoded."""
        parts = path.split("/")[1:]
        for node, variables in _walk(self._root, parts, 0, {}):
            route = node.methods.get(method) or node.methods.get(ANY)
            if route is not None:
                return route, variables
        return (self._default, {}) if self._default is not None else None


def _step(node: _Node, part: str) -> _Node:
    if not part.startswith("{"):
        return node.literals.setdefault(part, _Node())
    name = part.strip("{}")
    if name.endswith("+"):
        return node.greedy.setdefault(name[:-1], _Node())
    return node.variables.setdefault(name, _Node())


def _walk(node: _Node, parts: list[str], at: int, found: dict[str, str]) -> Iterator[tuple[_Node, dict[str, str]]]:
    if at == len(parts):
        yield node, found
        return
    part = parts[at]
    child = node.literals.get(part)
    if child is None and "%" in part:
        child = node.literals.get(unquote(part))
    if child is not None:
        yield from _walk(child, parts, at + 1, found)
    if not part:
        return
    for name, child in node.variables.items():
        yield from _walk(child, parts, at + 1, found | {name: unquote(part)})
    for name, child in node.greedy.items():
        yield child, found | {name: unquote("/".join(parts[at:]))}
