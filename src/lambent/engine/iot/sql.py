"""AWS IoT SQL: a rule's statement, read once, and what it makes of each message.

Sources: https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-select.html, iot-sql-from.html,
iot-sql-where.html, iot-substitution-templates.html
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambent.engine.iot import topics
from lambent.engine.iot.functions import FUNCTIONS, Message, cast, member
from lambent.engine.iot.values import OPERATORS, UNDEFINED, equal, number, text, truth

Expression = Callable[[Message], Any]
LONGEST = 65_536
"""Characters of a statement."""
DEEPEST = 40
"""Levels of parentheses, calls and the like."""
MOST = 200
"""Operators, and steps of paths: each is a call within a call."""
TEMPLATE = re.compile(r"\$\{(.+?)\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<text>'(?:[^']|'')*')|\"(?P<quoted>[^\"]*)\""
    r"|(?P<word>[A-Za-z_$@][A-Za-z0-9_$@]*)|(?P<sign><>|<=|>=|!=|[-=<>+*/%(),.\[\]{}:]))"
)
_WORDS = frozenset(
    {"and", "or", "not", "in", "as", "from", "where", "case", "when", "then", "else", "end", "select", "value"}
)


class Unreadable(ValueError):
    """The statement is none."""


class NotBuilt(ValueError):
    """AWS has it, and this has it not."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A rule's: the filter of its topics ("" for basic ingest alone), which messages it takes and what it makes."""

    pattern: str
    make: Expression
    where: Expression | None

    def takes(self, message: Message) -> bool:
        """Whether the message passes WHERE."""
        return self.where is None or truth(self.where(message)) is True


@functools.lru_cache(1024)
def statement(said: str) -> Statement:
    """Raises Unreadable, NotBuilt."""
    return _Reader(said).statement()


@functools.lru_cache(1024)
def template(said: str) -> Callable[[Message], str]:
    """A text with substitutions (`${topic(2)}`). Raises Unreadable, NotBuilt."""
    parts: list[str | Expression] = []
    end = 0
    for found in TEMPLATE.finditer(said):
        parts += [said[end : found.start()], _Reader(found[1]).alone()]
        end = found.end()
    parts.append(said[end:])
    return lambda message: "".join(one if isinstance(one, str) else text(one(message)) for one in parts)


class _Reader:
    """Reads one statement, and makes functions of its parts."""

    def __init__(self, said: str) -> None:
        if len(said) > LONGEST:
            raise Unreadable(f"it is longer than {LONGEST} characters")
        self._tokens: list[tuple[str, str]] = []
        self._at = self._depth = self._steps = 0
        end = len(said.rstrip().rstrip(";").rstrip())
        place = 0
        while place < end:
            found = _TOKEN.match(said, place, end)
            if found is None:
                raise Unreadable(f"it can't be read from {said[place : place + 20]!r} on")
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind]))
            place = found.end()

    # --- tokens

    def _sign(self, *signs: str) -> str:
        """The sign that is next, if it is one of these: it is read. Else ""."""
        kind, said = self._peek()
        if kind == "sign" and said in signs:
            self._at += 1
            return said
        return ""

    def _word(self, *words: str) -> str:
        kind, said = self._peek()
        if kind == "word" and said.lower() in words:
            self._at += 1
            return said.lower()
        return ""

    def _peek(self, ahead: int = 0) -> tuple[str, str]:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ("end", "")

    def _need(self, found: str, what: str) -> None:
        if not found:
            raise Unreadable(f"{what} is expected before {self._peek()[1] or 'the end'!r}")

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST:
            raise Unreadable(f"it has more than {MOST} operators")

    # --- the statement

    def statement(self) -> Statement:
        self._need(self._word("select"), "SELECT")
        make = self._one() if self._word("value") else self._items()
        pattern = ""
        if self._word("from"):
            kind, said = self._peek()
            self._need(said if kind == "text" else "", "a topic filter in quotes")
            self._at += 1
            pattern = said[1:-1].replace("''", "'")
            if not topics.is_filter(pattern):
                raise Unreadable(f"{pattern!r} is no topic filter")
        where = self._expression() if self._word("where") else None
        self._end()
        return Statement(pattern, make, where)

    def alone(self) -> Expression:
        """One expression, and nothing else."""
        found = self._expression()
        self._end()
        return found

    def _end(self) -> None:
        if self._peek()[0] != "end":
            raise Unreadable(f"{self._peek()[1]!r} is not expected")

    def _one(self) -> Expression:
        return (lambda message: message.value) if self._sign("*") else self._expression()

    def _items(self) -> Expression:
        whole, items = False, []
        while True:
            if self._sign("*"):
                whole = True
            else:
                items.append(self._item())
            if not self._sign(","):
                break
        if whole and not items:
            return lambda message: message.value
        return lambda message: _document(message, whole, items)

    def _item(self) -> tuple[list[str], Expression]:
        name = self._peek()[1]
        start = self._at
        found = self._expression()
        if not self._word("as"):
            words = [said for kind, said in self._tokens[start : self._at] if kind in ("word", "quoted")]
            is_path = all(kind in ("word", "quoted") or said == "." for kind, said in self._tokens[start : self._at])
            return [words[-1] if is_path and words else name], found
        path = [self._name()]
        while self._sign("."):
            path.append(self._name())
        return path, found

    def _name(self) -> str:
        kind, said = self._peek()
        self._need(said if kind in ("word", "quoted") else "", "a name")
        self._at += 1
        return said

    # --- expressions, the loosest first

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable("it is nested too deeply")
        found = self._any()
        self._depth -= 1
        return found

    def _any(self) -> Expression:
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda message: _or(message, parts)

    def _all(self) -> Expression:
        parts = [self._not()]
        while self._word("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda message: _and(message, parts)

    def _not(self) -> Expression:
        turned = False
        while self._word("not"):
            turned = not turned
        found = self._compared()
        return (lambda message: _negated(found(message))) if turned else found

    def _compared(self) -> Expression:
        left = self._added()
        if sign := self._sign("=", "<>", "!=", "<", "<=", ">", ">="):
            return _binary(sign, left, self._added())
        turned = self._peek()[1].lower() == "not" and self._peek(1)[1].lower() == "in"
        if turned:
            self._at += 1
        if not self._word("in"):
            return left
        those = self._added()
        within = _within(left, those)
        return (lambda message: _negated(within(message))) if turned else within

    def _added(self) -> Expression:
        left = self._multiplied()
        while sign := self._sign("+", "-"):
            self._step()
            left = _binary(sign, left, self._multiplied())
        return left

    def _multiplied(self) -> Expression:
        left = self._signed()
        while sign := self._sign("*", "/", "%"):
            self._step()
            left = _binary(sign, left, self._signed())
        return left

    def _signed(self) -> Expression:
        turned = False
        while self._sign("-"):
            turned = not turned
        found = self._followed()
        return (lambda message: OPERATORS["-"](0, found(message))) if turned else found

    def _followed(self) -> Expression:
        found = self._primary()
        while sign := self._sign(".", "["):
            self._step()
            if sign == ".":
                found = _member(found, _constant(self._name()))
            else:
                found = _member(found, self._expression())
                self._need(self._sign("]"), "]")
        return found

    def _primary(self) -> Expression:
        kind, said = self._peek()
        self._at += 1
        if kind == "number":
            return _constant(number(said))
        if kind == "text":
            return _constant(said[1:-1].replace("''", "'"))
        if kind == "quoted":
            return _member(_whole, _constant(said))
        if kind == "sign":
            return self._bracketed(said)
        if kind == "word":
            return self._worded(said)
        raise Unreadable("an expression is expected at the end")

    def _bracketed(self, sign: str) -> Expression:
        if sign == "[":
            return _list(self._many("]"))
        if sign == "{":
            return self._object()
        if sign != "(":
            raise Unreadable(f"{sign!r} is not expected")
        if self._peek()[1].lower() == "select":
            raise NotBuilt("nested SELECT")
        parts = self._many(")")
        if not parts:
            raise Unreadable("( ) has nothing in it")
        return parts[0] if len(parts) == 1 else _list(parts)

    def _many(self, end: str) -> list[Expression]:
        found: list[Expression] = []
        while not self._sign(end):
            if found:
                self._need(self._sign(","), ", or " + end)
            star = self._peek() == ("sign", "*") and self._peek(1)[1] in (",", end)
            found.append(self._one() if star else self._expression())
        return found

    def _object(self) -> Expression:
        members: list[tuple[str, Expression]] = []
        while not self._sign("}"):
            if members:
                self._need(self._sign(","), ", or }")
            kind, said = self._peek()
            self._need(said if kind in ("text", "quoted") else "", "a member's name in quotes")
            self._at += 1
            self._need(self._sign(":"), ":")
            members.append((said[1:-1] if kind == "text" else said, self._expression()))
        return lambda message: _defined({name: one(message) for name, one in members})

    def _worded(self, said: str) -> Expression:
        low = said.lower()
        if self._sign("("):
            return self._called(said)
        if low == "case":
            return self._case()
        if low in ("true", "false", "null", "undefined"):
            return _constant({"true": True, "false": False, "null": None}.get(low, UNDEFINED))
        if low in _WORDS:
            raise Unreadable(f"{said!r} is not expected")
        return _member(_whole, _constant(said))

    def _called(self, name: str) -> Expression:
        if name.lower() == "cast":
            found = self._expression()
            self._need(self._word("as"), "AS")
            kind = self._name().lower()
            self._need(self._sign(")"), ")")
            return lambda message: cast(found(message), kind)
        given = self._many(")")
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise NotBuilt(f"the function {name}")
        if not function.least <= len(given) <= function.most:
            raise Unreadable(f"{name} takes another number of arguments than {len(given)}")

        def call(message: Message) -> Any:
            values = [one(message) for one in given]
            if not function.lax and any(one is UNDEFINED for one in values):
                return UNDEFINED
            return function.call(message, *values)

        return call

    def _case(self) -> Expression:
        of = None if self._peek()[1].lower() == "when" else self._expression()
        branches: list[tuple[Expression, Expression]] = []
        while self._word("when"):
            when = self._expression()
            self._need(self._word("then"), "THEN")
            branches.append((when, self._expression()))
        other = self._expression() if self._word("else") else _constant(UNDEFINED)
        self._need(self._word("end") if branches else "", "WHEN … THEN … END")
        return lambda message: _chosen(message, of, branches, other)


# --- what the parts do


def _whole(message: Message) -> Any:
    return message.value


def _constant(value: Any) -> Expression:
    return lambda _message: value


def _member(of: Expression, key: Expression) -> Expression:
    return lambda message: member(of(message), key(message))


def _list(parts: list[Expression]) -> Expression:
    return lambda message: [one for one in (part(message) for part in parts) if one is not UNDEFINED]


def _binary(sign: str, left: Expression, right: Expression) -> Expression:
    do = OPERATORS[sign]
    return lambda message: do(left(message), right(message))


def _within(left: Expression, those: Expression) -> Expression:
    def within(message: Message) -> Any:
        value, found = left(message), those(message)
        if value is UNDEFINED:
            return UNDEFINED
        return any(equal(value, one) is True for one in (found if isinstance(found, list) else [found]))

    return within


def _or(message: Message, parts: list[Expression]) -> Any:
    return _joined(message, parts, decisive=True)


def _and(message: Message, parts: list[Expression]) -> Any:
    return _joined(message, parts, decisive=False)


def _joined(message: Message, parts: list[Expression], *, decisive: bool) -> Any:
    """`decisive` as soon as a part is that, else undefined if one was, else the opposite."""
    found: Any = not decisive
    for one in parts:
        value = truth(one(message))
        if value is decisive:
            return decisive
        found = UNDEFINED if value is UNDEFINED else found
    return found


def _negated(value: Any) -> Any:
    found = truth(value)
    return found if found is UNDEFINED else not found


def _chosen(
    message: Message, of: Expression | None, branches: list[tuple[Expression, Expression]], other: Expression
) -> Any:
    wanted = True if of is None else of(message)
    for when, then in branches:
        if equal(when(message), wanted) is True:
            return then(message)
    return other(message)


def _defined(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not UNDEFINED}


def _document(message: Message, whole: bool, items: list[tuple[list[str], Expression]]) -> Any:
    """The document of a SELECT with names; Undefined where there is no document that they could be added to."""
    made: dict[str, Any] = {}
    if whole:
        if not isinstance(message.value, dict):
            return UNDEFINED
        made |= message.value
    for path, one in items:
        value = one(message)
        if value is not UNDEFINED:
            _put(made, path, value)
    return made


def _put(made: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        there = made.get(name)
        made[name] = made = dict(there) if isinstance(there, dict) else {}
    made[path[-1]] = value
