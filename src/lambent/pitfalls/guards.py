"""Guards: code that looks whether an item is there, and goes on only when it is not, to write it in the end."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Function
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.facts.sdk import SdkCall

_FOUND = ("Item", "Items")
"""What of an answer tells whether there is an item."""


def unguarded(function: Function) -> Iterator[SdkCall]:
    """Writes without a condition, each at the end of a guard."""
    looks = [Look(one) for one in effects.calling(function, "dynamodb", "get_item", "query")]
    for write in effects.calling(function, "dynamodb", "put_item", "update_item"):
        if "ConditionExpression" not in write.arguments and not write.open:
            if any(_ends(write, look, function) for look in looks if _one_table(write, look.get)):
                yield write


def _one_table(write: SdkCall, get: SdkCall) -> bool:
    names = [ast.dump(one.arguments["TableName"]) for one in (write, get) if "TableName" in one.arguments]
    return write.client == get.client and len(set(names)) <= 1


def _ends(write: SdkCall, look: "Look", function: Function) -> bool:
    """Whether a write is made only when the item was not there: it, or the helper that makes it, stands behind the
    test that leaves, or in the branch of what is not there. Where nothing but the write follows, nothing is done twice:
    an item that is missing is made."""
    where = look.where
    sites = _sites(write, where, function)
    if any(site.lineno > look.get.node.lineno or where is not look.get.where for site in sites):
        for test in look.tests:
            behind = any(site.lineno > test.lineno for site in sites)
            if behind and look.leaves(test) and (look.plain(test) or _does_more(write, function)):
                return True
            if look.holds(test, sites) and _does_more(write, function):
                return True
    return False


def _sites(call: SdkCall, where: Reached, function: Function) -> list[ast.Call]:
    """Where a function makes a call: itself, or by a helper that does."""
    if call.where.node is where.node:
        return [call.node]
    name = getattr(call.where.node, "name", "")
    return [one for one in where.nodes if isinstance(one, ast.Call) and chain(one.func).rpartition(".")[2] == name]


def _does_more(write: SdkCall, function: Function) -> bool:
    """Whether the function does something else that counts."""
    return any(
        one.node is not write.node and (one.service, one.operation) != ("dynamodb", write.operation)
        for one in effects.calls(function)
        if one.operation in effects.WRITES.get(one.service, ())
    )


@dataclass(eq=False)
class Look:
    """A question for an item, and what the code makes of the answer. `where` is the function that decides by it: that
    asks, or that calls the helper which does and answers whether it is there."""

    get: SdkCall
    helper: str = ""
    answers: bool = True
    """What of the item the helper's answer says when it is true."""
    decides: Reached | None = None
    tests: list[ast.If] = field(default_factory=list)

    def __post_init__(self) -> None:
        ask, package = self.get.where, self.get.where.module.package
        answers = {self._says(one.value) for one in ask.nodes if isinstance(one, ast.Return) and one.value} - {None}
        if len(answers) == 1:
            self.helper, self.answers = getattr(ask.node, "name", ""), True in answers
        for one in (ask, *(other for other in package.reached if other is not ask and self.helper)):
            self.tests = [node for node in one.nodes if isinstance(node, ast.If) and self._says(node.test) is not None]
            if self.tests:
                self.decides = one
                break

    @property
    def where(self) -> Reached:
        """The function that decides."""
        return self.decides or self.get.where

    @cached_property
    def _names(self) -> dict[str, bool]:
        """Names that hold the answer (False) or what was found (True)."""
        names: dict[str, bool] = {}
        bound = self.get.where.bindings
        for name, values in bound.items():
            if any(_bare(value) is self.get.node for value in values):
                names[name] = False
        for name, values in bound.items():
            if name not in names and any(self._found(value, names) for value in values):
                names[name] = True
        return names

    def _found(self, value: ast.expr, names: dict[str, bool]) -> bool:
        """Whether an expression is the item, or nothing."""
        value = _bare(value)
        if isinstance(value, ast.NamedExpr):
            return self._found(value.value, names)
        if isinstance(value, ast.Name):
            return names.get(value.id, False)
        owner: ast.expr | None = None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
            owner, key = value.func.value, value.args[0] if value.args else None
        elif isinstance(value, ast.Subscript):
            owner, key = value.value, value.slice
        elif isinstance(value, ast.Attribute):
            owner, key = value.value, ast.Constant(value.attr)
        if owner is None or not (isinstance(key, ast.Constant) and key.value in _FOUND):
            return False
        owner = _bare(owner)
        return owner is self.get.node or (isinstance(owner, ast.Name) and names.get(owner.id) is False)

    def _says(self, test: ast.expr) -> bool | None:
        """What is known of the item when a test holds: that it is there (True), that it is not, or nothing (None)."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._says(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            return next((said for one in test.values if (said := self._says(one)) is not None), None)
        if isinstance(test, ast.Compare):
            return self._compared(test)
        if isinstance(test, ast.Call):
            name = chain(test.func).rpartition(".")[2]
            if name in ("bool", "len") and test.args:
                return self._says(test.args[0])
            if self.helper and name == self.helper:
                return self.answers
        return True if self._found(test, self._names) else None

    def _compared(self, test: ast.Compare) -> bool | None:
        operator, other = test.ops[0], test.comparators[0]
        absent = isinstance(operator, ast.NotIn | ast.Is | ast.Eq)
        if isinstance(operator, ast.In | ast.NotIn):
            asked = isinstance(test.left, ast.Constant) and test.left.value in _FOUND
            answer = _bare(other)
            known = answer is self.get.node or (isinstance(answer, ast.Name) and self._names.get(answer.id) is False)
            return not absent if asked and known else None
        said = self._says(test.left)
        nothing = isinstance(other, ast.Constant) and other.value in (None, 0)
        if said is not None and nothing:
            return said != absent
        inside = any(self._found(one, self._names) for one in ast.walk(test.left) if isinstance(one, ast.expr))
        return True if inside and isinstance(operator, ast.Eq) and self.plain(test) else None

    def plain(self, test: ast.AST) -> bool:
        """Whether a test names what it looks for in the answer: then it is that what the code is about."""
        test = test.test if isinstance(test, ast.If) else test
        words = {getattr(one, "value", None) for one in ast.walk(test) if isinstance(one, ast.Constant)}
        words |= {one.attr for one in ast.walk(test) if isinstance(one, ast.Attribute)}
        return bool(words & {*_FOUND})

    def leaves(self, test: ast.If) -> bool:
        """Whether the function returns, or goes on with the next record, when the item is there."""
        inside = [node for statement in test.body for node in ast.walk(statement)]
        return self._says(test.test) is True and any(isinstance(one, ast.Return | ast.Continue) for one in inside)

    def holds(self, test: ast.If, sites: list[ast.Call]) -> bool:
        """Whether the branch of what is not there has one of these places."""
        branch = test.orelse if self._says(test.test) else test.body
        inside = {id(node) for statement in branch for node in ast.walk(statement)}
        return any(id(site) in inside for site in sites)


def _bare(value: ast.expr) -> ast.expr:
    """Without `await`."""
    return value.value if isinstance(value, ast.Await) else value
