"""Reads a query's text. Everything that AWS's language has and this one has not is refused by name."""

import re
from collections.abc import Callable

from lambent.engine.insights.aggregates import AGGREGATES, Aggregate
from lambent.engine.insights.functions import FUNCTIONS, Function
from lambent.engine.insights.query import (
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
    Pattern,
    Period,
    Query,
    Regex,
    Sort,
    Stats,
    Unnest,
)
from lambent.engine.insights.tokens import Token, Tokens, unquoted

UNBUILT = ("anomaly", "unmask", "lookup", "join", "source", "subquery", "addtotals", "fillmissing")
"""Commands of AWS's that are not built."""
LONGEST = 10_000
"""Characters of a query (StartQuery's `queryString`)."""
DEEPEST = 40
"""Parentheses in one another."""
MOST_SIGNS = 100
"""Of arithmetic, in a query."""
MOST_COMMANDS = 100
MOST_ROWS = 10_000
PERIODS = {"previousday": "day", "previousweek": "week", "previousmonth": "month"}
"""Behind `diff`."""
LOGICAL = ("or", "and")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
ARITHMETIC: tuple[tuple[str, ...], ...] = (("+", "-"), ("*", "/", "%"))


def read(text: str) -> Query:
    """The commands of a query, in order. Raises MalformedQuery."""
    if len(text) > LONGEST:
        raise MalformedQuery(f"the query is longer than {LONGEST} characters")
    return _Reader(text).query()


class _Reader(Tokens):
    """A function for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._signs = 0
        self._is_aggregating = False
        """Whether an aggregate function may stand here."""

    def query(self) -> Query:
        found: list[Command] = []
        while self.token.word == "|" or not found:
            if found:
                self.next()
            if len(found) == MOST_COMMANDS:
                raise MalformedQuery(f"the query has more than {MOST_COMMANDS} commands", self.token.start)
            if self.token.word == "diff":
                found.append(self._diff(found))
            else:
                found.append(self._command())
            if isinstance(found[-1], Pattern) and any(isinstance(one, Stats | Pattern) for one in found[:-1]):
                raise MalformedQuery("pattern stands before stats, and once", self.token.start, self.token.end)
            if self.token.kind == "end":
                return tuple(found)
        self.fail()

    def _command(self) -> Command:
        token = self.next()
        read = _COMMANDS.get(token.word)
        if token.word in UNBUILT:
            raise MalformedQuery(f"Lambent does not support the command {token.text} yet", token.start, token.end)
        if read is None:
            self.fail(token)
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
        self._is_aggregating = True
        columns, by = self._columns(), tuple[Named, ...]()
        self._is_aggregating = False
        for column in columns:
            self._check_aggregate(column)
        if self.token.word == "by":
            self.next()
            by = self._columns()
        return Stats(columns, by)

    def sort(self) -> Command:
        keys = [self._sort_key()]
        while self.taken(","):
            keys.append(self._sort_key())
        return Sort(tuple(keys))

    def _sort_key(self) -> tuple[Expression, bool]:
        expression = self._expression()
        down = self.token.word == "desc"
        if self.token.word in ("asc", "desc"):
            self.next()
        return expression, down

    def limit(self) -> Command:
        token = self.next()
        if token.kind != "number" or not re.fullmatch("[0-9]{1,9}", token.text) or not 0 < int(token.text) <= MOST_ROWS:
            raise MalformedQuery(f"limit takes a number from 1 to {MOST_ROWS}", token.start, token.end)
        return Limit(int(token.text))

    def parse(self) -> Command:
        source: Expression = FieldName("@message")
        if self.token.kind != "text":
            source = self._primary()
        if self.token.word == "/":
            pattern = self.regex()
            names = tuple(re.findall(r"\(\?P?<([A-Za-z_]\w*)>", pattern))
            if not names:
                raise MalformedQuery("parse needs a named capturing group", self.token.start, self.token.end)
            return Parse(source, re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern), names)
        return self._parse_glob(source)

    def _parse_glob(self, source: Expression) -> Command:
        token = self.next()
        if token.kind != "text":
            self.fail(token)
        parts = unquoted(token.text).split("*")
        self.expect("as")
        names = [self._field_name()]
        while self.taken(","):
            names.append(self._field_name())
        if len(names) != len(parts) - 1:
            said = f"the pattern has {len(parts) - 1} wildcards, but {len(names)} fields are named"
            raise MalformedQuery(said, token.start, token.end)
        return Parse(source, "", tuple(names), tuple(parts))

    def unnest(self) -> Command:
        source = self._primary()
        self.expect("into")
        return Unnest(source, self._field_name())

    def pattern(self) -> Command:
        return Pattern(self._expression())

    def _diff(self, found: list[Command]) -> Command:
        """The command `pattern` before it, now with what it is compared with; in AWS's words if there is none.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Diff.html
        """
        token = self.next()
        pattern = found.pop() if found else None
        if not isinstance(pattern, Pattern) or pattern.against:
            said = "Diff compilation Failed : Diff operation has to be used after Pattern"
            raise MalformedQuery(said, token.start, token.end)
        against = PERIODS.get(self.token.word, "period")
        if against != "period":
            self.next()
        return Pattern(pattern.source, against)

    # --- expressions

    def _columns(self) -> tuple[Named, ...]:
        found = [self._column()]
        while self.taken(","):
            found.append(self._column())
        return tuple(found)

    def _column(self) -> Named:
        start = self.token.start
        expression = self._expression()
        text = self.text[start : self.token.start].strip()
        if self.token.word == "as":
            self.next()
            return Named(expression, self._field_name())
        return Named(expression, expression.name if isinstance(expression, FieldName) else text)

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            self.fail()
        found = self._either(0)
        self._depth -= 1
        return found

    def _either(self, level: int) -> Expression:
        if level == len(LOGICAL):
            return self._not()
        parts = [self._either(level + 1)]
        while self.taken(LOGICAL[level]):
            parts.append(self._either(level + 1))
        return Call(LOGICAL[level], tuple(parts)) if len(parts) > 1 else parts[0]

    def _not(self) -> Expression:
        negations = 0
        while self.token.word in ("not", "!"):
            self.next()
            negations += 1
        found = self._comparison()
        return Call("not", (found,)) if negations % 2 else found

    def _comparison(self) -> Expression:
        left = self._arithmetic(0)
        if self.token.word in COMPARISONS:
            return Call(self.next().word, (left, self._arithmetic(0)))
        negated = self.token.word == "not"
        if negated:
            self.next()
        found = self._membership(left)
        if found is None:
            return left if not negated else self.fail()
        return Call("not", (found,)) if negated else found

    def _membership(self, left: Expression) -> Expression | None:
        if self.token.word in ("like", "=~"):
            self.next()
            return Call("like", (left, self._pattern()))
        if self.token.word == "in":
            self.next()
            self.expect("[")
            values = [self._value()]
            while self.taken(","):
                values.append(self._value())
            self.expect("]")
            return Call("in", (left, Choice(tuple(values))))
        return None

    def _value(self) -> float | int | str:
        minus = self.taken("-")
        token = self.next()
        if token.kind == "text" and not minus:
            return unquoted(token.text)
        if token.kind != "number":
            self.fail(token)
        return -_number(token) if minus else _number(token)

    def _pattern(self) -> Expression:
        if self.token.word == "/":
            return Regex(self.regex())
        token = self.next()
        if token.kind != "text":
            self.fail(token)
        return Literal(unquoted(token.text))

    def _arithmetic(self, level: int) -> Expression:
        if level == len(ARITHMETIC):
            return self._power()
        left = self._arithmetic(level + 1)
        while self.token.word in ARITHMETIC[level]:
            self._signs += 1
            if self._signs > MOST_SIGNS:
                self.fail()
            sign = self.next().word
            left = Call(sign, (left, self._arithmetic(level + 1)))
        return left

    def _power(self) -> Expression:
        left = self._sign()
        if self.token.word == "^":
            self.next()
            return Call("^", (left, self._sign()))
        return left

    def _sign(self) -> Expression:
        minus = 0
        while self.token.word == "-":
            self.next()
            minus += 1
        found = self._primary()
        return Call("-", (Literal(0), found)) if minus % 2 else found

    def _primary(self) -> Expression:
        token = self.next()
        if token.word == "(":
            found = self._expression()
            self.expect(")")
            return found
        read = _PRIMARIES.get(token.kind)
        if read is None:
            self.fail(token)
        if token.kind == "name" and self.token.word == "(":
            return self._call(token)
        return read(token)

    def _call(self, token: Token) -> Expression:
        self.next()
        arguments: list[Expression] = []
        is_aggregating = self._is_aggregating
        if token.word in AGGREGATES:
            if not is_aggregating:
                raise MalformedQuery(f"{token.text} is a function of stats alone", token.start, token.end)
            self._is_aggregating = False
        if self.token.word == "*":
            self.next()
        elif self.token.word != ")":
            arguments.append(self._expression())
            while self.taken(","):
                arguments.append(self._expression())
        self.expect(")")
        self._is_aggregating = is_aggregating
        _check_call(token, arguments)
        return Call(token.word, tuple(arguments))

    def _check_aggregate(self, column: Named) -> None:
        if not aggregated(column.expression):
            raise MalformedQuery(f"stats takes aggregate functions: {column.name}", self.token.start, self.token.end)

    def _field_name(self) -> str:
        token = self.next()
        if token.kind == "quoted":
            return token.text[1:-1]
        if token.kind != "name":
            self.fail(token)
        return token.text


def aggregated(expression: Expression) -> bool:
    """Whether an aggregate is in it."""
    if not isinstance(expression, Call):
        return False
    return expression.name in AGGREGATES or any(aggregated(one) for one in expression.arguments)


def _check_call(token: Token, arguments: list[Expression]) -> None:
    """Raises MalformedQuery for arguments that a function does not take."""
    known = FUNCTIONS.get(token.word) or AGGREGATES.get(token.word)
    wrong = ""
    if known is None:
        wrong = f"unknown function {token.text}"
    elif not known.arguments[0] <= len(arguments) <= known.arguments[1]:
        wrong = f"wrong number of arguments for {token.text}"
    elif isinstance(known, Function) and known.period and not isinstance(arguments[-1], Period):
        wrong = f"{token.text} takes a length of time, such as 5m"
    elif isinstance(known, Aggregate) and not all(_is_number(one) for one in arguments[1:]):
        wrong = f"{token.text} takes a number"
    if wrong:
        raise MalformedQuery(wrong, token.start, token.end)


def _is_number(expression: Expression) -> bool:
    return isinstance(expression, Literal) and not isinstance(expression.value, str)


def _number(token: Token) -> float | int:
    return int(token.text) if token.text.isdigit() else float(token.text)


def _period(token: Token) -> Expression:
    unit = token.text.lstrip("0123456789")
    return Period(int(token.text.removesuffix(unit)), unit)


_PRIMARIES: dict[str, Callable[[Token], Expression]] = {
    "number": lambda token: Literal(_number(token)),
    "period": _period,
    "text": lambda token: Literal(unquoted(token.text)),
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
    "pattern": _Reader.pattern,
}
