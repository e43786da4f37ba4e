"""Whether a trace fits a filter expression.

Of a whole trace, flags are those of any of its segments, `duration` that of all and `responsetime` that of its root;
within `service(…) { }` all is of one segment of that service.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lambent.engine.traces import filter as expressions
from lambent.engine.traces import summary
from lambent.engine.traces.documents import Document, part, walk
from lambent.engine.traces.filter import Both, Compare, Expression, Named, Not, OfEdge, OfService, Value
from lambent.engine.traces.graph import edges_of
from lambent.engine.traces.service import Service, seconds_of, service_of

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "CONTAINS": lambda text, value: value in text,
    "BEGINSWITH": lambda text, value: text.startswith(value),
    "ENDSWITH": lambda text, value: text.endswith(value),
}
_TEXTS: dict[str, tuple[str, ...]] = {
    "http.url": ("http", "request", "url"),
    "http.method": ("http", "request", "method"),
    "http.useragent": ("http", "request", "user_agent"),
    "http.clientip": ("http", "request", "client_ip"),
    "user": ("user",),
    "resource.arn": ("resource_arn",),
}


def fits(expression: Expression, segments: Sequence[Document]) -> bool:
    """Whether the trace of these segments (compiled, at least one) does."""
    return _fits(expression, segments, segments)


def _fits(expression: Expression, those: Sequence[Document], whole: Sequence[Document]) -> bool:
    """`those` are the segments that are asked of, `whole` the trace's."""
    match expression:
        case Both(first, second, either):
            one = _fits(first, those, whole)
            return one or _fits(second, those, whole) if either else one and _fits(second, those, whole)
        case Not(inner):
            return not _fits(inner, those, whole)
        case OfService(service, inner):
            mine = [one for one in those if _is(service, service_of(one))]
            return any(inner is None or _fits(inner, [one], whole) for one in mine)
        case OfEdge(source, target, inner):
            calls = [one for start, end, one in edges_of(whole) if _is(source, start) and _is(target, end)]
            return any(inner is None or _fits(inner, [one], whole) for one in calls)
        case Compare():
            return _compare(expression, those, whole)


def _is(named: Named, service: Service) -> bool:
    return named.name in (None, service.name) and named.type in (None, service.type)


def _compare(asked: Compare, those: Sequence[Document], whole: Sequence[Document]) -> bool:
    if asked.keyword == "annotation":
        return _any((value for key, value, _ in summary.annotated(those) if key == asked.key), asked)
    if asked.keyword in expressions.FLAGS:
        found = _flag(asked.keyword, those, whole)
        return _COMPARED[asked.operator or "="](found, asked.value)
    return _any(_values(asked.keyword, those), asked)


def _any(values: Iterable[Value], asked: Compare) -> bool:
    """Whether there is one, or one that compares so. `!=` is the contrary of `=`."""
    if not asked.operator:
        return any(True for _ in values)
    if asked.operator == "!=":
        return all(not _same_kind(value, asked.value) or value != asked.value for value in values)
    compare = _COMPARED[asked.operator]
    texts = asked.operator in expressions.OF_TEXTS
    return any(
        compare(value, asked.value)
        for value in values
        if _same_kind(value, asked.value) and (isinstance(value, str) or not texts)
    )


def _same_kind(value: Value, other: Value) -> bool:
    kinds = [bool if isinstance(one, bool) else str if isinstance(one, str) else float for one in (value, other)]
    return kinds[0] is kinds[1]


def _flag(keyword: str, those: Sequence[Document], whole: Sequence[Document]) -> bool:
    flags = summary.flags_of(those)
    match keyword:
        case "ok":
            return not any(flags)
        case "partial":
            return any(inner.get("in_progress") for one in those for inner in walk(one))
        case "inferred":
            return any(one.get("inferred") for one in those)
        case "root":
            return any(one is summary.root_of(whole) for one in those)
    return bool(getattr(flags, keyword))


def _values(keyword: str, those: Sequence[Document]) -> list[Value]:
    match keyword:
        case "duration":
            return [summary.seconds(those)]
        case "responsetime":
            return [seconds_of(summary.root_of(those))]
        case "http.status":
            found = [part(inner, "http", "response", "status") for one in those for inner in walk(one)]
            return [one for one in found if isinstance(one, int | float)]
        case "name" | "type":
            return [getattr(service_of(one), keyword) for one in those]
        case "message":
            return [text for one in those for inner in walk(one) for text in _messages(inner)]
    return [str(found) for one in those if (found := part(one, *_TEXTS[keyword])) is not None]


def _messages(segment: Document) -> list[str]:
    exceptions = part(segment, "cause", "exceptions")
    if not isinstance(exceptions, list):
        return []
    return [one["message"] for one in exceptions if isinstance(one, dict) and isinstance(one.get("message"), str)]
