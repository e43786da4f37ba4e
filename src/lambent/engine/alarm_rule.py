"""The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR FALSE)`, and AT_LEAST.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html (AlarmRule).
"""

import re
from collections.abc import Callable, Iterator, Mapping

STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
MOST_CHILDREN = 100
MOST_DEPTH = 100
TOKEN = re.compile(r"\s*(?:(?P<text>\"[^\"]*\")|(?P<sign>[(),])|(?P<word>[^\s(),\"]+))")
States = Mapping[str, str]
"""The state of alarms, by name or ARN."""
Test = Callable[[States], bool]


class RuleError(Exception):
    """A rule that is none. The text is for the caller."""


class AlarmRule:
    """A rule, read. `children` are the alarms that it names, in their order. Raises RuleError."""

    def __init__(self, text: str) -> None:
        self.children: list[str] = []
        self._tokens = list(_tokens(text))
        self._at = self._depth = 0
        self._test = self._either()
        if self._peek():
            raise RuleError(f"unexpected '{self._peek()}'")
        if len(self.children) > MOST_CHILDREN:
            raise RuleError(f"more than {MOST_CHILDREN} alarms are named")

    def holds(self, states: States) -> bool:
        """Whether it is true of the states of its children."""
        return self._test(states)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise RuleError("it ends too early")
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        if (found := self._next()) != sign:
            raise RuleError(f"'{sign}' expected, not '{found}'")

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek().upper() == "OR":
            self._at += 1
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else (lambda states: any(test(states) for test in tests))

    def _both(self) -> Test:
        tests = [self._one()]
        while self._peek().upper() == "AND":
            self._at += 1
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else (lambda states: all(test(states) for test in tests))

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise RuleError("it is nested too deeply")
        try:
            return self._term()
        finally:
            self._depth -= 1

    def _term(self) -> Test:
        word = self._next()
        known = word.upper()
        if known == "NOT":
            test = self._one()
            return lambda states: not test(states)
        if word == "(":
            test = self._either()
            self._expect(")")
            return test
        if known in ("TRUE", "FALSE"):
            return lambda _states: known == "TRUE"
        if known == "AT_LEAST":
            return self._at_least()
        if known not in STATES:
            raise RuleError(f"unexpected '{word}'")
        self._expect("(")
        name = self._child()
        self._expect(")")
        return lambda states: states.get(name) == known

    def _child(self) -> str:
        given = self._next()
        name = given.strip('"')
        if not name or given in ("(", ")", ","):
            raise RuleError("an alarm's name is missing")
        if name not in self.children:
            self.children.append(name)
        return name

    def _at_least(self) -> Test:
        """AT_LEAST(2, ALARM, (a, b, c)), or a share of them: 50%."""
        self._expect("(")
        least = self._next()
        self._expect(",")
        wanted = self._next().upper()
        negated = wanted == "NOT"
        wanted = self._next().upper() if negated else wanted
        self._expect(",")
        self._expect("(")
        names = [self._child()]
        while self._peek() == ",":
            self._at += 1
            names.append(self._child())
        self._expect(")")
        self._expect(")")
        count = _least(least, len(names))
        if wanted not in STATES:
            raise RuleError(f"unexpected '{wanted}'")
        return lambda states: sum((states.get(name) == wanted) != negated for name in names) >= count


def _least(text: str, of: int) -> float:
    number = text.removesuffix("%")
    if not number.isascii() or not number.isdigit():
        raise RuleError(f"a number is expected, not '{text}'")
    return int(number) * of / 100 if text.endswith("%") else int(number)


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise RuleError(f"unexpected '{text[at : at + 20]}'")
        at = found.end()
        yield found[0].strip()
