"""Patterns of the models, which are Java's regular expressions, as Python's.

AWS matches whole values (`Matcher.matches`), with ASCII classes. What Python spells otherwise is translated:
Unicode categories, `\\z`, `\\x{…}`, surrogate pairs, a hyphen beside a class. A few of the 10,000 patterns of
all models can't be: those aren't checked.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby

JAVA_CLASSES = {
    "ASCII": "\\x00-\\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Blank": " \\t",
    "Cntrl": "\\x00-\\x1f\\x7f",
    "Digit": "0-9",
    "Graph": "!-~",
    "Print": " -~",
    "Punct": "!-/:-@\\[-`{-~",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "all": "\\x00-\\U0010ffff",
}
ALIASES = {"IsAlphabetic": ("L", "Nl"), "IsWhitespace": ("Z",), "LD": ("L", "Nd")}
ASSIGNED = (range(0x33500), range(0xE0000, 0xE0200))
"""The planes between and above hold nothing that has a category but unassigned and private use (C)."""
PRIVATE_PLANES = "\\U000f0000-\\U0010ffff"
SURROGATE_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
TOKEN = re.compile(r"\\[pP]\{\^?(\w+)\}|\\x\{([0-9a-fA-F]+)\}|\\z|\\.|\[\^?|\]|&&|[^\\\[\]&]|&", re.DOTALL)


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, to be used with `fullmatch`; None when Python can't express it."""
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except (re.error, KeyError, OverflowError):
        return None


def _translated(pattern: str) -> str:
    pattern = SURROGATE_PAIR.sub(_joined, pattern)
    if pattern.startswith("^(?i)"):
        pattern = "(?i)^" + pattern[5:]
    return "".join(_tokens(pattern))


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[1], 16), int(pair[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _tokens(pattern: str) -> Iterator[str]:
    in_class = False
    after_class = False
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if text == "&&" and in_class:
            raise KeyError("class intersection")
        if text == "-" and after_class:
            text = "\\-"
        elif text.startswith(("\\p", "\\P")):
            text = _category(token[1], text[1] == "P", in_class)
        elif text.startswith("\\x{"):
            text = f"\\U{int(token[2], 16):08x}"
        elif text == "\\z":
            text = "\\Z"
        elif text == "[" and in_class:
            text = "\\["
        after_class = in_class and token[0] in {"\\w", "\\d", "\\s"}
        in_class = token[0].startswith("[") or (in_class and token[0] != "]")
        yield text


def _category(name: str, negated: bool, in_class: bool) -> str:
    """The characters of a category as ranges, in brackets of their own unless it stands in a class."""
    ranges = _ranges(name, negated)
    return ranges if in_class else f"[{ranges}]"


@cache
def _ranges(name: str, negated: bool) -> str:
    if name in JAVA_CLASSES and not negated:
        return JAVA_CLASSES[name]
    wanted = ALIASES.get(name, (name.removeprefix("Is"),))
    spans = _spans(wanted, not negated)
    return spans + PRIVATE_PLANES if negated != (wanted == ("C",)) else spans


def _spans(categories: tuple[str, ...], inside: bool) -> str:
    spans = []
    for block in ASSIGNED:
        wanted = [unicodedata.category(chr(point)).startswith(categories) == inside for point in block]
        at = block.start
        for chosen, group in groupby(wanted):
            end = at + sum(1 for _ in group)
            if chosen:
                spans.append(f"\\U{at:08x}-\\U{end - 1:08x}")
            at = end
    if not spans:
        raise KeyError(categories)
    return "".join(spans)
