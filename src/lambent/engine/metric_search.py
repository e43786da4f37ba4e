"""Search expressions: which metrics a SEARCH means.

`{AWS/Lambda,FunctionName} MetricName="Errors" orders OR NOT FunctionName=(a b)`: a schema is a namespace with exactly
these dimensions; a term that names no property is looked for in the names and values of all. A term without quotation
marks matches words of a name, one in quotation marks the whole of it.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

import re
from collections.abc import Callable, Iterator

from lambent.engine.metric_math import MathError
from lambent.model.metric import Metric

Test = Callable[[Metric], bool]
TOKEN = re.compile(r"\s*(?:(?P<text>\"[^\"]*\")|(?P<sign>[(){}=,])|(?P<word>[^\s(){}=,\"]+))")
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
MOST_DEPTH = 30


def compiled(text: str) -> Test:
    """A predicate of metrics. Raises MathError."""
    reader = _Reader(text)
    schema = reader.schema()
    wanted = reader.either() if reader.peek() else (lambda metric: True)
    if reader.peek():
        raise MathError(f"Invalid search expression near '{reader.peek()}'")
    return lambda metric: schema(metric) and wanted(metric)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self.peek()
        if not token:
            raise MathError("Invalid search expression: it ends too early")
        self._at += 1
        return token

    def schema(self) -> Test:
        if self.peek() != "{":
            return lambda metric: True
        self._at += 1
        found = []
        while (said := self._next()) != "}":
            if said != ",":
                found.append(_bare(said))
        if not found:
            raise MathError("Invalid search expression: the schema names no namespace")
        namespace, dimensions = found[0], set(found[1:])
        return lambda metric: metric.namespace == namespace and {name for name, _ in metric.dimensions} == dimensions

    def either(self) -> Test:
        tests = [self._both()]
        while self.peek().upper() == "OR":
            self._at += 1
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else (lambda metric: any(test(metric) for test in tests))

    def _both(self) -> Test:
        tests = [self._one()]
        while self.peek() and self.peek() != ")" and self.peek().upper() != "OR":
            if self.peek().upper() == "AND":
                self._at += 1
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else (lambda metric: all(test(metric) for test in tests))

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise MathError("The search expression is nested too deeply")
        try:
            return self._term()
        finally:
            self._depth -= 1

    def _term(self) -> Test:
        said = self._next()
        if said.upper() == "NOT":
            test = self._one()
            return lambda metric: not test(metric)
        if said == "(":
            test = self.either()
            self._closed()
            return test
        if self.peek() != "=":
            return lambda metric: any(_matches(said, text) for text in _texts(metric))
        self._at += 1
        return self._valued(_bare(said))

    def _valued(self, name: str) -> Test:
        """A property has one value, or one of several in brackets."""
        values, joined = [], "AND"
        if self.peek() == "(":
            self._at += 1
            while (token := self._next()) != ")":
                if token.upper() in ("OR", "AND"):
                    joined = token.upper()
                else:
                    values.append(token)
        else:
            values.append(self._next())
        which = any if joined == "OR" else all
        return lambda metric: which(any(_matches(value, text) for text in _property(metric, name)) for value in values)

    def _closed(self) -> None:
        if self._next() != ")":
            raise MathError("Invalid search expression: ')' is missing")


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise MathError(f"Invalid search expression near '{text[at : at + 20]}'")
        at = found.end()
        yield found[0].strip()


def _bare(token: str) -> str:
    return token.strip('"')


def _texts(metric: Metric) -> Iterator[str]:
    yield metric.namespace
    yield metric.name
    for pair in metric.dimensions:
        yield from pair


def _property(metric: Metric, name: str) -> Iterator[str]:
    if name == "MetricName":
        yield metric.name
    elif name == "Namespace":
        yield metric.namespace
    yield from (value for known, value in metric.dimensions if known == name)


def _matches(token: str, text: str) -> bool:
    """In quotation marks the whole name; else words of it, one after another."""
    if token.startswith('"'):
        return _bare(token) == text
    wanted, words = _words(token), _words(text)
    return (
        any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)) if wanted else False
    )


def _words(text: str) -> list[str]:
    return [word.lower() for word in WORDS.findall(text)]
