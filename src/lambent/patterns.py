"""Regular expressions and wildcards of the user's, matched in time that grows with the text and not faster (RE2).

What RE2 has not (looking ahead, references back) is matched by the package regex, which gives up after `SECONDS`.
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import re2
import regex

from lambent import unambiguous

SECONDS = 0.1
"""What one match may take that is not RE2's: everybody else waits for it."""
MATCHES = 10_000
"""Of one pattern in one text, each of which is an object of its own: a third of a second. A plain text may be found as
often as it is there."""
MOST_STEPS = 50_000
"""Of a pattern that is not RE2's, with its counted repetitions written out: that much memory and time it takes."""
_COUNTED = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_SIGNS = frozenset("()[]{}*+?.^$\\|")
_PARTS = re.compile(r"\{\d*,?\d*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
"""A repetition, what is escaped, a class, or a character."""
_STRANGE = re.compile(r"\\[^dDwWsSbBtnr\W_]")
"""Escapes that are more than one character and what is escaped."""
_NAMED = re.compile(r"\(\?P?<[A-Za-z_]\w*>")
_ESCAPED = re.compile(r"\\([^\w\s])")
_IN_NEW = re.compile(r"\$(\d)|\\(.?)", re.DOTALL)
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


class Unmatchable(ValueError):
    """The pattern is none, or takes too long."""


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[Any, dict[str, float]]:
    """The pattern, and how long it may take. Raises Unmatchable."""
    try:
        return re2.compile(pattern, _OPTIONS), {}
    except re2.error:
        pass
    if _written_out(pattern) > MOST_STEPS:
        raise Unmatchable(f"{pattern[:80]!r} repeats too much")
    try:
        return regex.compile(pattern, regex.ASCII), {"timeout": SECONDS}
    except (regex.error, RecursionError, OverflowError) as error:
        raise Unmatchable(f"{pattern!r} is no regular expression") from error


def _written_out(pattern: str) -> int:
    """How long a pattern is with what it repeats so and so many times written out; more at worst."""
    sizes, at = [[0, 0]], 0  # of each open parenthesis: what came before its last part, and that part
    while at < len(pattern):
        counted = _COUNTED.match(pattern, at)
        if counted:
            sizes[-1][1] *= max(int(many or 1) for many in counted.groups()) if len(counted[0]) < 12 else MOST_STEPS
        elif pattern[at] == "(":
            sizes.append([0, 1])
        elif pattern[at] == ")" and len(sizes) > 1:
            inner = sum(sizes.pop())
            sizes[-1] = [sum(sizes[-1]), inner]
        else:
            sizes[-1] = [sum(sizes[-1]), 1]
            at += pattern[at] == "\\"
        at += len(counted[0]) if counted else 1
    return sum(map(sum, sizes))


def is_quick(pattern: str) -> bool:
    """Whether its time grows with the text alone. Raises Unmatchable."""
    return not _compiled(pattern)[1]


def _do(pattern: str, what: str, *arguments: str | int) -> Any:
    compiled, timeout = _compiled(pattern)
    try:
        return getattr(compiled, what)(*arguments, **timeout)
    except (TimeoutError, MemoryError) as error:
        raise Unmatchable(f"{pattern!r} takes too long to match") from error


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is of the pattern, as Java's `matches` says. Raises Unmatchable."""
    return _do(pattern, "fullmatch", text) is not None


def search(pattern: str, text: str) -> bool:
    """Whether the pattern is somewhere in the text. Raises Unmatchable."""
    return _do(pattern, "search", text) is not None


def groups(pattern: str, text: str) -> tuple[str | None, ...]:
    """What the groups of the pattern's first match hold; none without a match. Raises Unmatchable."""
    found = _do(pattern, "search", text)
    return () if found is None else tuple(found.groups())


Groups = tuple[str | None, ...]


def finder(pattern: str) -> Callable[[str], Groups | None]:
    """What answers the groups of the pattern's first match in a text, None without one (or if it takes too long): for
    many texts, most of which a text that must be in them tells from the others. Raises Unmatchable."""
    needed = literal(pattern)
    if not is_quick(pattern):
        return lambda text: _found(pattern, text) if needed in text else None
    slow, decided = _re2_finder(pattern, needed), unambiguous.compiled(pattern)
    if decided is None:
        return slow
    search = decided.search

    def groups_of(text: str) -> Groups | None:
        if needed not in text:
            return None
        if len(text) > unambiguous.LONGEST:
            return slow(text)
        return None if (found := search(text)) is None else found.groups()

    return groups_of


def _re2_finder(pattern: str, needed: str) -> Callable[[str], Groups | None]:
    compiled = re2.compile(pattern.encode(), _OPTIONS)
    search = compiled.search
    if not compiled.groups:
        return lambda text: () if needed in text and search(text.encode()) is not None else None

    def groups_of(text: str) -> Groups | None:
        found = search(text.encode()) if needed in text else None
        if found is None:
            return None
        return tuple(None if one is None else one.decode("utf-8", "replace") for one in found.groups())

    return groups_of


def between(parts: Sequence[str]) -> Callable[[str], Groups | None]:
    """What answers the texts between parts that follow one another, each where it comes first; None where one does not
    come. Behind an empty last part there is all that is left."""
    holes = "(.*?)".join(re.escape(part) for part in parts[:-1])
    last = f"(.*?){re.escape(parts[-1])}" if parts[-1] else "(.*)"
    search = re.compile(holes + last if parts[1:] else re.escape(parts[0]), re.DOTALL).search
    longest = max(parts, key=len)

    def groups_of(text: str) -> Groups | None:
        if longest not in text:
            return None
        if len(text) > unambiguous.LONGEST:
            return _between(parts, text)
        return None if (found := search(text)) is None else found.groups()

    return groups_of


def _between(parts: Sequence[str], text: str) -> Groups | None:
    """The same in time that grows with the text."""
    first, *more = parts
    at, found = text.find(first), []
    if at < 0:
        return None
    at += len(first)
    for part in more:
        end = text.find(part, at)
        if end < 0:
            return None
        found.append(text[at:end])
        at = end + len(part)
    if more and not more[-1]:
        found[-1] = text[at:]
    return tuple(found)


def _found(pattern: str, text: str) -> Groups | None:
    try:
        found = _do(pattern, "search", text)
    except Unmatchable:
        return None
    return None if found is None else tuple(found.groups())


def literal(pattern: str) -> str:
    """A text that is in all that the pattern matches: the longest run of plain characters that stands in no group or
    brackets and is not repeated. "" where none is sure."""
    if "|" in pattern or _STRANGE.search(pattern) or "(?" in _NAMED.sub("(", pattern):
        return ""
    runs, depth = [""], 0
    for part in _PARTS.findall(pattern):
        depth += (part == "(") - (part == ")")
        if len(part) == 1 and part not in _SIGNS and not depth:
            runs[-1] += part
            continue
        if part[0] in "*?{+":
            runs[-1] = runs[-1][:-1]
        runs.append("")
    return max(runs, key=len)


def replace(pattern: str, replacement: str, text: str) -> str:
    """Every match replaced; `$1` is a group, as in Java. Raises Unmatchable."""
    return replaced(pattern, replacement, text, MATCHES)[0]


def replaced(pattern: str, replacement: str, text: str, most: int) -> tuple[str, int]:
    """The same, and how many matches there were that took a while, which may be `most`. Raises Unmatchable."""
    new = _IN_NEW.sub(_as_python, replacement)
    if (plain := _plain(pattern)) and "\\" not in new:
        return text.replace(plain, new), 0
    made, count = _do(pattern, "subn", new, text, most + 1)
    if count > most:
        raise Unmatchable(f"{pattern[:80]!r} is found more than {most} times")
    return str(made), int(count)


def _as_python(found: re.Match[str]) -> str:
    """A group, or what is escaped, of a Java replacement (`Matcher.appendReplacement`)."""
    if found[1]:
        return rf"\g<{found[1]}>"
    return found[2].replace("\\", "\\\\")


def _plain(pattern: str) -> str:
    """The only text that a pattern matches; "" for one that is more than that."""
    plain = _ESCAPED.sub(r"\1", pattern)
    return "" if len(_SIGNS & set(_ESCAPED.sub("", pattern))) else plain


def split(pattern: str, text: str, most: int = MATCHES) -> list[str]:
    """The text between matches, of which there may be `most`; empty parts at its end are left out, as in Java. Raises
    Unmatchable."""
    plain = _plain(pattern)
    parts = text.split(plain) if plain else [str(part) for part in _do(pattern, "split", text, most + 1)]
    if len(parts) > most + 1 and not plain:
        raise Unmatchable(f"{pattern[:80]!r} is found more than {most} times")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def wildcard(parts: Iterable[str]) -> str:
    """The regular expression of what stands between asterisks, each part an expression of fixed length itself.

    A part is found where it comes first, and never looked for again (atomic groups), as `fnmatch.translate` has it:
    no pattern takes long.
    """
    first, *more = parts
    if not more:
        return first
    middle = "".join(f"(?>.*?{part})" for part in more[:-1] if part)
    return f"{first}{middle}.*{more[-1]}"
