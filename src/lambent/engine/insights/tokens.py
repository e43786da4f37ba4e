"""A query's text, cut into tokens."""

import re
from typing import NamedTuple, NoReturn

from lambent.engine.insights.query import UNITS, MalformedQuery

TOKEN = re.compile(
    r"(?P<space>\s+|\#[^\n]*)"
    rf"|(?P<period>\d+(?:{'|'.join(UNITS)})\b)"
    r"|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`[^`]+`)"
    r"|(?P<name>[@A-Za-z_$][\w@.$]*)"
    r"|(?P<sign>=~|!=|<=|>=|[=<>+\-*/^%(),|!\[\]])",
    re.ASCII,
)
LONGEST_NUMBER = 100
"""Characters of it."""
REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/")


class Token(NamedTuple):
    """A piece of the text, and where it stands."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """A name or sign, in small letters; nothing for anything else."""
        return self.text.lower() if self.kind in ("name", "sign") else ""


class Tokens:
    """One text, read from left to right. `token` is the next one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0
        self.token = self._scan()

    def _scan(self) -> Token:
        while self._at < len(self.text):
            found = TOKEN.match(self.text, self._at)
            if found is None or (found.lastgroup in ("number", "period") and len(found[0]) > LONGEST_NUMBER):
                self.fail(Token("none", self.text[self._at], self._at, self._at + 1))
            self._at = found.end()
            if found.lastgroup != "space":
                return Token(str(found.lastgroup), found[0], found.start(), found.end())
        return Token("end", "", len(self.text), len(self.text))

    def next(self) -> Token:
        """The next token, which is behind then."""
        token = self.token
        self.token = self._scan()
        return token

    def regex(self) -> str:
        """What stands between the slash that is the next token and the one that ends it. Raises MalformedQuery."""
        found = REGEX.match(self.text, self.token.start)
        if found is None:
            self.fail()
        self._at = found.end()
        self.token = self._scan()
        return found[1].replace(r"\/", "/")

    def taken(self, sign: str) -> bool:
        """Whether the next token is this sign, which is behind then."""
        if self.token.word != sign:
            return False
        self.next()
        return True

    def expect(self, word: str) -> None:
        """Go behind a word. Raises MalformedQuery when another one stands there."""
        token = self.next()
        if token.word != word:
            self.fail(token)

    def fail(self, token: Token | None = None) -> NoReturn:
        """Raises MalformedQuery about a token, the next one unless it is said."""
        token = token or self.token
        said = f"unexpected symbol found {token.text}" if token.text else "unexpected end of the query"
        line = self.text.count("\n", 0, token.start)
        position = token.start - (self.text.rfind("\n", 0, token.start) + 1)
        raise MalformedQuery(f"{said} at line {line + 1} and position {position}", token.start, token.end)


def unquoted(text: str) -> str:
    """What a text in quotes says."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])
