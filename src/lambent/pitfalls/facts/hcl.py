"""HCL, as far as facts need it: blocks, attributes, literals, templates, references; everything else is unknown.

Our own because lines of every attribute are needed and a grammar's parser takes a second for a project
(https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md).
"""

import re
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.facts.tree import Map, Ref, Seq, Unknown, text
from lambent.pitfalls.facts.unread import NotRead

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
      |(?P<newline>\n)
      |(?P<heredoc><<[-~]?(?P<mark>\w+)\r?\n)
      |(?P<string>")
      |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      |(?P<name>[A-Za-z_][\w-]*)
      |(?P<op>\.\.\.|=>|==|!=|<=|>=|&&|\|\||[{}\[\]().,:=?<>+\-*/%!])""",
    re.X | re.S,
)
_OPERATORS = {"?", ":", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%"}
MOST_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `value` of a string is its folded template."""

    kind: str
    value: Any
    line: int
    end: int


@dataclass(slots=True)
class Block:
    """`type "label" "label" { body }`; body holds attributes, and blocks under `blocks`."""

    type: str
    labels: list[str]
    body: Map
    blocks: list["Block"]
    span: tuple[int, int]


def tokens(source: str) -> list[Token]:
    """The tokens of a text. Raises NotRead."""
    found: list[Token] = []
    at, line = 0, 1
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise NotRead(f"it is not HCL that can be read (line {line})")
        kind = str(match.lastgroup if match.lastgroup != "mark" else "heredoc")
        end = match.end()
        value: Any = match[0]
        if kind == "string":
            value, end = _quoted(source, end, line)
        elif kind == "heredoc":
            value, end = _heredoc(source, match, line)
        after = line + source.count("\n", at, end)
        if kind != "space":
            found.append(Token("string" if kind == "heredoc" else kind, value, line, after))
        at, line = end, after
    found.append(Token("end", "", line, line))
    return found


def _quoted(source: str, at: int, line: int) -> tuple[Any, int]:
    """A template up to its closing quote, and where that ends."""
    parts: list[Any] = []
    start = at
    while at < len(source) and source[at] not in '"\n':
        if source[at] == "\\":
            parts.extend([source[start:at], _escaped(source[at + 1 : at + 2])])
            at = start = at + 2
        elif source.startswith(("${", "%{"), at) and not source.startswith(("$${", "%%{"), max(at - 1, 0)):
            end = _closing(source, at + 2, line)
            parts.extend([source[start:at], _inner(source[at + 2 : end])])
            at = start = end + 1
        else:
            at += 1
    if at >= len(source) or source[at] != '"':
        raise NotRead(f"a quoted text does not end (line {line})")
    return text([*parts, source[start:at]]), at + 1


def _escaped(letter: str) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(letter, letter)


def _closing(source: str, at: int, line: int) -> int:
    depth, quoted = 1, False
    while at < len(source):
        letter = source[at]
        if letter == "\\" and quoted:
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter == "{":
            depth += 1
        elif not quoted and letter == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise NotRead(f"an interpolation does not end (line {line})")


def _inner(source: str) -> Any:
    try:
        value = Parser(tokens(source), 20).expression()
    except NotRead:
        return Unknown("template")
    return value if isinstance(value, str | int | float | Ref | Unknown) else Unknown("template")


def _heredoc(source: str, match: re.Match[str], line: int) -> tuple[Any, int]:
    closing = re.compile(rf"^[ \t]*{re.escape(match['mark'])}[ \t]*\r?$", re.M).search(source, match.end())
    if closing is None:
        raise NotRead(f"a heredoc does not end (line {line})")
    body = source[match.end() : closing.start()]
    parts: list[Any] = []
    at = 0
    for opening in re.finditer(r"(?<!\$)\$\{", body):
        if opening.start() >= at:
            end = _closing(body, opening.end(), line)
            parts.extend([body[at : opening.start()], _inner(body[opening.end() : end])])
            at = end + 1
    return text([*parts, body[at:]]), closing.end()


class Parser:
    """Tokens to blocks and values."""

    def __init__(self, found: list[Token], depth: int = 0) -> None:
        self.tokens = found
        self.at = 0
        self.depth = depth
        self.inside = 0

    @property
    def now(self) -> Token:
        """The token at hand; inside brackets newlines are skipped."""
        while self.inside and self.tokens[self.at].kind == "newline":
            self.at += 1
        return self.tokens[self.at]

    def take(self) -> Token:
        """The token at hand, gone past."""
        token = self.now
        self.at += token.kind != "end"
        return token

    def is_(self, *values: str) -> bool:
        """Whether the token at hand is one of these operators."""
        return self.now.kind == "op" and self.now.value in values

    def expect(self, value: str) -> Token:
        """Go past an operator. Raises NotRead."""
        if not self.is_(value):
            raise NotRead(f"expected {value!r} (line {self.now.line})")
        return self.take()

    def body(self, closing: bool) -> tuple[Map, list[Block]]:
        """Attributes and blocks up to the end or the closing brace. Raises NotRead."""
        made = Map((self.now.line, self.now.line))
        blocks: list[Block] = []
        while True:
            token = self.take()
            if token.kind == "newline":
                continue
            if token.kind == "end" or (closing and token.kind == "op" and token.value == "}"):
                made.span = (made.span[0], token.line)
                return made, blocks
            if token.kind not in ("name", "string"):
                raise NotRead(f"unexpected {token.value!r} (line {token.line})")
            if self.is_("=", ":"):
                self.take()
                value = self.expression()
                made.put(str(token.value), value, (token.line, max(token.line, self.tokens[self.at - 1].end)))
            else:
                blocks.append(self._block(token))

    def _block(self, first: Token) -> Block:
        labels = []
        while self.now.kind in ("string", "name"):
            labels.append(str(self.take().value))
        self.expect("{")
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise NotRead("it is nested too deeply")
        before, self.inside = self.inside, 0
        body, blocks = self.body(closing=True)
        self.inside = before
        self.depth -= 1
        return Block(str(first.value), labels, body, blocks, (first.line, self.tokens[self.at - 1].end))

    def expression(self) -> Any:
        """A value; what needs computing is Unknown. Raises NotRead."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise NotRead("it is nested too deeply")
        value = self._primary()
        while self.is_(*_OPERATORS) and not (self.is_(":") and self.inside and not self._ternary):
            if self.is_("?"):
                value = Choice(value, *self._condition())
            else:
                operator = self.take().value
                other = self._primary()
                plain = not isinstance(value, Operation | Choice)
                value = Operation(operator, value, other) if plain else Unknown("operation")
        self.depth -= 1
        return value

    _ternary = False

    def _condition(self) -> tuple[Any, Any]:
        self.take()
        before, self._ternary = self._ternary, False
        self.inside += 1
        first = self.expression()
        self.expect(":")
        self.inside -= 1
        second = self.expression()
        self._ternary = before
        return first, second

    def _primary(self) -> Any:
        token = self.take()
        if token.kind in ("string", "number"):
            value = token.value if token.kind == "string" else _number(token.value)
            return self._rest(value)
        if token.kind == "name":
            return self._rest(self._name(token))
        if token.kind == "op" and token.value == "[":
            return self._rest(self._list(token))
        if token.kind == "op" and token.value == "{":
            return self._rest(self._object(token))
        if token.kind == "op" and token.value == "(":
            self.inside += 1
            value = self.expression()
            self.expect(")")
            self.inside -= 1
            return self._rest(value)
        if token.kind == "op" and token.value in ("-", "!"):
            value = self._primary()
            if token.value == "!":
                return Operation("==", value, False)
            return -value if isinstance(value, int | float) else Unknown("operation")
        raise NotRead(f"unexpected {token.value!r} (line {token.line})")

    def _rest(self, value: Any) -> Any:
        """Indexes and attributes after a value."""
        while self.is_(".", "["):
            if self.take().value == "[":
                self.inside += 1
                if self.is_("*"):
                    self.take()
                else:
                    self.expression()
                self.expect("]")
                self.inside -= 1
            else:
                self.take()
                value = Unknown("attribute") if not isinstance(value, Ref) else value
        return value

    def _name(self, token: Token) -> Any:
        if token.value in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token.value]
        if self.is_("("):
            return self._call(token.value)
        parts, indexed = [token.value], False
        while self.is_(".", "["):
            if self.is_("["):
                self._rest_index()
                indexed = True
                continue
            self.take()
            part = self.take()
            if part.value != "*":
                parts.append(str(part.value))
        if indexed and parts[0] in ("var", "local"):
            return Unknown("index")
        return reference(parts)

    def _rest_index(self) -> None:
        self.take()
        self.inside += 1
        if self.is_("*"):
            self.take()
        else:
            self.expression()
        self.expect("]")
        self.inside -= 1

    def _call(self, name: str) -> Any:
        self.take()
        self.inside += 1
        arguments = []
        while not self.is_(")"):
            arguments.append(self.expression())
            if self.is_(",", "..."):
                self.take()
        self.expect(")")
        self.inside -= 1
        if name in ("jsonencode", "tostring", "toset", "tolist", "tonumber", "tomap") and arguments:
            return arguments[0]
        return Call(name, tuple(arguments))

    def _list(self, opening: Token) -> Any:
        self.inside += 1
        made = Seq((opening.line, opening.line))
        if self.now.kind == "name" and self.now.value == "for":
            return self._skip("]")
        while not self.is_("]"):
            line = self.now.line
            made.put(self.expression(), (line, self.tokens[self.at - 1].end))
            if self.is_(","):
                self.take()
        made.span = (opening.line, self.expect("]").line)
        self.inside -= 1
        return made

    def _object(self, opening: Token) -> Any:
        self.inside += 1
        made = Map((opening.line, opening.line))
        if self.now.kind == "name" and self.now.value == "for":
            return self._skip("}")
        while not self.is_("}"):
            token = self.take()
            key = token.value
            if token.kind == "op" and token.value == "(":
                key = Unknown()
                self.expression()
                self.expect(")")
            while self.is_("."):
                self.take()
                self.take()
                key = Unknown()
            if not self.is_("=", ":"):
                raise NotRead(f"expected '=' (line {token.line})")
            self.take()
            made.put(str(key), self.expression(), (token.line, self.tokens[self.at - 1].end))
            if self.is_(","):
                self.take()
        made.span = (opening.line, self.expect("}").line)
        self.inside -= 1
        return made

    def _skip(self, closing: str) -> Unknown:
        """Past a `for` expression."""
        depth = 1
        while depth:
            token = self.take()
            if token.kind == "end":
                raise NotRead(f"a {closing!r} is missing (line {token.line})")
            if token.kind == "op":
                depth += (token.value in "[{(") - (token.value in "]})")
        self.inside -= 1
        return Unknown("for")


class Call(Unknown):
    """A function's call, unknown but for what it is called with."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        super().__init__(name)
        self.arguments = arguments


class Operation(Unknown):
    """Two values and what stands between them, unknown until both are known."""

    def __init__(self, operator: str, left: Any, right: Any) -> None:
        super().__init__("operation")
        self.operator, self.left, self.right = operator, left, right


class Choice(Unknown):
    """`test ? first : second`."""

    def __init__(self, test: Any, first: Any, second: Any) -> None:
        super().__init__("operation")
        self.test, self.first, self.second = test, first, second


def reference(parts: list[str]) -> Any:
    """`aws_sqs_queue.jobs.arn` as Ref("aws_sqs_queue.jobs", "arn"); variables as unknown."""
    if parts[0] in ("var", "each", "count", "self", "path", "terraform"):
        return Unknown(".".join(parts))
    if parts[0] == "local":
        return Ref(".".join(parts[:2]), ".".join(parts[2:]))
    width = 3 if parts[0] == "data" else 2
    return Ref(".".join(parts[:width]), ".".join(parts[width:])) if len(parts) >= width else Unknown(".".join(parts))


def _number(value: str) -> int | float:
    return int(value) if value.isdigit() else float(value)


def load(source: str) -> list[Block]:
    """The blocks of a file. Raises NotRead."""
    _, blocks = Parser(tokens(source)).body(closing=False)
    return blocks
