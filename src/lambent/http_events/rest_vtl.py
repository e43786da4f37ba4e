"""Mapping templates: Velocity by airspeed, held on a short rope.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html for
`$input`, `$util`, `$context`, `$stageVariables`; https://velocity.apache.org/engine/2.3/vtl-reference.html.

airspeed reads any attribute of any Python object, and a template may be anybody's. So names are looked up here: a
dictionary's keys, the methods of the tables below, and what `Exposed` objects list; nothing else of Python is reached.
A template ends after so many steps and characters.
"""

import base64
import functools
import html
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import orjson
from airspeed import operators

from lambent import patterns
from lambent.http_events import json_path

STEPS = 200_000
STEP_CHARACTERS = 1_000
"""Of a text that is made or looked through in one step; a longer one takes more of them."""
MATCH_STEPS = 8
"""Of one match of a pattern: an object of its own."""
SPLIT_CHARACTERS = 20
"""The same, of a text that is split."""
SLOW_STEPS = 500
"""Of one match of a pattern whose time doesn't grow with the text alone (`patterns.SECONDS`)."""
OUTPUT_CHARACTERS = 20 << 20
RANGE = 1_000
"""Rounds of one `#foreach` over numbers (API Gateway's quota for template iterations)."""
LONG_CHARACTERS = 4_000
_LOOPS = re.compile(r"#\{?(foreach|macro|define|evaluate)|replaceAll|split", re.IGNORECASE)
"""What makes a template take long, and what may look for thousands of matches."""
_COMPARISONS = (">", "gt", ">=", "ge", "<", "lt", "<=", "le", "==", "eq", "!=", "ne")


class TemplateFailed(Exception):
    """The template can't be read or run; the text says why."""


class Exposed:
    """An object of ours that templates may use: the methods that `methods` names, nothing else."""

    methods: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ""


@dataclass(slots=True)
class _Rope:
    steps: int = STEPS


_rope: ContextVar[_Rope] = ContextVar("rope")


def _spend(steps: int = 1) -> None:
    rope = _rope.get()
    rope.steps -= steps
    if rope.steps < 0:
        raise TemplateFailed(f"it takes more than {STEPS} steps")


class JsonList(list[Any]):
    """A list of JSON that `$input.path` has read: it is written as JSON, with all that is in it, as the library that
    AWS reads it with does. A map around it is Java's."""


def shown(value: Any) -> str:
    """A value as Java writes it: `{a=1, b=[x]}`, `true`, `null`."""
    _spend()
    if isinstance(value, JsonList):
        _walked(value)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shown(one) for one in value) + "]"
    return str(value)


def _checked_length(count: int) -> None:
    if count > OUTPUT_CHARACTERS:
        raise TemplateFailed(f"a text gets longer than {OUTPUT_CHARACTERS} characters")


def _paid(value: Any) -> Any:
    """A text takes steps by its length, whoever makes it or looks through it."""
    if isinstance(value, str):
        _spend(len(value) // STEP_CHARACTERS)
    return value


def _walked(value: Any) -> None:
    """A step for each value in it, as often as it is there: what holds itself twice, again and again, soon has more
    values than can ever be compared."""
    _spend()
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            _walked(one)


def _listed(items: Iterable[Any]) -> list[Any]:
    """A list of its own, that takes a step for each item."""
    made = list(items)
    _spend(len(made))
    return made


def _pattern(said: Any) -> str:
    pattern = str(said)
    _spend(1 if patterns.is_quick(pattern) else SLOW_STEPS)
    return pattern


def _replaced(text: str, pattern: Any, new: Any) -> str:
    _checked_length(len(text) * max(len(str(new)), 1))
    made, count = patterns.replaced(_pattern(pattern), str(new), text, _most())
    _spend(count * MATCH_STEPS)
    return made


def _most() -> int:
    """Matches that there are steps for."""
    return max(_rope.get().steps // MATCH_STEPS, 0)


def _split(text: str, pattern: Any) -> list[str]:
    _spend(len(text) // SPLIT_CHARACTERS)
    return _listed(patterns.split(_pattern(pattern), text, _most()))


def _replaced_text(text: str, old: Any, new: Any) -> str:
    _checked_length(len(text) * max(len(str(new)), 1))
    return text.replace(str(old), str(new))


def _index_of(text: str, part: Any) -> int:
    return text.find(str(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    return text[start:end]


def _get(items: list[Any], at: Any) -> Any:
    return items[int(at)] if -len(items) <= int(at) < len(items) else None


def _put(there: dict[Any, Any], key: Any, value: Any) -> Any:
    old = there.get(key)
    there[key] = value
    return old


def _add(items: list[Any], value: Any) -> bool:
    _spend()
    items.append(value)
    return True


def _add_all(items: list[Any], more: Any) -> bool:
    more = list(more)
    _spend(len(more))
    items.extend(more)
    return True


def _set(items: list[Any], at: Any, value: Any) -> Any:
    old = items[int(at)]
    items[int(at)] = value
    return old


def _entries(there: dict[Any, Any]) -> list[dict[str, Any]]:
    return _listed({"key": key, "value": value} for key, value in there.items())


STRING: Mapping[str, Callable[..., Any]] = {
    "length": len,
    "isEmpty": lambda text: not text,
    "replaceAll": _replaced,
    "replaceFirst": lambda text, old, new: text.replace(str(old), str(new), 1),
    "replace": _replaced_text,
    "split": lambda text, pattern, most=0: _split(text, pattern),
    "matches": lambda text, pattern: patterns.matches(_pattern(pattern), text),
    "startsWith": lambda text, part: text.startswith(str(part)),
    "endsWith": lambda text, part: text.endswith(str(part)),
    "contains": lambda text, part: str(part) in text,
    "indexOf": _index_of,
    "lastIndexOf": lambda text, part: text.rfind(str(part)),
    "substring": _substring,
    "toUpperCase": str.upper,
    "toLowerCase": str.lower,
    "trim": str.strip,
    "concat": lambda text, more: _added(text, str(more)),
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == str(other).lower(),
    "toString": str,
    "charAt": lambda text, at: text[int(at)],
}
LIST: Mapping[str, Callable[..., Any]] = {
    "size": len,
    "isEmpty": lambda items: not items,
    "get": _get,
    "set": _set,
    "add": _add,
    "addAll": _add_all,
    "contains": lambda items, value: any(_equal(one, value) for one in items),
    "toString": shown,
}
DICTIONARY: Mapping[str, Callable[..., Any]] = {
    "get": lambda there, key: there.get(key),
    "put": _put,
    "putAll": lambda there, more: there.update(more),
    "remove": lambda there, key: there.pop(key, None),
    "keySet": _listed,
    "values": lambda there: _listed(there.values()),
    "entrySet": _entries,
    "containsKey": lambda there, key: key in there,
    "size": len,
    "isEmpty": lambda there: not there,
    "toString": shown,
}
NUMBER: Mapping[str, Callable[..., Any]] = {
    "toString": shown,
    "intValue": int,
    "equals": lambda number, other: number == other,
}


def _member(there: Any, name: str) -> Any:
    """What a name means on a value; None for nothing."""
    if isinstance(there, dict):
        try:
            found = there[name]
        except KeyError:
            found = None
        return found if found is not None else _method(DICTIONARY, there, name)
    if isinstance(there, Exposed):
        return getattr(there, name) if name in there.methods else None
    for kind, methods in ((str, STRING), (list, LIST), (bool, NUMBER), (int | float, NUMBER)):
        if isinstance(there, kind):
            return _method(methods, there, name)
    return None


def _method(methods: Mapping[str, Callable[..., Any]], there: Any, name: str) -> Any:
    found = methods.get(name)
    return functools.partial(found, there) if found is not None else None


_defined = operators.NameOrCall.calculate


def _calculate(self: Any, there: Any, loader: Any, top: Any) -> Any:
    """airspeed's look-up of a name, by the tables above."""
    _spend()
    found = _member(_paid(there), self.name)
    if isinstance(found, operators._FunctionDefinition):
        return _defined(self, {self.name: found}, loader, top)
    if found is None:
        return None
    if self.parameters is not None:
        return _paid(found(*self.parameters.calculate(top, loader))) if callable(found) else None
    if self.index is not None:
        return _indexed(found, self.index.calculate(top, loader))
    return None if callable(found) else found


def _indexed(there: Any, at: Any) -> Any:
    if isinstance(there, dict):
        return there.get(at)
    if isinstance(there, list) and isinstance(at, int) and not isinstance(at, bool):
        return _get(there, at)
    return None


def _range(self: Any, namespace: Any, loader: Any) -> list[int]:
    first, last = self.value1.calculate(namespace, loader), self.value2.calculate(namespace, loader)
    if abs(int(last) - int(first)) >= RANGE:
        raise TemplateFailed(f"a range has more than {RANGE} numbers")
    step = 1 if last >= first else -1
    return list(range(int(first), int(last) + step, step))


class _Output(operators.StoppableStream):  # type: ignore[misc]
    """Counts what is written, wherever airspeed makes a stream."""

    def write(self, text: str) -> None:
        _spend()
        if self.tell() + len(text) > OUTPUT_CHARACTERS:
            raise TemplateFailed(f"it writes more than {OUTPUT_CHARACTERS} characters")
        super().write(text)


def _multiplied(one: Any, other: Any) -> Any:
    """Numbers only: a string times a number is no arithmetic of Velocity's."""
    if isinstance(one, str | list) or isinstance(other, str | list):
        raise TemplateFailed("only numbers are multiplied")
    return _small(one * other)


def _small(number: Any) -> Any:
    if isinstance(number, int) and number.bit_length() > 128:
        raise TemplateFailed("a number gets too large")
    return number


def _added(one: Any, other: Any) -> Any:
    if isinstance(one, str) or isinstance(other, str):
        left, right = shown(one), shown(other)
        _checked_length(len(left) + len(right))
        return _paid(left + right)
    return _small(one + other)


def _remainder(one: Any, other: Any) -> Any:
    """Of numbers: a text is no format here."""
    if isinstance(one, str):
        raise TemplateFailed("only numbers are divided")
    return one % other


def _compared(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(one: Any, other: Any) -> Any:
        _walked(one)
        _walked(other)
        return compare(one, other)

    return run


_equal: Callable[[Any, Any], Any] = _compared(operator.eq)


operators.NameOrCall.calculate = _calculate
operators.Range.calculate = _range
operators.StoppableStream = _Output
operators.value_to_string = shown
_OPERATORS = operators.BinaryOperator.OPERATORS
_OPERATORS |= {sign: _compared(_OPERATORS[sign]) for sign in _COMPARISONS}
_OPERATORS |= {"*": _multiplied, "+": _added, "%": _remainder}


def _json_lists(value: Any) -> Any:
    """The same document with lists that are written as JSON."""
    if isinstance(value, dict):
        for name, one in value.items():
            value[name] = _json_lists(one)
    return JsonList(map(_json_lists, value)) if isinstance(value, list) else value


class Input(Exposed):
    """`$input`: the body, and the parameters of a request where there are any."""

    methods = ("body", "path", "json", "params")

    def __init__(self, body: str, params: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.body = body or "{}"
        self._params = {place: dict(values) for place, values in (params or {}).items()}
        self._document: Any = None
        self._read = False

    def _json(self) -> Any:
        """The body as JSON; text that is none stands for itself."""
        if not self._read:
            self._read = True
            try:
                self._document = _json_lists(orjson.loads(self.body))
            except orjson.JSONDecodeError:
                self._document = self.body
        return self._document

    def path(self, path: str = "$") -> Any:
        """What stands at a JSONPath."""
        try:
            found = json_path.find(self._json(), str(path))
            return JsonList(found) if isinstance(found, list) else found
        except json_path.NoPath as error:
            raise TemplateFailed(f"{path} is no JSONPath") from error

    def json(self, path: str = "$") -> str:
        """The same, as JSON."""
        found = self.path(path)
        return '""' if found is None else json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    def params(self, name: str | None = None) -> Any:
        """All parameters by place, or one of a name: of the path, else of the query, else a header."""
        if name is None:
            return self._params
        for place in ("path", "querystring"):
            if name in self._params.get(place, {}):
                return self._params[place][name]
        headers = self._params.get("header", {})
        lowered = {key.lower(): value for key, value in headers.items()}
        return headers.get(name, lowered.get(str(name).lower(), ""))


class Util(Exposed):
    """`$util`."""

    methods = ("escapeJavaScript", "parseJson", "urlEncode", "urlDecode", "base64Encode", "base64Decode", "escapeHtml")

    def escapeJavaScript(self, text: Any) -> str:
        """As Java's StringEscapeUtils does it: quotes, slashes and what is not ASCII."""
        escaped = json.dumps(shown(text) if text is not None else "")[1:-1]
        return escaped.replace("'", "\\'").replace("/", "\\/")

    def parseJson(self, text: Any) -> Any:
        """JSON as an object."""
        try:
            return orjson.loads(str(text))
        except orjson.JSONDecodeError as error:
            raise TemplateFailed("$util.parseJson got what is no JSON") from error

    def urlEncode(self, text: Any) -> str:
        """As a form's fields are."""
        return quote_plus(shown(text))

    def urlDecode(self, text: Any) -> str:
        """The other way."""
        return unquote_plus(shown(text))

    def base64Encode(self, text: Any) -> str:
        """Base64 of the text's UTF-8."""
        return base64.b64encode(shown(text).encode()).decode()

    def base64Decode(self, text: Any) -> str:
        """The other way."""
        try:
            return base64.b64decode(shown(text)).decode("utf-8", "replace")
        except ValueError as error:
            raise TemplateFailed("$util.base64Decode got what is no base64") from error

    def escapeHtml(self, text: Any) -> str:
        """For HTML."""
        return html.escape(shown(text))


@lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    compiled = operators.Template(template)
    compiled.ensure_compiled()
    return compiled


def are_long(templates: Iterable[str]) -> bool:
    """Whether any of these may take a while: they are run in a thread then, so that nobody else waits."""
    return any(len(text) > LONG_CHARACTERS or _LOOPS.search(text) for text in templates)


def render(template: str, names: Mapping[str, Any]) -> str:
    """What the template makes of the names (`input`, `context`, …). Raises TemplateFailed."""
    held = _rope.set(_Rope())
    try:
        output = _Output()
        _compiled(template).merge_to({"util": Util(), **names}, output)
        return str(output.getvalue())
    except TemplateFailed:
        raise
    except operators.TemplateExecutionError as error:
        cause = error.__cause__
        raise cause if isinstance(cause, TemplateFailed) else TemplateFailed(str(error)) from error
    except (operators.TemplateError, RecursionError, Exception) as error:
        raise TemplateFailed(f"{type(error).__name__}: {error}") from error
    finally:
        _rope.reset(held)


def text(value: Any) -> str:
    """A value that a template has set, as text."""
    held = _rope.set(_Rope())
    try:
        return shown(value)
    finally:
        _rope.reset(held)
