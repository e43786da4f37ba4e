"""The regular expressions of CloudWatch's filter patterns (`%…%`), matched in one pass whatever they are.

They know no groups, so an expression is a few rows of single characters, each optional, repeated or neither. Which of
them may come next is one integer, a bit for each: a character of the message costs a handful of operations on it, and
never more. (`re` would go back and forth: `.*.*.*x` takes time with the fourth power of the message's length.)

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions. Characters that
aren't ASCII are all alike: an expression can't name them.
"""

import re
import string
from dataclasses import dataclass

ASCII = frozenset(range(128))
OTHER = 128
"""What stands for every character beyond ASCII."""
ANY = ASCII | {OTHER}
DIGITS = frozenset(string.digits.encode())
SPACES = frozenset(b" \t\n\r\f\v")
WORDS = frozenset((string.ascii_letters + string.digits + "_").encode())
CLASSES = {"d": DIGITS, "D": ANY - DIGITS, "s": SPACES, "S": ANY - SPACES, "w": WORDS, "W": ANY - WORDS}
PLAIN = frozenset(string.ascii_letters + string.digits + ":_#=@/;,- ")
"""The characters that stand for themselves; a space is in AWS's own examples."""
ESCAPABLE = frozenset(string.punctuation + " ")
LENGTH = 1_000
"""Characters of an expression with its repetitions written out."""
KNOWN = 500
"""Sets of places that are remembered with what follows them."""
REPEAT = re.compile(r"\{ ?(\d{0,4}) ?(?:(,) ?(\d{0,4}) ?)?\}")
NO_LIMIT = -1

Set = frozenset[int]


class PatternError(ValueError):
    """The pattern is wrong; the text says where."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One character of a row."""

    characters: Set
    optional: bool = False
    repeated: bool = False


class _Places:
    """A set of places in the rows, and what is known of what follows each character."""

    __slots__ = ("bits", "following")

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.following: list[_Places | None] = [None] * (OTHER + 1)


class Regex:
    """`text` without its percent signs. Raises PatternError."""

    def __init__(self, text: str) -> None:
        self._hits = [0] * (OTHER + 1)
        self._optional = self._repeated = 0
        self._always = self._anywhere = self._at_end = 0
        first = width = 0
        for row in _Parser(text).rows():
            start, end = 1 << width, 1 << width + len(row.atoms)
            for place, atom in enumerate(row.atoms, width):
                self._add(1 << place, atom)
            first |= start
            self._always |= 0 if row.at_start else start
            if row.at_end:
                self._at_end |= end
            else:
                self._anywhere |= end
            width += len(row.atoms) + 1
        self._first = _Places(self._skipped(first))
        self._known = {self._first.bits: self._first}

    def _add(self, bit: int, atom: Atom) -> None:
        for character in atom.characters:
            self._hits[character] |= bit
        self._optional |= bit if atom.optional else 0
        self._repeated |= bit if atom.repeated else 0

    def search(self, text: str) -> bool:
        """Whether the expression is anywhere in `text`."""
        plain = text if text.isascii() else re.sub(r"[^\x00-\x7f]", "\x80", text)
        places, anywhere = self._first, self._anywhere
        for character in plain.encode("latin-1"):
            if places.bits & anywhere:
                return True
            places = places.following[character] or self._step(places, character)
        return bool(places.bits & (anywhere | self._at_end))

    def _step(self, places: _Places, character: int) -> _Places:
        hit = places.bits & self._hits[character]
        bits = self._skipped(hit << 1 | hit & self._repeated | self._always)
        found = self._known.get(bits) or _Places(bits)
        if len(self._known) < KNOWN:
            self._known[bits] = places.following[character] = found
        return found

    def _skipped(self, bits: int) -> int:
        """With the places behind optional ones: the sum's carry runs through each row of ones from its lowest bit."""
        return bits | ((bits & self._optional) + self._optional ^ self._optional)


@dataclass(slots=True)
class _Row:
    """What stands between two `|`."""

    atoms: list[Atom]
    at_start: bool = False
    at_end: bool = False


class _Parser:
    """From left to right; `_at` is the next character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rows(self) -> list[_Row]:
        """One for each alternative."""
        rows = [self._row()]
        while self._take("|"):
            rows.append(self._row())
        if self._at < len(self._text):
            raise self._wrong()
        if sum(len(row.atoms) for row in rows) > LENGTH:
            raise PatternError(f"Invalid filter pattern: %{self._text}% is too long")
        return rows

    def _row(self) -> _Row:
        row = _Row([], at_start=self._take("^"))
        while self._peek() not in ("", "|", "$"):
            characters = self._characters()
            low, high = self._times()
            row.atoms += _written_out(characters, low, high)
        row.at_end = self._take("$")
        if not row.atoms:
            raise self._wrong()
        return row

    def _characters(self) -> Set:
        if self._take("["):
            return self._bracket()
        if self._take("."):
            return ANY
        return self._single()

    def _single(self) -> Set:
        """One character, or what a backslash stands for."""
        if self._take("\\"):
            return self._escaped()
        one = self._peek()
        if one not in PLAIN:
            raise self._wrong()
        self._at += 1
        return frozenset((ord(one),))

    def _escaped(self) -> Set:
        one = self._peek()
        self._at += 1
        if one == "x":
            code = self._text[self._at : self._at + 2]
            self._at += 2
            if not re.fullmatch(r"[0-7][0-9A-Fa-f]", code):
                raise self._wrong()
            return frozenset((int(code, 16),))
        if one in CLASSES:
            return CLASSES[one]
        if one not in ESCAPABLE:
            raise self._wrong()
        return frozenset((ord(one),))

    def _bracket(self) -> Set:
        negated = self._take("^")
        found: Set = frozenset()
        while not self._take("]"):
            low = self._in_bracket()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                low = self._range(low, self._in_bracket())
            found |= low
        if not found:
            raise self._wrong()
        return ANY - found if negated else found

    def _in_bracket(self) -> Set:
        """Operators mean nothing between brackets."""
        one = self._peek()
        if one in ("", "(", ")"):
            raise self._wrong()
        if one in "^$?{}|*+.":
            self._at += 1
            return frozenset((ord(one),))
        return self._single()

    def _range(self, low: Set, high: Set) -> Set:
        if len(low) != 1 or len(high) != 1 or min(low) > min(high):
            raise self._wrong()
        return frozenset(range(min(low), min(high) + 1))

    def _times(self) -> tuple[int, int]:
        """How often at least and at most."""
        for sign, times in (("?", (0, 1)), ("*", (0, NO_LIMIT)), ("+", (1, NO_LIMIT))):
            if self._take(sign):
                return times
        if self._peek() != "{":
            return 1, 1
        found = REPEAT.match(self._text, self._at)
        if found is None or not (found[1] or found[3]):
            raise self._wrong()
        self._at = found.end()
        low = int(found[1] or 0)
        high = low if found[2] is None else int(found[3]) if found[3] else NO_LIMIT
        if not high or NO_LIMIT < high < low or max(low, high) > LENGTH:
            raise self._wrong()
        return low, high

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> bool:
        taken = self._peek() == sign
        self._at += taken
        return taken

    def _wrong(self) -> PatternError:
        return PatternError(f"Invalid character(s) in term '%{self._text}%'")


def _written_out(characters: Set, low: int, high: int) -> list[Atom]:
    """A character that comes `low` to `high` times, as a row of its own."""
    if high == NO_LIMIT:
        last = Atom(characters, optional=low == 0, repeated=True)
        return [*[Atom(characters)] * (low - 1), last]
    return [Atom(characters)] * low + [Atom(characters, optional=True)] * (high - low)
