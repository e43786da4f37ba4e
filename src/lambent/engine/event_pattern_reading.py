"""What is an event pattern, and why something is none, in AWS's words.

The words are those of the compiler of patterns that AWS publishes (https://github.com/aws/event-ruler,
JsonRuleCompiler), and what EventBridge was seen to answer: "Empty arrays are not allowed\\n at [Source: …]".
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

from lambent.engine import json_places
from lambent.engine.event_pattern import COMPARISONS, OPERATORS
from lambent.engine.json_places import Invalid, Node

WITHIN_ANYTHING_BUT = ("equals-ignore-case", "prefix", "suffix", "wildcard")
RESERVED = frozenset(
    {
        *(OPERATORS.keys() | COMPARISONS.keys()),
        *("regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before"),
        *("date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range"),
    }
)
"""What no member may be called among alternatives."""
MOST_COMBINATIONS = 1_000
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html (Or matching)."""
TOO_MANY = f"The alternatives of the pattern make more than {MOST_COMBINATIONS} combinations"  # our wording
ONE_KEY = "Only one key allowed in match expression"
_MASK = re.compile(r"-?\d+")


def read(text: str, without: Collection[str] = ()) -> Mapping[str, Any]:
    """The pattern that a text is, `without` some operators. Raises Invalid."""
    pattern = json_places.read(text)
    if pattern.kind != "object":
        raise Invalid("Filter is not an object", text, pattern.seen)
    _Checker(text, without).members(pattern, within_or=False)
    if _combinations(pattern) > MOST_COMBINATIONS:
        raise Invalid(TOO_MANY, text, pattern.seen)
    return dict(pattern.value)


def _combinations(node: Node) -> int:
    """How many patterns without alternatives a pattern stands for: those of its members times each other."""
    number = 1
    for name, one in node.members.items():
        if name == "$or":
            number *= sum(map(_combinations, one.items))
        elif one.kind == "object":
            number *= _combinations(one)
    return number


class _Checker:
    """Raises Invalid for what is no pattern."""

    def __init__(self, text: str, without: Collection[str]) -> None:
        self._text = text
        self._without = without

    def members(self, node: Node, *, within_or: bool) -> None:
        """Of an object: objects, lists of rules, and alternatives."""
        for name, one in node.members.items():
            if name == "$or":
                self._alternatives(one)
            elif within_or and name in RESERVED:
                self._no(f"{name} is Ruler reserved fieldName which cannot be used inside $or.", one.seen)
            elif one.kind == "object":
                self.members(one, within_or=within_or)
            elif one.kind == "array":
                self._rules(one)
            else:
                self._no(f'"{name}" must be an object or an array', one.seen)
        if not node.members:
            self._no("Empty objects are not allowed", node.end)

    def _alternatives(self, node: Node) -> None:
        if node.kind != "array":
            self._no("It must be an Array followed with $or.", node.seen)
        for one in node.items:
            if one.kind != "object":
                self._no("Only JSON object is allowed in array of $or relationship.", one.seen)
            self.members(one, within_or=True)
        if len(node.items) < 2:
            self._no("There must have at least 2 Objects in $or relationship.", node.end)

    def _rules(self, node: Node) -> None:
        for one in node.items:
            if one.kind == "object":
                self._expression(one)
            elif one.kind == "array":
                self._no("Match value must be String, number, true, false, or null", one.seen)
        if not node.items:
            self._no("Empty arrays are not allowed", node.end)

    def _expression(self, node: Node) -> None:
        if not node.members:
            self._no("Match expression name not found", node.end)
        operator, operand = next(iter(node.members.items()))
        check = _OPERANDS.get(operator)
        if check is None or operator in self._without:
            self._no(f"Unrecognized match type {operator}", operand.seen)
        check(self, operator, operand)
        self._alone(node)

    def _alone(self, node: Node) -> None:
        if len(node.members) > 1:
            self._no(ONE_KEY, list(node.members.values())[1].seen)

    def _text_operand(self, operator: str, operand: Node) -> None:
        if operand.kind == "object" and operator in ("prefix", "suffix"):
            self._ignoring_case(operator, operand)
        elif operand.kind != "string":
            named = {"exactly": "exact", "cidr": "prefix"}.get(operator, operator)
            self._no(f"{named} match pattern must be a string", operand.seen)

    def _ignoring_case(self, operator: str, node: Node) -> None:
        if not node.members:
            self._no(f"{operator.capitalize()} expression name not found", node.end)
        name, operand = next(iter(node.members.items()))
        if name != "equals-ignore-case":
            self._no(f"Unsupported {operator} pattern: {name}", operand.seen)
        self._text_operand(name, operand)
        self._alone(node)

    def _exists(self, _operator: str, operand: Node) -> None:
        if not isinstance(operand.value, bool):
            self._no("exists match pattern must be either true or false.", operand.seen)

    def _wildcard(self, operator: str, operand: Node) -> None:
        self._text_operand(operator, operand)
        text, at = str(operand.value), 0
        while at < len(text):
            if text[at : at + 2] == "**":
                self._no(f"Consecutive wildcard characters at pos {len(text[:at].encode()) + 1}", operand.end)
            if text[at] == "\\":
                if text[at + 1 : at + 2] not in ("*", "\\"):
                    self._no(f"Invalid escape character at pos {len(text[:at].encode()) + 1}", operand.end)
                at += 1
            at += 1

    def _cidr(self, operator: str, operand: Node) -> None:
        self._text_operand(operator, operand)
        address, slash, mask = str(operand.value).partition("/")
        if not slash or "/" in mask:
            self._no("Malformed CIDR, one '/' required", operand.end)
        if not _MASK.fullmatch(mask):
            self._no("Malformed CIDR, mask bits must be an integer", operand.end)
        if int(mask) < 0:
            self._no("Malformed CIDR, mask bits must not be negative", operand.end)
        try:
            version = ipaddress.ip_address(address).version
        except ValueError:
            self._no(f"Nonstandard IP address: {address}", operand.end)
        most = 32 if version == 4 else 128
        if int(mask) >= most:
            self._no(f"IPv{version} mask bits must be < {most}", operand.end)

    def _numeric(self, operator: str, operand: Node) -> None:
        if operand.kind != "array":
            self._no(f"Value of {operator} must be an array.", operand.seen)
        terms = operand.items
        sign = self._sign(terms[0] if terms else None, operand, "Invalid member in numeric match: ")
        if sign not in COMPARISONS:
            self._no(f"Unrecognized numeric range operator: {sign}", terms[0].end)
        self._number(terms, 1, operand, "equals" if sign == "=" else sign)
        if len(terms) == 2:
            return
        if sign not in (">", ">="):
            self._no("Too many elements in numeric expression", terms[2].seen)
        top = self._sign(terms[2], operand, "Bad value in numeric range: ")
        if top not in ("<", "<="):
            self._no(f"Bad numeric range operator: {top}", terms[2].end)
        self._number(terms, 3, operand, top)
        if len(terms) > 4:
            self._no("Too many terms in numeric range expression", terms[4].seen)
        if terms[1].value > terms[3].value or (terms[1].value == terms[3].value and (sign, top) != (">=", "<=")):
            self._no("Bottom must be less than top", operand.end)

    def _sign(self, node: Node | None, within: Node, complaint: str) -> str:
        if node is None or node.kind != "string":
            said = "]" if node is None else self._text[node.start : node.end]
            self._no(f"{complaint}{said}", within.end if node is None else node.end)
        return str(node.value)

    def _number(self, terms: Any, place: int, within: Node, sign: str) -> None:
        node = terms[place] if len(terms) > place else None
        if node is None or node.kind != "number":
            self._no(f"Value of {sign} must be numeric", within.end if node is None else node.seen)

    def _anything_but(self, operator: str, operand: Node) -> None:
        if operand.kind == "object":
            self._anything_but_that(operand)
        elif operand.kind == "array":
            self._anything_but_those(operand)
        elif operand.kind not in ("string", "number"):
            self._no(f"Value of {operator} must be an array or single string/number value.", operand.seen)

    def _anything_but_those(self, operand: Node) -> None:
        kinds = {one.kind for one in operand.items}
        for one in operand.items:
            if one.kind not in ("string", "number"):
                self._no("Inside anything but list, start|null|boolean is not supported.", one.seen)
        if len(kinds) != 1:
            text = "Inside anything but list, either all values are number or string, mixed type is not supported"
            self._no(text, operand.end)

    def _anything_but_that(self, node: Node) -> None:
        if not node.members:
            self._no("Anything-But expression name not found", node.end)
        name, operand = next(iter(node.members.items()))
        if name not in WITHIN_ANYTHING_BUT or name in self._without:
            self._no(f"Unsupported anything-but pattern: {name}", operand.seen)
        if operand.kind not in ("array", "string", "number"):
            self._no("Value of anything-but must be an array or single string/number value.", operand.seen)
        for one in operand.items if operand.kind == "array" else (operand,):
            self._anything_but_text(name, one)
        if len(node.members) > 1:
            self._no("Too many elements in numeric expression", list(node.members.values())[1].seen)

    def _anything_but_text(self, name: str, node: Node) -> None:
        if node.kind != "string":
            self._no(_NO_TEXT[name], node.seen)
        if name in ("prefix", "suffix") and not node.value:
            self._no("Null prefix/suffix not allowed", node.end)
        if name == "wildcard":
            self._wildcard(name, node)

    def _no(self, reason: str, read: int) -> NoReturn:
        raise Invalid(reason, self._text, read)


_NO_TEXT = {
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}
_OPERANDS: Mapping[str, Callable[[_Checker, str, Node], None]] = {
    **dict.fromkeys(("exactly", "prefix", "suffix", "equals-ignore-case"), _Checker._text_operand),
    "exists": _Checker._exists,
    "wildcard": _Checker._wildcard,
    "cidr": _Checker._cidr,
    "numeric": _Checker._numeric,
    "anything-but": _Checker._anything_but,
}
"""Operator -> what checks its operand."""
