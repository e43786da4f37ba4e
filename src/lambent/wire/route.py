"""From method, path, query and headers to an operation, by the `requestUri` templates of a REST service.

The templates of one method are folded into a tree of path segments that is walked once per request: a literal
before a label, a label before a greedy label (`{Key+}`), so the most literal template wins. What then is left
is told apart by the query of the template (`?uploads`, `?list-type=2`) and by the query and header members
that the input requires.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple
from urllib.parse import unquote

from lambent.wire.http import Request
from lambent.wire.query import pairs_of

_NAME = attrgetter("operation")
LABEL = re.compile(r"\{([^}]+?)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `query` is what the template fixes (None: the name alone), `wants` what the input
    requires."""

    operation: str
    labels: tuple[str, ...]
    query: tuple[tuple[str, str | None], ...]
    wants: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Choices:
    """The routes of one place: all, those without a fixed query, and the others by the first name of theirs.

    `known` is which of the plain ones is the best where nothing is asked in the query, by the headers that count.
    """

    all: list[Route] = field(default_factory=list)
    plain: list[Route] = field(default_factory=list)
    named: dict[str, list[Route]] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    known: dict[tuple[str, ...], Route | None] = field(default_factory=dict)

    def add(self, route: Route) -> None:
        """One more."""
        self.all.append(route)
        if route.query:
            self.named.setdefault(route.query[0][0], []).append(route)
            return
        self.plain.append(route)
        headers = {name.lower() for location, name in route.wants if location == "header"}
        self.required = sorted({*self.required, *headers})

    def wanted(self, headers: Mapping[str, str]) -> tuple[str, ...]:
        """The headers of a request that a plain route requires: as many sets of them as the model has."""
        return tuple(name for name in self.required if name in headers)

    def met(self, asked: Mapping[str, str]) -> list[Route]:
        """Those whose fixed query is met."""
        if not asked:
            return self.plain
        named = [route for name in asked for route in self.named.get(name, ()) if _fixed(route, asked)]
        return [*self.plain, *named]


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    label: "_Node | None" = None
    greedy: "_Node | None" = None
    routes: Choices = field(default_factory=Choices)


class Found(NamedTuple):
    """A node that a path reaches: its routes, the labels' raw values in order, and how many segments were
    literal."""

    routes: Choices
    values: tuple[str, ...]
    literals: int


class Routes:
    """The routes of one service; `description` is its raw model."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._roots: dict[str, _Node] = {}
        shapes = description["shapes"]
        for name in sorted(description["operations"]):
            self._add(name, description["operations"][name], shapes)

    def find(self, request: Request) -> str | None:
        """The operation that `request` is for, or None."""
        match = self.match(request)
        return match[0].operation if match else None

    def match(self, request: Request) -> tuple[Route, Found] | None:
        """The best route for `request`, and how its path matched; which is found once."""
        known = request.routed.get(self)
        if known is not None:
            method, path, query, headers = known[0]
            same = path is request.path and query is request.query and headers is request.headers
            if same and method is request.method:
                found: tuple[Route, Found] | None = known[1]
                return found
        asked = request.method, request.path, request.query, request.headers
        made = self._match(request)
        request.routed[self] = asked, made
        return made

    def _match(self, request: Request) -> tuple[Route, Found] | None:
        root = self._roots.get(request.method)
        if root is None:
            return None
        asked = dict(pairs_of(request.query))
        for found in _walk(root, _segments(request.path), 0, (), 0):
            route = _best(found.routes, asked, request.headers)
            if route is not None:
                return route, found
        return None

    def labels(self, operation: str, request: Request) -> dict[str, str]:
        """The decoded path labels of a request that was routed to `operation`."""
        match = self.match(request)
        if match is not None and match[0].operation == operation:
            return _labels(*match)
        root = self._roots.get(request.method)
        if root is None:
            return {}
        for found in _walk(root, _segments(request.path), 0, (), 0):
            for route in found.routes.all:
                if route.operation == operation:
                    return _labels(route, found)
        return {}

    def _add(self, name: str, operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> None:
        http = operation.get("http", {})
        path, _, query = http.get("requestUri", "/").partition("?")
        labels = []
        node = self._roots.setdefault(http.get("method", "POST"), _Node())
        for segment in _segments(path.partition("#")[0]):
            label = LABEL.fullmatch(segment)
            node = _step(node, segment, label)
            if label is not None:
                labels.append(label[1])
        fixed = tuple((key, value or None) for key, value in pairs_of(query))
        wants = tuple(_required(shapes.get(operation.get("input", {}).get("shape"), {}), shapes))
        node.routes.add(Route(name, tuple(labels), fixed, wants))


def _labels(route: Route, found: Found) -> dict[str, str]:
    return dict(zip(route.labels, map(unquote, found.values), strict=True))


def _segments(path: str) -> list[str]:
    """The path's segments. A trailing slash counts only where a greedy label takes the rest, see `_walk`."""
    return path.split("/")[1:]


def _step(node: _Node, segment: str, label: re.Match[str] | None) -> _Node:
    if label is None:
        return node.literals.setdefault(segment, _Node())
    if label[2]:
        node.greedy = node.greedy or _Node()
        return node.greedy
    node.label = node.label or _Node()
    return node.label


def _walk(node: _Node, segments: list[str], at: int, values: tuple[str, ...], literals: int) -> Iterator[Found]:
    """Every node that matches all segments, most literal first; `/a` and `/a/` are the same place."""
    if at == len(segments) or (at == len(segments) - 1 and not segments[at]):
        if node.routes.all:
            yield Found(node.routes, values, literals)
        if at == len(segments):
            bare = node.literals.get("")
            if bare is not None and bare.routes.all:
                yield Found(bare.routes, values, literals)
            return
    segment = segments[at]
    child = node.literals.get(segment)
    if child is not None:
        yield from _walk(child, segments, at + 1, values, literals + bool(segment))
    if node.label is not None and segment:
        yield from _walk(node.label, segments, at + 1, (*values, segment), literals)
    if node.greedy is not None:
        yield from _greedy(node.greedy, segments, at, values, literals)


def _greedy(node: _Node, segments: list[str], at: int, values: tuple[str, ...], literals: int) -> Iterator[Found]:
    """A greedy label takes at least one character and leaves what the rest of the template needs."""
    if node.routes.all and (rest := "/".join(segments[at:])):
        yield Found(node.routes, (*values, rest), literals)
    if node.literals or node.label:
        for end in range(at + 1, len(segments)):
            yield from _walk(node, segments, end, (*values, "/".join(segments[at:end])), literals)


def _required(shape: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    members = shape.get("members", {})
    for name in shape.get("required", ()):
        member = members[name]
        if member.get("location") in {"querystring", "header"}:
            yield member["location"], str(member.get("locationName", name))


def _best(routes: Choices, asked: Mapping[str, str], headers: Mapping[str, str]) -> Route | None:
    """Of the routes whose fixed query is met, the one that the request says most about; of equals the first."""
    if not asked:
        key = routes.wanted(headers)
        if key not in routes.known:
            routes.known[key] = _choose(routes, asked, headers)
        return routes.known[key]
    return _choose(routes, asked, headers)


def _choose(routes: Choices, asked: Mapping[str, str], headers: Mapping[str, str]) -> Route | None:
    met = routes.met(asked)
    if len(met) < 2:
        return met[0] if met else None
    scored = [(_score(route, asked, headers), route) for route in sorted(met, key=_NAME)]
    return max(scored, key=itemgetter(0))[1]


def _fixed(route: Route, asked: Mapping[str, str]) -> bool:
    return all(name in asked and value in {None, asked[name]} for name, value in route.query)


def _score(route: Route, asked: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, int, int, int]:
    """Most fixed query values, then fewest unmet wants, then most fixed query names, then most met wants."""
    met = sum(name in asked if location == "querystring" else name.lower() in headers for location, name in route.wants)
    values = sum(value is not None for _, value in route.query)
    return values, met - len(route.wants), len(route.query), met
