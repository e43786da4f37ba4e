"""Filter patterns of space-delimited messages: `[ip, ..., request = *.html*, status = 404 || status = 410, bytes]`.

What stands between brackets or quotation marks is one field of a message. A last field without a name for the rest
takes all that is left: AWS's `[w1=ERROR, w2]` matches lines of many words.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-space-delimited-log-events.html
"""

import re
from collections.abc import Callable
from functools import partial

from lambent.observe.filterregex import PatternError
from lambent.observe.filtervalue import END, REGEX, TEXT, Conditions, Test, number, tokens

TOKEN = re.compile(
    r"\s*(?:(?P<punctuation>&&|\|\||[()\[\],]|!=|<=|>=|=|<|>)"
    r"|(?P<rest>\.\.\.)"
    rf"|{REGEX}|{TEXT}"
    r"|(?P<word>[^\s()\[\],&|=<>!\"%]+))"
)
NAME = re.compile(r"\.\.\.|[^\s=<>!&|()]+")
PART = re.compile(r"(?:[^,\"]|\"(?:[^\"\\]|\\.)*\")+")
WORD = re.compile(r"\S+")
CLOSING = {"[": "]", '"': '"'}
REST = None
"""A field of the pattern that stands for any number of fields."""


def fields_pattern(text: str) -> Callable[[str], bool]:
    """A predicate of a message. Raises PatternError."""
    wanted = _FieldConditions(tokens(text, TOKEN)).whole()
    if wanted.count(REST) > 1:
        raise PatternError("Invalid filter pattern: '...' more than once")
    if REST not in wanted:
        return partial(_matches_first, [test for test in wanted if test is not REST])
    middle = wanted.index(REST)
    before = [test for test in wanted[:middle] if test is not REST]
    behind = [test for test in wanted[middle + 1 :] if test is not REST]
    return partial(_matches_ends, before, behind)


class _FieldConditions(Conditions):
    _name = ""

    def whole(self) -> list[Test | None]:
        """A test for each field, REST for '...'."""
        self.expect("[")
        wanted = [self._field()]
        while self.peek() == ("punctuation", ","):
            self.next()
            wanted.append(self._field())
        self.expect("]")
        if self.peek() != END:
            raise PatternError("Invalid filter pattern: text after the closing bracket")
        return wanted

    def _field(self) -> Test | None:
        if self.peek()[0] == "rest":
            self.next()
            return REST
        self._name = ""
        return self.either()

    def comparison(self) -> Test:
        """`name` alone, or with a condition; all conditions of a field are of the same name."""
        kind, name = self.next()
        if kind != "word" or self._name not in ("", name):
            raise PatternError(f"Invalid filter pattern: the name of a field is needed, not '{name}'")
        self._name = name
        if self.peek()[1] in (",", "]", "&&", "||", ")"):
            return lambda value: True
        sign, test = self.peek()[1], self.operand()
        if sign in ("=", "!="):
            return test
        return lambda value: test(number(value))


def named(text: str, message: str) -> dict[str, str]:
    """The fields of a message by the names that a pattern gives them."""
    names = [NAME.match(part.strip()) for part in _parts(text)]
    rest = next((at for at, one in enumerate(names) if one is not None and one[0] == "..."), None)
    if rest is None:
        found = _fields(message, len(names))
        return {one[0]: field for one, field in zip(names, found, strict=False) if one is not None}
    found, behind = _fields(message), len(names) - rest - 1
    if len(found) < rest + behind:
        return {}
    pairs = [
        *zip(names[:rest], found, strict=False),
        *zip(names[rest + 1 :], found[len(found) - behind :], strict=False),
    ]
    return {one[0]: field for one, field in pairs if one is not None}


def _parts(text: str) -> list[str]:
    """What stands between commas, those within quotation marks aside."""
    inner = text.strip().removeprefix("[").removesuffix("]")
    return PART.findall(inner)


def _matches_first(wanted: list[Test], message: str) -> bool:
    fields = _fields(message, len(wanted))
    return len(fields) == len(wanted) and all(test(field) for test, field in zip(wanted, fields, strict=True))


def _matches_ends(before: list[Test], behind: list[Test], message: str) -> bool:
    fields = _fields(message, 0 if behind else len(before) + 1)
    if len(fields) < len(before) + len(behind):
        return False
    last = fields[len(fields) - len(behind) :]
    return all(test(field) for test, field in zip(before + behind, fields[: len(before)] + last, strict=True))


def _fields(message: str, most: int = 0) -> list[str]:
    """The fields of a message; with `most`, the last one takes the rest."""
    text = message.rstrip()
    if not any(sign in text for sign in CLOSING):
        return text.split(None, most - 1)  # the same, at once
    found: list[str] = []
    closings = {"]": 0, '"': 0}
    word = WORD.search(text)
    while word is not None:
        start, end = word.span()
        field = word[0]
        closed = _closed(text, start, closings)
        if closed:
            field, end = text[start + 1 : closed], closed + 1
        if len(found) + 1 == most and end < len(text):
            return [*found, text[start:]]
        found.append(field)
        word = WORD.search(text, end)
    return found


def _closed(text: str, start: int, closings: dict[str, int]) -> int:
    """Where the bracket or quotation at `start` ends, 0 for none. `closings` tells where the next of each is: a message
    of opening brackets is not searched through for each of them."""
    closing = CLOSING.get(text[start], "")
    if not closing:
        return 0
    if 0 <= closings[closing] <= start:
        closings[closing] = text.find(closing, start + 1)
    end = closings[closing]
    return end if end > start and text[end + 1 : end + 2].strip() == "" else 0
