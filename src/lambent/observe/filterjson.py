"""Filter patterns of messages in JSON: `{ $.level = "ERROR" && $.items[*].size > 10 }`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import orjson

from lambent.observe.filterregex import PatternError
from lambent.observe.filtervalue import END, REGEX, TEXT, Conditions, Test, tokens

TOKEN = re.compile(
    r"\s*(?:(?P<punctuation>&&|\|\||[(){}]|!=|<=|>=|=|<|>)"
    r"|(?P<selector>\$(?:\.?\[\s*(?:'[^']*'|\"[^\"]*\"|\d+|\*)\s*\]|\.[\w@-]+|\.\*)+)"
    rf"|{REGEX}|{TEXT}"
    r"|(?P<word>[^\s(){}&|=<>!\"%]+))"
)
STEP = re.compile(r"\.?\[\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+|\*))\s*\]|\.([\w@-]+|\*)")
IS = {"NULL": None, "TRUE": True, "FALSE": False}
WILDCARDS = 3
"""In one pattern, and one in each selector (AWS's quotas)."""


class _Every:
    """The step of a wildcard."""


EVERY = _Every()
Steps = list[str | int | _Every]


def json_pattern(text: str) -> Callable[[str], bool]:
    """A predicate of a message; one that isn't JSON does not match. Raises PatternError."""
    test = _JsonConditions(tokens(text, TOKEN)).whole()

    def matches(message: str) -> bool:
        try:
            value = orjson.loads(message)
        except orjson.JSONDecodeError:
            return False
        return test(value)

    return matches


class _JsonConditions(Conditions):
    _wildcards = 0

    def whole(self) -> Test:
        self.expect("{")
        test = self.either()
        self.expect("}")
        if self.peek() != END:
            raise PatternError("Invalid filter pattern: text after the closing brace")
        return test

    def comparison(self) -> Test:
        kind, text = self.next()
        if kind != "selector":
            raise PatternError(f"Invalid filter pattern: a property selector is needed, not '{text}'")
        steps = self._steps(text)
        if self.peek()[0] == "word":
            return self._words(steps)
        return partial(_compare, steps, self.operand())

    def _words(self, steps: Steps) -> Test:
        first, second = self.next()[1].upper(), self.next()[1].upper()
        if (first, second) == ("NOT", "EXISTS"):
            return lambda value: next(select(value, steps), None) is None
        if first == "IS" and second in IS:
            wanted = IS[second]
            return lambda value: any(found is wanted for (found,) in select(value, steps))
        raise PatternError(f"Invalid filter pattern near '{first} {second}'")

    def _steps(self, selector: str) -> Steps:
        steps = steps_of(selector)
        used = steps.count(EVERY)
        self._wildcards += used
        if used > 1 or self._wildcards > WILDCARDS:
            raise PatternError(f"Invalid filter pattern: too many wildcards at '{selector}'")
        return steps


def steps_of(selector: str) -> Steps:
    """The steps of a selector such as `$.items[0].size`."""
    steps: Steps = []
    for single, double, index, name in STEP.findall(selector):
        if "*" in (index, name):
            steps.append(EVERY)
        else:
            steps.append(int(index) if index else single or double or name)
    return steps


def select(value: Any, steps: Steps) -> Iterator[tuple[Any]]:
    """What the steps lead to: nothing, one value or, with a wildcard, several."""
    for position, step in enumerate(steps):
        if isinstance(step, _Every):
            every = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            for one in every:
                yield from select(one, steps[position + 1 :])
            return
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return
        elif not isinstance(value, dict) or step not in value:
            return
        value = value[step]
    yield (value,)


def _compare(steps: Steps, compare: Test, value: Any) -> bool:
    """Whether a value compares so; a selector of an object or a list matches nothing."""
    return any(not isinstance(found, dict | list) and compare(found) for (found,) in select(value, steps))
