"""JavaScript and TypeScript by tree-sitter, said in Python's syntax tree, so that one set of rules reads both.

What has a counterpart is said by it: `console.log(x)` is `print(x)`, `process.env.A` is `os.environ["A"]`,
`s3.send(new PutObjectCommand({Bucket}))` is `s3.put_object(Bucket=Bucket)`. Every other thing is kept as its parts, in
order and with its lines, so that what stands in it is seen. Nothing is run.
"""

import ast
import re
from functools import cache
from importlib.util import find_spec
from typing import Any

from lambent.pitfalls.facts.javascript_expressions import FUNCTIONS, Expressions
from lambent.pitfalls.facts.javascript_names import DOT, children
from lambent.pitfalls.facts.unread import NotRead

MOST_BYTES = 1 << 20
LONGEST_LINE = 5_000
INSTALL = "JavaScript needs tree-sitter: pip install 'lambent[check-js]'"
_WRAPS = re.compile(r"(^|\.)(wrap|wrapper|wrapAsync|coroutine|asyncHandler|memoize|memoizee|once|pMemoize)$")
"""What makes another function of the one that it is given: `co.wrap(function* (order) {...})`."""
_EVENTS = re.compile(r"^_*(event|evt|e|req|request|input|records)$", re.IGNORECASE)


def readable() -> bool:
    """Whether the parsers are installed."""
    return all(find_spec(name) for name in ("tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript"))


@cache
def _parser(suffix: str) -> Any:
    from tree_sitter import Language, Parser

    if suffix == "ts":
        import tree_sitter_typescript

        return Parser(Language(tree_sitter_typescript.language_typescript()))
    if suffix == "tsx":
        import tree_sitter_typescript

        return Parser(Language(tree_sitter_typescript.language_tsx()))
    import tree_sitter_javascript

    return Parser(Language(tree_sitter_javascript.language()))


def parse(source: str, suffix: str) -> ast.Module:
    """The tree of a source; suffix: js, mjs, cjs, jsx, ts, mts, cts, tsx. Raises NotRead."""
    if len(source) > MOST_BYTES:
        raise NotRead(f"it has more than {MOST_BYTES >> 20} MB")
    if any(len(line) > LONGEST_LINE for line in source.splitlines()):
        raise NotRead("it is minified")
    kind = {"mts": "ts", "cts": "ts", "ts": "ts", "tsx": "tsx"}.get(suffix, "js")
    root = _parser(kind).parse(source.encode("utf-8", "replace")).root_node
    if root.has_error:
        raise NotRead(f"it is not {'TypeScript' if kind in ('ts', 'tsx') else 'JavaScript'} (line {_broken(root)})")
    try:
        return Statements().module(root)
    except RecursionError:
        raise NotRead("it is nested too deeply") from None


def _broken(node: Any) -> int:
    """The line of the first thing that does not parse."""
    while True:
        inner = next((one for one in node.children if one.has_error or one.is_missing), None)
        if inner is None or node.type == "ERROR":
            return int(node.start_point[0]) + 1
        node = inner


def _member(node: Any) -> tuple[Any, Any]:
    """The key and the value of one thing in an object; a method is its own value."""
    if node.type == "pair":
        return node.child_by_field_name("key"), node.child_by_field_name("value")
    return (node.child_by_field_name("name"), node) if node.type == "method_definition" else (None, None)


class Statements(Expressions):
    """Statements; expressions are the base's."""

    def module(self, root: Any) -> ast.Module:
        """A file."""
        body = self.statements(root)
        clients = [
            self.put(ast.Assign(targets=[self.name(f"__{one}", root, store=True)], value=self.client(one, root)), root)
            for one in sorted(self.services)
        ]
        return ast.Module(body=[*body, *clients], type_ignores=[])

    def statements(self, node: Any) -> list[ast.stmt]:
        """What stands in a block, or the one statement that it is."""
        inner = children(node) if node.type in ("program", "statement_block", "class_static_block") else [node]
        return [made for one in inner for made in self.statement(one)]

    def statement(self, node: Any) -> list[ast.stmt]:
        """One statement as those that say the same."""
        method = getattr(self, f"s_{node.type}", None)
        made = method(node) if method is not None else self._other_statement(node)
        return made if isinstance(made, list) else [self.put(made, node)]

    def _other_statement(self, node: Any) -> list[ast.stmt]:
        if node.type in ("interface_declaration", "type_alias_declaration", "ambient_declaration", "empty_statement"):
            return []
        return [self.put(ast.Expr(value=self.parts(node)), node)]

    def s_statement_block(self, node: Any) -> list[ast.stmt]:
        """A bare block."""
        return self.statements(node)

    def s_expression_statement(self, node: Any) -> Any:
        """Assignments stand for themselves; everything else is an expression."""
        inner = children(node)[0]
        if inner.type == "assignment_expression":
            return self._assignment_statement(inner)
        if inner.type in ("augmented_assignment_expression", "update_expression"):
            return self.changes(inner)
        return ast.Expr(value=self.expr(inner))

    def _assignment_statement(self, node: Any) -> list[ast.stmt]:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        exported = re.fullmatch(r"(?:(?:module\.)?exports|[A-Z]\w*\.prototype)\.(\w+)", self.text(left))
        if exported and not self.scopes:
            return self._bound(exported[1], right, node)
        if self.text(left) == "module.exports" and not self.scopes:
            return self._exported(right) if right.type == "object" else self._bound("default", right, node)
        return self.changes(node)

    def _exported(self, node: Any) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for one in children(node):
            if one.type == "pair":
                name, value = self.text(one.child_by_field_name("key")), one.child_by_field_name("value")
                if self.text(value) != name:
                    made.extend(self._bound(name, value, one))
            elif one.type == "method_definition":
                made.append(self.function(one, self.text(one.child_by_field_name("name"))))
        return made

    def s_import_statement(self, node: Any) -> list[ast.stmt]:
        """`import a, {b as c} from "d"` and `import * as a from "d"`."""
        source = node.child_by_field_name("source")
        clause = next((one for one in children(node) if one.type == "import_clause"), None)
        if source is None or clause is None:
            return []
        module = self.string(source)
        for one in children(clause):
            if one.type == "named_imports":
                for each in children(one):
                    names = [self.text(part) for part in children(each)]
                    self.imported(names[-1], module, names[0])
            elif one.type == "namespace_import":
                self.imported(self.text(children(one)[-1]), module)
            else:
                self.imported(self.text(one), module, "default")
        return self.taken_imports(node)

    def s_lexical_declaration(self, node: Any) -> list[ast.stmt]:
        """const, let and var."""
        return [made for one in children(node) if one.type == "variable_declarator" for made in self._declared(one)]

    s_variable_declaration = s_lexical_declaration

    def _declared(self, node: Any) -> list[ast.stmt]:
        target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        required = self.required(value)
        if required is not None:
            self.require(target, required)
            return self.taken_imports(node)
        self.declare(target)
        if target.type == "identifier":
            return self._bound(self.text(target), value, node)
        made = ast.Assign(targets=[self.pattern(target)], value=self.expr(value))
        return [self.put(made, node)]

    def _bound(self, name: str, value: Any, node: Any) -> list[ast.stmt]:
        """A name that is bound to a value: a function is a definition, also one that is wrapped."""
        if value is None:
            return [self._assign(name, self.put(ast.Constant(value=None), node), node)]
        if value.type == "assignment_expression":
            inner = value.child_by_field_name("right")
            return self._bound(name, inner, node)
        if value.type == "object" and not self.scopes:
            return [*self._members(name, value), *self._held(name, value, node)]
        function = value if value.type in FUNCTIONS else (None if self.scopes else self._wrapped(value))
        if function is not None:
            made = self.function(function, name)
            if function is not value:  # what wraps it stands as Python's decorators do
                made.decorator_list = [self.parts(value.child_by_field_name("function"))]  # type: ignore[attr-defined]
            return [made]
        return self._held(name, value, node)

    def _held(self, name: str, value: Any, node: Any) -> list[ast.stmt]:
        self.remember(name, value)
        held = self.expr(value)
        return [] if isinstance(held, ast.Name) and held.id == name else [self._assign(name, held, node)]

    def _members(self, name: str, value: Any) -> list[ast.stmt]:
        """The functions of an object that a name of the module holds, each as a definition of its own: `a.b` is `a․b`,
        and stands in the object by this name."""
        made: list[ast.stmt] = []
        for one in children(value):
            key, inner = _member(one)
            called = f"{name}{DOT}{self.text(key)}" if key is not None else ""
            if inner is not None and inner.type == "object":
                made.extend(self._members(called, inner))
            elif inner is not None and inner.type in (*FUNCTIONS, "method_definition"):
                made.append(self.function(inner, called))
                self.named[inner.id] = called
        return made

    def _assign(self, name: str, value: ast.expr, node: Any) -> ast.stmt:
        return self.put(ast.Assign(targets=[self.name(name, node, store=True)], value=value), node)

    def _wrapped(self, node: Any) -> Any:
        """The function of an event inside `middy(async (event) => ...).use(...)`, `wrap(function (event) {...})`,
        `metricScope((metrics) => async (event) => ...)`."""
        if node.type == "member_expression":
            return self._wrapped(node.child_by_field_name("object"))
        if node.type != "call_expression":
            return None
        given = children(node.child_by_field_name("arguments"))
        wraps = _WRAPS.search(self.text(node.child_by_field_name("function")))
        if len(given) == 1 and given[0].type in FUNCTIONS and (wraps or given[0].type == "generator_function"):
            return given[0]
        for one in given:
            inner = one.child_by_field_name("body") if one.type in FUNCTIONS else None
            for each in (one, inner):
                if each is not None and each.type in FUNCTIONS and any(map(_EVENTS.match, self.parameters(each)[:1])):
                    return each
        return self._wrapped(node.child_by_field_name("function"))

    def s_export_statement(self, node: Any) -> list[ast.stmt]:
        """What is exported is defined; `export {a as b}` binds b, too."""
        declaration = node.child_by_field_name("declaration")
        if declaration is not None:
            return self.statement(declaration)
        value = node.child_by_field_name("value")
        if value is not None:
            return self._bound("default", value, node)
        clause = next((one for one in children(node) if one.type == "export_clause"), None)
        return self._exported_again(node) if clause is None else self._renamed(clause, node)

    def _exported_again(self, node: Any) -> list[ast.stmt]:
        """`export * from "./a"`, `export * as name from "./a"`."""
        source = node.child_by_field_name("source")
        if source is None:
            return []
        named = next((one for one in children(node) if one.type == "namespace_export"), None)
        if named is not None:
            self.imported(self.text(children(named)[0]), self.string(source))
            return self.taken_imports(node)
        return [self.all_of(self.string(source), node)]

    def _renamed(self, clause: Any, node: Any) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        source = node.child_by_field_name("source")
        for one in children(clause):
            names = [self.text(part) for part in children(one)]
            if source is not None:
                self.imported(names[-1], self.string(source), names[0])
            elif names[0] != names[-1]:
                made.append(self._assign(names[-1], self.name(names[0], one), one))
        return made + self.taken_imports(node)

    def s_function_declaration(self, node: Any) -> ast.stmt:
        """A named function."""
        name = node.child_by_field_name("name")
        return self.function(node, self.text(name) if name is not None else "default")

    s_generator_function_declaration = s_function_declaration

    def s_class_declaration(self, node: Any) -> ast.stmt:
        """A class: its methods, and its fields as assignments."""
        name = node.child_by_field_name("name")
        body: list[ast.stmt] = []
        for one in children(node.child_by_field_name("body")):
            if one.type == "method_definition":
                called = self.text(one.child_by_field_name("name"))
                body.append(self.function(one, "__init__" if called == "constructor" else called))
            elif one.type in ("public_field_definition", "field_definition"):
                field = one.child_by_field_name("name") or one.child_by_field_name("property")
                body.extend(self._bound(self.text(field), one.child_by_field_name("value"), one))
        body = body or [self.put(ast.Pass(), node)]
        made = ast.ClassDef(
            name=self.text(name) if name else "default", bases=[], keywords=[], body=body, decorator_list=[]
        )
        return self.put(made, node)

    s_abstract_class_declaration = s_class_declaration

    def s_return_statement(self, node: Any) -> ast.stmt:
        """return."""
        inner = children(node)
        return ast.Return(value=self.expr(inner[0]) if inner else None)

    def s_throw_statement(self, node: Any) -> ast.stmt:
        """throw."""
        return ast.Raise(exc=self.expr(children(node)[0]), cause=None)

    def s_break_statement(self, node: Any) -> ast.stmt:
        """break."""
        return ast.Break()

    def s_continue_statement(self, node: Any) -> ast.stmt:
        """continue."""
        return ast.Continue()

    def s_if_statement(self, node: Any) -> ast.stmt:
        """if."""
        other = node.child_by_field_name("alternative")
        return ast.If(
            test=self.expr(node.child_by_field_name("condition")),
            body=self.block(node.child_by_field_name("consequence")),
            orelse=[] if other is None else self.block(children(other)[0]),
        )

    def s_for_in_statement(self, node: Any) -> ast.stmt:
        """for ... of and for ... in."""
        left = node.child_by_field_name("left")
        self.declare(left)
        return ast.For(
            target=self.pattern(left),
            iter=self.expr(node.child_by_field_name("right")),
            body=self.block(node.child_by_field_name("body")),
            orelse=[],
        )

    def s_for_statement(self, node: Any) -> list[ast.stmt]:
        """for (a; b; c)."""
        start = node.child_by_field_name("initializer")
        before = self.statement(start) if start is not None and start.type.endswith("declaration") else []
        condition = node.child_by_field_name("condition")
        test = self.expr(condition) if condition is not None else self.put(ast.Constant(value=True), node)
        loop = ast.While(test=test, body=self.block(node.child_by_field_name("body")), orelse=[])
        return [*before, self.put(loop, node)]

    def s_while_statement(self, node: Any) -> ast.stmt:
        """while, and do ... while."""
        return ast.While(
            test=self.expr(node.child_by_field_name("condition")),
            body=self.block(node.child_by_field_name("body")),
            orelse=[],
        )

    s_do_statement = s_while_statement

    def s_try_statement(self, node: Any) -> ast.stmt:
        """try: what is caught is everything."""
        caught, last = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        handlers = []
        if caught is not None:
            name = caught.child_by_field_name("parameter")
            if name is not None:
                self.declare(name)
            body = self.block(caught.child_by_field_name("body"))
            handler = ast.ExceptHandler(type=None, name=self.text(name) if name is not None else None, body=body)
            handlers.append(self.put(handler, caught))
        return ast.Try(
            body=self.block(node.child_by_field_name("body")),
            handlers=handlers,
            orelse=[],
            finalbody=[] if last is None else self.block(children(last)[-1]),
        )
