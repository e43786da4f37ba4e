"""X-Ray's filter expressions, read: `service("f") { fault } AND duration > 2`.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

MOST_CHARACTERS = 2_000
"""AWS documents no bound; what is nested in an expression of so many characters is read without trouble."""
DEEPEST = 50
FLAGS = frozenset({"ok", "error", "throttle", "fault", "partial", "inferred", "first", "last", "remote", "root"})
NUMBERS = frozenset({"responsetime", "duration", "http.status", "index", "coverage"})
TEXTS = frozenset(
    {
        *("http.url", "http.method", "http.useragent", "http.clientip", "user", "name", "type", "message"),
        *("availabilityzone", "instance.id", "resource.arn"),
    }
)
UNBUILT = ("group.", "rootcause.", "coverage", "index", "first", "last", "remote", "instance.id", "availabilityzone")
"""Keywords of AWS's that nothing here answers."""
COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})
OF_TEXTS = frozenset({"CONTAINS", "BEGINSWITH", "ENDSWITH"})

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_.\-]*)|(?P<mark><=|>=|!=|[=<>!(){}\[\],:]))"""
)

Value = str | float | bool


class Invalid(Exception):
    """The expression can't be read; the text says where, and what would be expected."""


class Unbuilt(Exception):
    """A keyword that AWS knows and nothing here answers."""


@dataclass(frozen=True, slots=True)
class Named:
    """A service that an expression names: None for any."""

    name: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A keyword, or an annotation by its `key`, against a value; operator "" asks whether there is one."""

    keyword: str
    operator: str
    value: Value = True
    key: str = ""


@dataclass(frozen=True, slots=True)
class OfService:
    """Some segment of the service fits."""

    service: Named
    inner: "Expression | None"


@dataclass(frozen=True, slots=True)
class OfEdge:
    """Some call from one service to another fits."""

    source: Named
    target: Named
    inner: "Expression | None"


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Both:
    """AND, or with `either` OR."""

    first: "Expression"
    second: "Expression"
    either: bool


Expression = Compare | OfService | OfEdge | Not | Both


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def read(text: str) -> Expression:
    """The expression. Raises Invalid, Unbuilt."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"it has more than {MOST_CHARACTERS} characters")
    reader = _Reader(_tokens(text))
    found = reader.alternatives(0)
    if reader.kind != "end":
        raise reader.unexpected("AND, OR or the end")
    return found


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Invalid(f"nothing begins with {text[at : at + 10]!r}, at character {at + 1}")
        kind = match.lastgroup or ""
        found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, _Token("end", "", at)]


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at].kind

    @property
    def text(self) -> str:
        return self._tokens[self._at].text

    def unexpected(self, wanted: str) -> Invalid:
        token = self._tokens[self._at]
        return Invalid(f"{wanted} is expected at character {token.at + 1}, not {token.text or 'the end'!r}")

    def take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1].text

    def passes(self, *marks: str) -> bool:
        """Whether one of these comes next; it is then taken."""
        found = self.kind in ("mark", "word") and self.text.upper() in marks
        if found:
            self._at += 1
        return found

    def expect(self, mark: str) -> None:
        if not self.passes(mark):
            raise self.unexpected(mark)

    def alternatives(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise Invalid("it is nested too deeply")
        return self._chain(lambda: self._chain(lambda: self._one(depth + 1), "AND"), "OR")

    def _chain(self, one: Callable[[], Expression], word: str) -> Expression:
        found = one()
        while self.passes(word):
            found = Both(found, one(), either=word == "OR")
        return found

    def _one(self, depth: int) -> Expression:
        negations = 0
        while self.passes("!", "NOT"):
            negations += 1
        found = self._plain(depth)
        return Not(found) if negations % 2 else found

    def _plain(self, depth: int) -> Expression:
        if self.passes("("):
            found = self.alternatives(depth)
            self.expect(")")
            return found
        if self.kind != "word":
            raise self.unexpected("a keyword")
        word = self.take()
        keyword = word.lower()
        if keyword == "service":
            return self._service(depth)
        if keyword == "edge":
            return self._edge(depth)
        if keyword == "annotation" or keyword.startswith("annotation."):
            return self._annotation(word)
        return self._compare(keyword)

    def _service(self, depth: int) -> OfService:
        named = Named()
        if self.passes("(") and not self.passes(")"):
            named = self._named()
            self.expect(")")
        return OfService(named, self._inner(depth))

    def _edge(self, depth: int) -> OfEdge:
        self.expect("(")
        source = self._named()
        self.expect(",")
        target = self._named()
        self.expect(")")
        return OfEdge(source, target, self._inner(depth))

    def _inner(self, depth: int) -> Expression | None:
        if not self.passes("{"):
            return None
        found = self.alternatives(depth)
        self.expect("}")
        return found

    def _named(self) -> Named:
        """A name, or `id(name: "…", type: "…")`."""
        if self.kind == "text":
            return Named(_unquoted(self.take()))
        if not self.passes("ID"):
            raise self.unexpected("a name")
        self.expect("(")
        said: dict[str, str] = {}
        while not self.passes(")"):
            if self.kind != "word" or self.text.lower() not in ("name", "type", "account.id"):
                raise self.unexpected("name, type or account.id")
            member = self.take().lower()
            self.expect(":")
            said[member] = _unquoted(self._text())
            self.passes(",")
        return Named(said.get("name"), said.get("type"))

    def _text(self) -> str:
        if self.kind != "text":
            raise self.unexpected("a text in quotes")
        return self.take()

    def _annotation(self, word: str) -> Compare:
        if "." in word:
            key = word.partition(".")[2]
        else:
            self.expect("[")
            key = _unquoted(self.take()) if self.kind in ("text", "word", "number") else ""
            self.expect("]")
        if not key:
            raise self.unexpected("the key of an annotation")
        operator = self._operator()
        return Compare("annotation", operator, self._value() if operator else True, key)

    def _compare(self, keyword: str) -> Compare:
        if keyword not in FLAGS | NUMBERS | TEXTS or keyword in UNBUILT:
            if keyword.startswith(UNBUILT):
                raise Unbuilt(keyword)
            raise Invalid(f"{keyword} is no keyword")
        operator = self._operator()
        if not operator:
            if keyword in NUMBERS:
                raise self.unexpected("an operator")
            return Compare(keyword, "")
        value = self._value()
        self._check(keyword, operator, value)
        return Compare(keyword, operator, value)

    def _operator(self) -> str:
        if self.kind == "mark" and self.text in COMPARISONS:
            return self.take()
        if self.kind == "word" and self.text.upper() in OF_TEXTS:
            return self.take().upper()
        return ""

    def _value(self) -> Value:
        if self.kind == "number":
            return float(self.take())
        if self.kind == "text":
            return _unquoted(self.take())
        if self.kind == "word" and self.text.lower() in ("true", "false"):
            return self.take().lower() == "true"
        raise self.unexpected("a value")

    def _check(self, keyword: str, operator: str, value: Value) -> None:
        """Whether a keyword of this kind is compared like this."""
        if keyword in FLAGS:
            fits = isinstance(value, bool) and operator in ("=", "!=")
        elif keyword in NUMBERS:
            fits = isinstance(value, float) and operator in COMPARISONS
        else:
            fits = isinstance(value, str) and operator in OF_TEXTS | {"=", "!="}
        if not fits:
            raise Invalid(f"{keyword} is not compared like that: {operator} {value!r}")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] in "\"'" else text
