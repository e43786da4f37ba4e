"""`pattern`: what texts have in common, and how many have it.

What varies by its form (times, identifiers, addresses, numbers) is put into one word of its kind; texts that are the
same but for that are one pattern. Patterns with the same separators, of whose words enough are the same, become one,
whose other words are tokens. AWS finds patterns by machine learning: its own may be cut otherwise.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Pattern.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lambent.engine.insights.query import Value

MOST_PATTERNS = 10_000
CANDIDATES = 100
"""Patterns with the same separators that a new text is compared with."""
LONGEST = 8_192
"""Characters of a text that are looked at."""
ALIKE = 0.6
"""Of the words, for two patterns to be one."""
_DATE = r"\d{4}[-/]\d\d[-/]\d\d"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
KINDS = {
    "Time": rf"{_DATE}(?:[T ]{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?)?|{_CLOCK}",
    "ID": r"\d-[0-9a-f]{8}-[0-9a-f]{24}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=[A-Za-z]*\d)[0-9a-zA-Z]{12,}(?:-\d+)?|(?=[a-f]*\d)[0-9a-f]{8,}",
    "IPAddress": r"\d{1,3}(?:\.\d{1,3}){3}",
    "Number": r"-?\d+(?:\.\d+)?(?=[a-zA-Z]{0,3}\b)",
}
_FORMS = "|".join(
    f"(?P<{kind}>(?:{form}){'' if kind == 'Number' else r'(?![A-Za-z0-9_])'})" for kind, form in KINDS.items()
)
VARYING = re.compile(rf"(?<![A-Za-z0-9_])(?:{_FORMS})")
MARK = "\x00"
"""Begins a word that stands for something that varies; its kind follows."""
SEPARATORS = re.compile(r"""([\s,;:=()\[\]{}"'|]+)""")
LEVEL = re.compile(r"\b(FATAL|CRITICAL|ERROR|EXCEPTION|WARN(?:ING)?|INFO|DEBUG|TRACE)\b", re.IGNORECASE)
LABELS = {"FATAL": "Error", "CRITICAL": "Error", "ERROR": "Error", "EXCEPTION": "Error", "WARN": "Warning"}
LABELS |= {"WARNING": "Warning", "INFO": "Info", "DEBUG": "Debug", "TRACE": "Debug"}


class TooManyPatterns(Exception):
    """Texts have more than `MOST_PATTERNS` in common."""


@dataclass(slots=True)
class _Pattern:
    """Words and the separators between them; how many texts have it, now and in the time that is compared."""

    words: list[str]
    separators: list[str]
    severity: str
    now: int = 0
    before: int = 0

    def likeness(self, words: list[str]) -> float:
        """Which part of the words is the same."""
        same = sum(one == other for one, other in zip(self.words, words, strict=True))
        return same / len(words)

    def widen(self, words: list[str]) -> None:
        """The words that differ are tokens."""
        for place, (one, other) in enumerate(zip(self.words, words, strict=True)):
            if one != other:
                self.words[place] = f"{MARK}Token{MARK}"

    def shown(self) -> str:
        """As AWS writes it: `<Time-1> [INFO] took <Number-2> ms`."""
        parts = [*self.words, ""]
        text = "".join(part for pair in zip(parts, [*self.separators, ""], strict=False) for part in pair)
        pieces = text.split(MARK)
        for number, place in enumerate(range(1, len(pieces), 2), 1):
            pieces[place] = f"<{pieces[place]}-{number}>"
        return "".join(pieces)


@dataclass(slots=True)
class Patterns:
    """Those of all texts that were added."""

    _by_text: dict[str, _Pattern] = field(default_factory=dict)
    _by_form: dict[tuple[str, ...], list[_Pattern]] = field(default_factory=dict)

    def add(self, text: str, before: bool = False) -> None:
        """A text; `before` if it is of the time that is compared. Raises TooManyPatterns."""
        masked = VARYING.sub(_kind, text[:LONGEST].replace(MARK, " ").strip())
        pattern = self._by_text.get(masked)
        if pattern is None:
            pattern = self._find(masked)
            if len(self._by_text) >= MOST_PATTERNS:
                self._by_text.clear()
            self._by_text[masked] = pattern
        if before:
            pattern.before += 1
        else:
            pattern.now += 1

    def _find(self, masked: str) -> _Pattern:
        pieces = SEPARATORS.split(masked)
        words, separators = pieces[::2], pieces[1::2]
        near = self._by_form.setdefault(tuple(separators), [])
        best = max(near[:CANDIDATES], key=lambda one: one.likeness(words), default=None)
        if best is not None and (best.likeness(words) >= ALIKE or len(near) >= CANDIDATES):
            best.widen(words)
            return best
        if sum(map(len, self._by_form.values())) >= MOST_PATTERNS:
            raise TooManyPatterns(f"the logs have more than {MOST_PATTERNS} patterns")
        level = LEVEL.search(masked)
        near.append(_Pattern(words, separators, LABELS[level[1].upper()] if level else ""))
        return near[-1]

    def rows(self, compared: bool = False) -> Iterator[dict[str, Value]]:
        """The fields of each, the most frequent first; of those that differ most if two times are compared."""
        every = [one for near in self._by_form.values() for one in near]
        total = sum(one.now for one in every)
        every.sort(key=lambda one: -abs(one.now - one.before) if compared else -one.now)
        for one in every:
            found: dict[str, Value] = {"@pattern": one.shown(), "@ratio": one.now / total if total else 0.0}
            found |= {"@sampleCount": one.now, "@severityLabel": one.severity or None}
            yield found | (_difference(one) if compared else {})


def _kind(found: re.Match[str]) -> str:
    return f"{MARK}{found.lastgroup}{MARK}"


def _difference(one: _Pattern) -> dict[str, Value]:
    many = one.now - one.before
    said = "Count increased" if many > 0 else "Count decreased" if many < 0 else "No difference"
    said = "New pattern" if not one.before else "Pattern gone" if not one.now else said
    return {"@previousSampleCount": one.before, "@difference": many, "@differenceDescription": said}
