"""CloudWatch's filter patterns, as predicates of a message.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: terms, phrases and regular
expressions with `-` and `?` (here), JSON patterns (`filterjson`) and space-delimited ones (`filterfields`). A message
of n characters costs time in proportion to n, whatever the pattern is.
"""

import re
from collections.abc import Callable
from functools import partial

from lambent.observe.filterfields import fields_pattern
from lambent.observe.filterjson import json_pattern
from lambent.observe.filterregex import PatternError, Regex
from lambent.observe.filtervalue import unescaped

__all__ = ["PatternError", "compile_pattern"]

Match = Callable[[str], bool]

TERM = re.compile(
    r'\s*(?P<sign>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)*)%|(?P<word>[^\s"%]+))(?=\s|$)'
)
BARE = re.compile(r"[\w.:/@#=*+$'-]+")


def compile_pattern(pattern: str) -> Match:
    """A predicate of a message. Raises PatternError."""
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if text.startswith("["):
        return fields_pattern(text)
    if text.startswith("{"):
        return json_pattern(text)
    return _terms(text)


def _terms(text: str) -> Match:
    required: list[Match] = []
    excluded: list[Match] = []
    optional: list[Match] = []
    kinds = {"": required, "-": excluded, "?": optional}
    position = 0
    while position < len(text):
        found = TERM.match(text, position)
        if found is None:
            raise PatternError(f"Invalid filter pattern near '{text[position : position + 40]}'")
        kinds[found["sign"]].append(_term(found))
        position = found.end()
    if required or excluded:
        optional = []  # AWS ignores ?terms that stand beside others
    return partial(_has_terms, required, excluded, optional)


def _term(found: re.Match[str]) -> Match:
    if found["phrase"] is not None:
        return partial(_holds, unescaped(found["phrase"]))
    if found["regex"] is not None:
        regex = Regex(found["regex"])
        return lambda message: regex.search(message.removesuffix("\n"))
    word = found["word"]
    if not BARE.fullmatch(word):
        raise PatternError(f"Invalid character(s) in term '{word}'")
    return partial(_holds, word)


def _holds(term: str, message: str) -> bool:
    return term in message


def _has_terms(required: list[Match], excluded: list[Match], optional: list[Match], message: str) -> bool:
    return (
        all(term(message) for term in required)
        and not any(term(message) for term in excluded)
        and (not optional or any(term(message) for term in optional))
    )
