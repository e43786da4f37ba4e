"""JavaScript's values and operators in Python's syntax tree."""

import ast
import re
from typing import Any, TypeVar

from lambent.pitfalls.facts.javascript_names import Names, children

_INNER = ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression")
_KEYS = {"Records", "headers", "Item"}
"""What Python's code takes from an event or an answer by `[...]`."""
Node_ = TypeVar("Node_", bound=ast.AST)


class Block(ast.expr):
    """A function without a name, or parts that have no counterpart: what is bound by it, and what stands in it."""

    _fields = ("params", "body")

    def __init__(self, params: list[ast.expr], body: list[Any]) -> None:
        super().__init__()
        self.params, self.body = params, body


class Values(Names):
    """Values and operators of one file. Calls, functions and statements are the subclasses'."""

    def put(self, made: Node_, node: Any) -> Node_:
        """A node with the lines of what it is made of."""
        made.lineno, made.col_offset = node.start_point[0] + 1, node.start_point[1]  # type: ignore[attr-defined]
        made.end_lineno, made.end_col_offset = node.end_point[0] + 1, node.end_point[1]  # type: ignore[attr-defined]
        return made

    def name(self, name: str, node: Any, store: bool = False) -> ast.Name:
        """A name."""
        return self.put(ast.Name(id=name, ctx=ast.Store() if store else ast.Load()), node)

    def dotted(self, dotted: str, node: Any) -> ast.expr:
        """`a.b.c`."""
        first, *rest = dotted.split(".")
        made: ast.expr = self.name(first, node)
        for part in rest:
            made = self.put(ast.Attribute(value=made, attr=part, ctx=ast.Load()), node)
        return made

    def call(self, func: ast.expr, args: list[ast.expr], node: Any, keywords: Any = ()) -> ast.Call:
        """A call."""
        return self.put(ast.Call(func=func, args=args, keywords=list(keywords)), node)

    def constant(self, value: Any, node: Any) -> ast.Constant:
        """A constant."""
        return self.put(ast.Constant(value=value), node)

    def parts(self, node: Any) -> ast.expr:
        """What has no counterpart: its parts, in order."""
        made = Block(params=[], body=[self.expr(one) for one in children(node)])
        return self.put(made, node)

    def statements_as_part(self, body: list[Any], node: Any, params: Any = ()) -> ast.expr:
        """Statements where an expression stands."""
        return self.put(Block(params=list(params), body=body), node)

    def client(self, service: str, node: Any) -> ast.expr:
        """The making of a client."""
        return self.call(self.dotted("boto3.client", node), [self.constant(service, node)], node)

    def block(self, node: Any) -> list[ast.stmt]:
        """A body, never empty."""
        found = self.statements(node)  # type: ignore[attr-defined]
        made: list[ast.stmt] = found or [self.put(ast.Pass(), node)]
        return made

    def expr(self, node: Any) -> ast.expr:
        """Any expression."""
        if node.type in _INNER:
            return self.expr(children(node)[0])
        method = getattr(self, f"e_{node.type}", None)
        made: ast.expr = method(node) if method is not None else self.parts(node)
        return made if hasattr(made, "lineno") else self.put(made, node)

    def e_identifier(self, node: Any) -> ast.expr:
        """A name; what TypeScript's and Python's words share is kept."""
        text = self.text(node)
        return self.constant(None, node) if text == "undefined" else self.name(text, node)

    e_shorthand_property_identifier = e_identifier

    def e_this(self, node: Any) -> ast.expr:
        """this."""
        return self.name("self", node)

    def e_null(self, node: Any) -> ast.expr:
        """null."""
        return ast.Constant(value=None)

    def e_true(self, node: Any) -> ast.expr:
        """true."""
        return ast.Constant(value=True)

    def e_false(self, node: Any) -> ast.expr:
        """false."""
        return ast.Constant(value=False)

    def e_number(self, node: Any) -> ast.expr:
        """A number; one that Python writes otherwise is not known."""
        text = self.text(node).replace("_", "")
        try:
            return ast.Constant(value=int(text) if text.isdigit() else float(text))
        except ValueError:
            return self.parts(node)

    def e_string(self, node: Any) -> ast.expr:
        """A text."""
        return ast.Constant(value=self.string(node))

    def e_template_string(self, node: Any) -> ast.expr:
        """`a${b}c`."""
        values: list[ast.expr] = []
        for one in children(node):
            if one.type == "template_substitution":
                value = self.expr(children(one)[0])
                values.append(self.put(ast.FormattedValue(value=value, conversion=-1), one))
            else:
                values.append(self.constant(self.text(one), one))
        return ast.JoinedStr(values=values)

    def e_await_expression(self, node: Any) -> ast.expr:
        """await."""
        return ast.Await(value=self.expr(children(node)[0]))

    def e_array(self, node: Any) -> ast.expr:
        """[a, b]."""
        return ast.List(elts=[self.expr(one) for one in children(node)], ctx=ast.Load())

    def e_object(self, node: Any) -> ast.expr:
        """{a: b}."""
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for word in self.keywords(node):
            keys.append(None if word.arg is None else self.constant(word.arg, node))
            values.append(word.value)
        return ast.Dict(keys=keys, values=values)

    def keywords(self, node: Any) -> list[ast.keyword]:
        """The pairs of an object as keyword arguments; what spreads is `**`."""
        made = []
        for one in children(node):
            name: str | None = None
            if one.type == "pair":
                key = one.child_by_field_name("key")
                known = key.type != "computed_property_name"
                name = (self.string(key) if key.type == "string" else self.text(key)) if known else None
                value = self.expr(one.child_by_field_name("value"))
            elif one.type == "shorthand_property_identifier":
                name, value = self.text(one), self.expr(one)
            elif one.type == "spread_element":
                value = self.expr(children(one)[0])
            elif one.id in self.named:
                name = self.text(one.child_by_field_name("name"))
                value = self.name(self.named[one.id], one)
            else:
                value = self.parts(one)
            made.append(self.put(ast.keyword(arg=name, value=value), one))
        return made

    def e_binary_expression(self, node: Any) -> ast.expr:
        """+ * / % are Python's; comparisons and logic are kept as such."""
        left, right = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        operator = self.text(node.child_by_field_name("operator"))
        numeric: dict[str, ast.operator] = {"+": ast.Add(), "*": ast.Mult(), "/": ast.Div(), "-": ast.Sub()}
        if operator in numeric:
            return ast.BinOp(left=left, op=numeric[operator], right=right)
        variable = re.fullmatch(r"process\.env\.(\w+)", self.text(node.child_by_field_name("left")))
        if variable and operator in ("||", "??") and isinstance(right, ast.Constant):
            return self.call(self.dotted("os.environ.get", node), [self.constant(variable[1], node), right], node)
        if operator in ("&&", "||", "??"):
            return ast.BoolOp(op=ast.And() if operator == "&&" else ast.Or(), values=[left, right])
        compared: dict[str, ast.cmpop] = {"in": ast.In(), "!==": ast.NotEq(), "!=": ast.NotEq(), "===": ast.Eq()}
        return ast.Compare(left=left, ops=[compared.get(operator, ast.Eq())], comparators=[right])

    def e_unary_expression(self, node: Any) -> ast.expr:
        """! and -; `delete a[b]`."""
        inner = node.child_by_field_name("argument")
        operator = self.text(node.child_by_field_name("operator"))
        if operator == "delete" and inner.type in ("member_expression", "subscript_expression"):
            return self.statements_as_part([self.put(ast.Delete(targets=[self.target(inner)]), node)], node)
        made: ast.unaryop = ast.Not() if operator == "!" else ast.USub()
        return ast.UnaryOp(op=made, operand=self.expr(inner))

    def e_ternary_expression(self, node: Any) -> ast.expr:
        """a ? b : c."""
        condition, yes, no = (node.child_by_field_name(one) for one in ("condition", "consequence", "alternative"))
        return ast.IfExp(test=self.expr(condition), body=self.expr(yes), orelse=self.expr(no))

    def e_member_expression(self, node: Any) -> ast.expr:
        """a.b: the environment, what is exported, what Python takes by `[...]`."""
        text, owner = self.text(node), node.child_by_field_name("object")
        attribute = self.text(node.child_by_field_name("property"))
        if text == "process.env":
            return self.dotted("os.environ", node)
        if self.text(owner) in ("exports", "module.exports"):
            return self.name(attribute, node)
        if self.text(owner) == "process.env" or attribute in _KEYS:
            return ast.Subscript(value=self.expr(owner), slice=self.constant(attribute, node), ctx=ast.Load())
        attribute = {"awsRequestId": "aws_request_id"}.get(attribute, attribute)
        return ast.Attribute(value=self.expr(owner), attr=attribute, ctx=ast.Load())

    def e_subscript_expression(self, node: Any) -> ast.expr:
        """a[b]; of a name by what is no constant it is `a.get(b)`, for it asks whether it is there."""
        owner, index = node.child_by_field_name("object"), self.expr(node.child_by_field_name("index"))
        if owner.type == "identifier" and not isinstance(index, ast.Constant):
            getter = ast.Attribute(value=self.expr(owner), attr="get", ctx=ast.Load())
            return self.call(self.put(getter, node), [index], node)
        return ast.Subscript(value=self.expr(owner), slice=index, ctx=ast.Load())

    def path(self, owner: ast.expr, path: str, node: Any) -> ast.expr:
        """`a.b[0]` of an owner, as a text says it."""
        for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
            if index or name in _KEYS:
                key = self.constant(int(index) if index else name, node)
                owner = self.put(ast.Subscript(value=owner, slice=key, ctx=ast.Load()), node)
            else:
                owner = self.put(ast.Attribute(value=owner, attr=name, ctx=ast.Load()), node)
        return owner

    def target(self, node: Any) -> Any:
        """What is assigned to."""
        if node.type == "member_expression":
            attribute = self.text(node.child_by_field_name("property"))
            if self.text(node.child_by_field_name("object")) in ("exports", "module.exports"):
                self.assign(attribute)
                return self.name(attribute, node, store=True)
            owner = self.expr(node.child_by_field_name("object"))
            return self.put(ast.Attribute(value=owner, attr=attribute, ctx=ast.Store()), node)
        if node.type == "subscript_expression":
            owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
            made = ast.Subscript(value=self.expr(owner), slice=self.expr(index), ctx=ast.Store())
            return self.put(made, node)
        return self.pattern(node)

    def pattern(self, node: Any) -> ast.expr:
        """A name, or those that a pattern binds."""
        if node.type == "identifier":
            return self.name(self.text(node), node, store=True)
        names: list[ast.expr] = [self.name(one, node, store=True) for one in self.bound_by(node)]
        return self.put(ast.Tuple(elts=names, ctx=ast.Store()), node)
