"""Reads a query's text. Everything that AWS's language has and this one has not is refused by name."""

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from lambent.engine.insights.aggregates import AGGREGATES
from lambent.engine.insights.functions import FUNCTIONS
from lambent.engine.insights.query import (
    UNITS,
    Call,
    Choice,
    Command,
    Dedup,
    Display,
    Expression,
    FieldName,
    Fields,
    Filter,
    Limit,
    Literal,
    MalformedQuery,
    Named,
    Parse,
    Period,
    Query,
    Regex,
    Sort,
    Stats,
    Unnest,
)

TOKEN = re.compile(
    r"(?P<space>\s+|\#[^\n]*)"
    r"|(?P<period>\d+(?:msec|ms|sec|s|min|mon|mo|m|hr|h|d|w|qtr|q|yr|y)\b)"
    r"|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`[^`]+`)"
    r"|(?P<name>[@A-Za-z_$][\w@.$]*)"
    r"|(?P<sign>=~|!=|<=|>=|[=<>+\-*/^%(),|!\[\]])",
    re.ASCII,
)
REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/")
UNBUILT = ("pattern", "diff", "anomaly", "unmask", "lookup", "join", "source", "subquery", "addtotals", "fillmissing")
"""Commands of AWS's that are not built."""
LONGEST = 10_000
"""Characters of a query (StartQuery's `queryString`)."""
DEEPEST = 40
"""Parentheses in one another."""
MOST_SIGNS = 200
"""Of arithmetic in one expression: what stands between them is in one another."""
MOST_COMMANDS = 100
MOST_DIGITS = 300
"""Of a number, which is a double at most."""
MOST_ROWS = 10_000
BINARY: tuple[tuple[str, ...], ...] = (("or",), ("and",))
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
ARITHMETIC: tuple[tuple[str, ...], ...] = (("+", "-"), ("*", "/", "%"))


class Token(NamedTuple):
    """A piece of the text, and where it stands."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """A name or sign, in small letters; nothing for anything else."""
        return self.text.lower() if self.kind in ("name", "sign") else ""


def read(text: str) -> Query:
    """The commands of a query, in order. Raises MalformedQuery."""
    if len(text) > LONGEST:
        raise MalformedQuery(f"the query is longer than {LONGEST} characters")
    return _Reader(text).query()


class _Reader:
    """One text, read from left to right: a function for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._signs = 0
        self._token = self._scan()

    def query(self) -> Query:
        found: list[Command] = []
        while self._token.word == "|" or not found:
            if found:
                self._next()
            if len(found) == MOST_COMMANDS:
                raise MalformedQuery(f"the query has more than {MOST_COMMANDS} commands", self._token.start)
            found.append(self._command())
            if self._token.kind == "end":
                return tuple(found)
        self._fail()

    def _command(self) -> Command:
        token = self._next()
        read = _COMMANDS.get(token.word)
        if token.word in UNBUILT:
            raise MalformedQuery(f"Lambent does not support the command {token.text} yet", token.start, token.end)
        if read is None:
            self._fail(token)
        return read(self)

    # --- commands

    def fields(self) -> Command:
        return Fields(self._columns())

    def display(self) -> Command:
        return Display(self._columns())

    def dedup(self) -> Command:
        return Dedup(self._columns())

    def filter(self) -> Command:
        return Filter(self._expression())

    def stats(self) -> Command:
        columns, by = self._columns(), tuple[Named, ...]()
        for column in columns:
            self._check_aggregate(column)
        if self._token.word == "by":
            self._next()
            by = self._columns()
        return Stats(columns, by)

    def sort(self) -> Command:
        keys = [self._sort_key()]
        while self._taken(","):
            keys.append(self._sort_key())
        return Sort(tuple(keys))

    def _sort_key(self) -> tuple[Expression, bool]:
        expression = self._expression()
        down = self._token.word == "desc"
        if self._token.word in ("asc", "desc"):
            self._next()
        return expression, down

    def limit(self) -> Command:
        token = self._next()
        if token.kind != "number" or not re.fullmatch("[0-9]{1,9}", token.text) or not 0 < int(token.text) <= MOST_ROWS:
            raise MalformedQuery(f"limit takes a number from 1 to {MOST_ROWS}", token.start, token.end)
        return Limit(int(token.text))

    def parse(self) -> Command:
        source: Expression = FieldName("@message")
        if self._token.kind != "text":
            source = self._primary()
        if self._token.word == "/":
            pattern = self._regex()
            names = tuple(re.findall(r"\(\?P?<([A-Za-z_]\w*)>", pattern))
            if not names:
                raise MalformedQuery("parse needs a named capturing group", self._token.start, self._token.end)
            return Parse(source, re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern), names)
        return self._parse_glob(source)

    def _parse_glob(self, source: Expression) -> Command:
        token = self._next()
        if token.kind != "text":
            self._fail(token)
        parts = _unquoted(token.text).split("*")
        self._expect("as")
        names = [self._field_name()]
        while self._taken(","):
            names.append(self._field_name())
        if len(names) != len(parts) - 1:
            said = f"the pattern has {len(parts) - 1} wildcards, but {len(names)} fields are named"
            raise MalformedQuery(said, token.start, token.end)
        middle = "".join(re.escape(part) + "(.*?)" for part in parts[:-1])
        ending = re.escape(parts[-1]) or "$"
        return Parse(source, f"(?s){middle}{ending}", tuple(names))

    def unnest(self) -> Command:
        source = self._primary()
        self._expect("into")
        return Unnest(source, self._field_name())

    # --- expressions

    def _columns(self) -> tuple[Named, ...]:
        found = [self._column()]
        while self._taken(","):
            found.append(self._column())
        return tuple(found)

    def _column(self) -> Named:
        start = self._token.start
        expression = self._expression()
        text = self._text[start : self._token.start].strip()
        if self._token.word == "as":
            self._next()
            return Named(expression, self._field_name())
        return Named(expression, expression.name if isinstance(expression, FieldName) else text)

    def _expression(self) -> Expression:
        self._signs = self._signs if self._depth else 0
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail()
        found = self._either(0)
        self._depth -= 1
        return found

    def _either(self, level: int) -> Expression:
        if level == len(BINARY):
            return self._not()
        found = [self._either(level + 1)]
        while self._token.word in BINARY[level]:
            self._next()
            found.append(self._either(level + 1))
        return _joined(BINARY[level][0], found)

    def _not(self) -> Expression:
        negations = 0
        while self._token.word in ("not", "!"):
            self._next()
            negations += 1
        found = self._comparison()
        return Call("not", (found,)) if negations % 2 else found

    def _comparison(self) -> Expression:
        left = self._arithmetic(0)
        if self._token.word in COMPARISONS:
            return Call(self._next().word, (left, self._arithmetic(0)))
        negated = self._token.word == "not"
        if negated:
            self._next()
        found = self._membership(left)
        if found is None:
            return left if not negated else self._fail()
        return Call("not", (found,)) if negated else found

    def _membership(self, left: Expression) -> Expression | None:
        if self._token.word in ("like", "=~"):
            self._next()
            return Call("like", (left, self._pattern()))
        if self._token.word == "in":
            self._next()
            self._expect("[")
            values = [self._arithmetic(0)]
            while self._taken(","):
                values.append(self._arithmetic(0))
            self._expect("]")
            return Call("in", (left, Choice(tuple(values))))
        return None

    def _pattern(self) -> Expression:
        if self._token.word == "/":
            return Regex(self._regex())
        token = self._next()
        if token.kind != "text":
            self._fail(token)
        return Literal(_unquoted(token.text))

    def _arithmetic(self, level: int) -> Expression:
        if level == len(ARITHMETIC):
            return self._power()
        left = self._arithmetic(level + 1)
        while self._token.word in ARITHMETIC[level]:
            sign = self._next()
            self._signs += 1
            if self._signs > MOST_SIGNS:
                raise MalformedQuery("the expression is too long", sign.start, sign.end)
            left = Call(sign.word, (left, self._arithmetic(level + 1)))
        return left

    def _power(self) -> Expression:
        left = self._sign()
        if self._token.word == "^":
            self._next()
            return Call("^", (left, self._sign()))
        return left

    def _sign(self) -> Expression:
        minus = 0
        while self._token.word == "-":
            self._next()
            minus += 1
        found = self._primary()
        return Call("-", (Literal(0), found)) if minus % 2 else found

    def _primary(self) -> Expression:
        token = self._next()
        if token.word == "(":
            found = self._expression()
            self._expect(")")
            return found
        read = _PRIMARIES.get(token.kind)
        if read is None:
            self._fail(token)
        if token.kind == "name" and self._token.word == "(":
            return self._call(token)
        return read(token)

    def _call(self, token: Token) -> Expression:
        self._next()
        arguments: list[Expression] = []
        if self._token.word == "*":
            self._next()
        elif self._token.word != ")":
            arguments.append(self._expression())
            while self._taken(","):
                arguments.append(self._expression())
        self._expect(")")
        name = token.word
        if name not in FUNCTIONS and name not in AGGREGATES:
            raise MalformedQuery(f"unknown function {token.text}", token.start, token.end)
        low, high = (FUNCTIONS.get(name) or AGGREGATES[name]).arguments
        if not low <= len(arguments) <= high:
            raise MalformedQuery(f"wrong number of arguments for {token.text}", token.start, token.end)
        return Call(name, tuple(arguments))

    def _check_aggregate(self, column: Named) -> None:
        if not aggregated(column.expression):
            raise MalformedQuery(f"stats takes aggregate functions: {column.name}", self._token.start, self._token.end)

    def _field_name(self) -> str:
        token = self._next()
        if token.kind == "quoted":
            return token.text[1:-1]
        if token.kind != "name":
            self._fail(token)
        return token.text

    # --- tokens

    def _scan(self) -> Token:
        while self._at < len(self._text):
            found = TOKEN.match(self._text, self._at)
            if found is None:
                self._fail(Token("none", self._text[self._at], self._at, self._at + 1))
            self._at = found.end()
            if found.lastgroup != "space":
                return Token(str(found.lastgroup), found[0], found.start(), found.end())
        return Token("end", "", len(self._text), len(self._text))

    def _next(self) -> Token:
        token = self._token
        self._token = self._scan()
        return token

    def _regex(self) -> str:
        """What stands between the slash that is the next token and the one that ends it."""
        found = REGEX.match(self._text, self._token.start)
        if found is None:
            self._fail()
        self._at = found.end()
        self._token = self._scan()
        return found[1].replace(r"\/", "/")

    def _taken(self, sign: str) -> bool:
        if self._token.word != sign:
            return False
        self._next()
        return True

    def _expect(self, word: str) -> None:
        token = self._next()
        if token.word != word:
            self._fail(token)

    def _fail(self, token: Token | None = None) -> NoReturn:
        token = token or self._token
        said = f"unexpected symbol found {token.text}" if token.text else "unexpected end of the query"
        line = self._text.count("\n", 0, token.start)
        position = token.start - (self._text.rfind("\n", 0, token.start) + 1)
        raise MalformedQuery(f"{said} at line {line + 1} and position {position}", token.start, token.end)


def aggregated(expression: Expression) -> bool:
    """Whether an aggregate is in it."""
    if not isinstance(expression, Call):
        return False
    return expression.name in AGGREGATES or any(aggregated(one) for one in expression.arguments)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _joined(sign: str, found: list[Expression]) -> Expression:
    """All of them by `and` or `or`, from left to right, and not deep in one another."""
    if len(found) == 1:
        return found[0]
    middle = len(found) // 2
    return Call(sign, (_joined(sign, found[:middle]), _joined(sign, found[middle:])))


def _number(token: Token) -> Expression:
    _check_digits(token)
    return Literal(int(token.text) if token.text.isdigit() else float(token.text))


def _check_digits(token: Token) -> None:
    if len(token.text) > MOST_DIGITS:
        raise MalformedQuery("the number is too long", token.start, token.end)


def _period(token: Token) -> Expression:
    _check_digits(token)
    unit = token.text.lstrip("0123456789")
    assert unit in UNITS
    return Period(int(token.text.removesuffix(unit)), unit)


_PRIMARIES: dict[str, Callable[[Token], Expression]] = {
    "number": _number,
    "period": _period,
    "text": lambda token: Literal(_unquoted(token.text)),
    "quoted": lambda token: FieldName(token.text[1:-1]),
    "name": lambda token: FieldName(token.text),
}
_COMMANDS: dict[str, Callable[[_Reader], Command]] = {
    "fields": _Reader.fields,
    "display": _Reader.display,
    "filter": _Reader.filter,
    "filterindex": _Reader.filter,
    "stats": _Reader.stats,
    "sort": _Reader.sort,
    "limit": _Reader.limit,
    "head": _Reader.limit,
    "parse": _Reader.parse,
    "dedup": _Reader.dedup,
    "unnest": _Reader.unnest,
}
