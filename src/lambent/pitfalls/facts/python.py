"""Python code by its syntax tree: modules of a package, what a handler reaches, constants folded. Nothing is run."""

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from lambent.pitfalls.facts.installed import OF_RUNTIME
from lambent.pitfalls.facts.project import Place
from lambent.pitfalls.facts.tree import Text, Unknown, text
from lambent.pitfalls.facts.unread import NotRead

Callable_ = ast.FunctionDef | ast.AsyncFunctionDef
MOST_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Env:
    """A variable of the environment, with its default if there is one."""

    name: str
    default: Any = None


def parse(source: str) -> ast.Module:
    """The tree of a source. Raises NotRead."""
    if len(source) > MOST_BYTES:
        raise NotRead(f"it has more than {MOST_BYTES >> 20} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        raise NotRead(f"it is not Python 3: {error.msg} (line {error.lineno})") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotRead(f"it can't be parsed: {type(error).__name__}") from None


@dataclass(eq=False)
class Module:
    """One file. `name` is dotted, as the package's root sees it; `path` relative to the project."""

    name: str
    path: str
    tree: ast.Module
    package: "Package" = field(repr=False)

    @cached_property
    def imports(self) -> dict[str, str]:
        """Local name -> what it is, dotted, from every import in the file."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                for alias in node.names:
                    local = f"*{base}" if alias.name == "*" else alias.asname or alias.name
                    found[local] = f"{base}.{alias.name}" if base else alias.name
        return found

    @cached_property
    def stars(self) -> list[str]:
        """Modules all of whose names it has, or exports again: `from a import *`, `export * from "./a"`."""
        return [dotted.removesuffix(".*") for local, dotted in self.imports.items() if local.startswith("*")]

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        is_package = self.path.endswith("__init__.py")
        kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
        return ".".join([*kept, *([node.module] if node.module else [])])

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """Functions and classes of the module's top level (inside `if` and `try` too)."""
        return {
            node.name: node
            for node in top_level(self.tree.body)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Names that the top level assigns, once, and no function rebinds."""
        found: dict[str, list[ast.expr]] = {}
        for node in top_level(self.tree.body):
            for name, value in assigned(node):
                found.setdefault(name, []).append(value)
        rebound = {name for node in self.nodes if isinstance(node, ast.Global) for name in node.names}
        return {name: values[0] for name, values in found.items() if len(values) == 1 and name not in rebound}

    @cached_property
    def module_names(self) -> dict[str, ast.stmt]:
        """Every name that the top level binds by assignment -> its first statement."""
        found: dict[str, ast.stmt] = {}
        for node in top_level(self.tree.body):
            for name, _ in assigned(node):
                found.setdefault(name, node)
        return found

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file."""
        return walk(self.tree)

    @cached_property
    def bindings(self) -> dict[str, list[ast.expr]]:
        """Name -> every value that is bound to it anywhere in the file, by assignment or `with`."""
        return bindings(self.nodes)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Child -> parent."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def place(self, node: ast.AST) -> Place:
        """The lines of a node."""
        line = getattr(node, "lineno", 1)
        return Place(self.path, line, getattr(node, "end_lineno", line) or line)

    def dotted(self, node: ast.AST) -> str:
        """A name or attribute chain with its first part replaced by what was imported under it; "" for others."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])


def above(node: ast.AST, parents: Mapping[ast.AST, ast.AST], kinds: type | tuple[type, ...]) -> Iterator[ast.AST]:
    """What a node stands in, the innermost first, up to the first of some kinds."""
    while node in parents and not isinstance(node, kinds):
        node = parents[node]
        yield node


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def loop_of(
    node: ast.AST, parents: Mapping[ast.AST, ast.AST], top: ast.AST | None = None
) -> ast.For | ast.While | None:
    """The innermost loop that a node stands in, below `top` if there is one."""
    while node in parents and node is not top:
        node = parents[node]
        if isinstance(node, ast.For | ast.While):
            return node
    return None


def walk(root: ast.AST) -> list[ast.AST]:
    """What ast.walk yields, in half of the time."""
    found = [root]
    for node in found:
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found.extend([one for one in value if isinstance(one, ast.AST)])
    return found


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import, those inside if, try, with and for included."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and _is_main(node.test):
            continue
        for name in ("body", "orelse", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
                yield from top_level(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from top_level(handler.body)


def bindings(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Name -> the values that are bound to it."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        for name, value in assigned(node):
            found.setdefault(name, []).append(value)
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if isinstance(item.optional_vars, ast.Name):
                    found.setdefault(item.optional_vars.id, []).append(item.context_expr)
    return found


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Plain names that a statement binds, with the value."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from _paired(target.elts, node.value.elts)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        single: ast.expr = node.target
        value: ast.expr | None = node.value
        if isinstance(single, ast.Name) and value is not None:
            yield single.id, value


def _paired(targets: list[ast.expr], values: list[ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """`a, b = x, y`; nothing where a star makes it unknown which is which."""
    if len(targets) == len(values) and not any(isinstance(one, ast.Starred) for one in (*targets, *values)):
        yield from ((one.id, value) for one, value in zip(targets, values, strict=True) if isinstance(one, ast.Name))


@dataclass(frozen=True, eq=False)
class Reached:
    """A function that the handler reaches."""

    module: Module
    node: Callable_
    owner: ast.ClassDef | None = None
    given: dict[str, Any] | None = None
    """What its parameters are in one call, folded."""

    @cached_property
    def everything(self) -> list[ast.AST]:
        """The definition and everything in it."""
        return walk(self.node)

    @cached_property
    def locals(self) -> dict[str, ast.expr]:
        """Names bound once inside, with their value."""
        found: dict[str, list[ast.expr]] = {}
        for node in self.everything:
            for name, value in assigned(node):
                found.setdefault(name, []).append(value)
            if isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, []).extend([node.target, node.target])
        return {name: values[0] for name, values in found.items() if len(values) == 1}

    @cached_property
    def bindings(self) -> dict[str, list[ast.expr]]:
        """Name -> every value that is bound to it inside."""
        return bindings(self.everything)

    @cached_property
    def loops(self) -> dict[str, ast.expr]:
        """Names that a loop or a comprehension binds, with what it goes through."""
        loops = (ast.For, ast.AsyncFor, ast.comprehension)
        return {
            node.target.id: node.iter
            for node in self.everything
            if isinstance(node, loops) and isinstance(node.target, ast.Name)
        }

    @cached_property
    def bound(self) -> set[str]:
        """Every name that is local to it: parameters and what it binds, without `global`."""
        names = {arg.arg for arg in ast.walk(self.node.args) if isinstance(arg, ast.arg)}
        outside: set[str] = set()
        for node in self.everything:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                outside.update(node.names)
        return names - outside

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything inside."""
        return [node for statement in self.node.body for node in walk(statement)]

    def place(self, node: ast.AST) -> Place:
        """The lines of a node."""
        return self.module.place(node)


@dataclass(eq=False)
class Package:
    """The code of one function: its modules as far as they were needed, its handler, what that reaches."""

    root: Path
    project: Path
    reader: Any
    modules: dict[str, Module | None] = field(default_factory=dict)
    handler_module: Module | None = None
    handler_name: str = ""
    entries: list[str] = field(default_factory=list)
    """Functions of the handler's module that a framework calls: its routes."""
    installed: frozenset[str] = frozenset()
    """Top-level modules that were installed into it, which are not read."""
    elsewhere: Callable[[str], list[Path]] = field(default=lambda name: [], repr=False)
    """Folders beside the package that a name may be imported from: layers, what a build copies in."""
    eager: ClassVar[bool] = False
    """Whether calling an async function begins to run it, as in JavaScript."""

    def module(self, name: str) -> Module | None:
        """A module of the package by its dotted name, read when first asked for; None if it is not of the package."""
        if name not in self.modules:
            self.modules[name] = None
            if name.partition(".")[0] in self.installed:
                return None
            for root in (self.root, *self.elsewhere(name.partition(".")[0])):
                self.modules[name] = self._found(root, name)
                if self.modules[name] is not None:
                    break
        return self.modules[name]

    def _found(self, root: Path, name: str) -> Module | None:
        for relative in (f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"):
            tree = self.reader(root / relative)
            if tree is not None:
                return Module(name, (root / relative).relative_to(self.project).as_posix(), tree, self)
        return None

    @cached_property
    def handler(self) -> Reached | None:
        """The handler's function, if it is a plain one."""
        module = self.handler_module
        found = self.resolve(module, self.handler_name) if module is not None else None
        if found is not None and isinstance(found[1], ast.FunctionDef | ast.AsyncFunctionDef):
            return Reached(found[0], found[1])
        return None

    def resolve(self, module: Module, dotted: str, depth: int = 0) -> tuple[Module, ast.stmt] | None:
        """A function or class of the package by the name that a module has for it."""
        first, _, rest = dotted.partition(".")
        if not rest and first in module.definitions:
            return module, module.definitions[first]
        if depth > 5:
            return None
        if first in module.imports:
            return self._absolute(".".join(filter(None, (module.imports[first], rest))), depth)
        starred = (self.module(name) for name in module.stars)
        found = (self.resolve(one, dotted, depth + 1) for one in starred if one is not None)
        return next((one for one in found if one is not None), None)

    def _absolute(self, dotted: str, depth: int) -> tuple[Module, ast.stmt] | None:
        name, _, last = dotted.rpartition(".")
        if not name:
            return None
        module = self.module(name)
        return None if module is None else self.resolve(module, last, depth + 1)

    def beside(self) -> list[Reached]:
        """What runs around the handler without being called by it."""
        return []

    @cached_property
    def reached(self) -> list[Reached]:
        """The handler and every function of the package that it may call, by name: methods of a class all at once."""
        found: dict[int, Reached] = {}
        waiting = [self.handler] if self.handler is not None else []
        for name in self.entries:
            target = self.resolve(self.handler_module, name) if self.handler_module is not None else None
            waiting.extend(_entered(*target) if target is not None else ())
        waiting.extend(self.beside() if waiting else ())
        while waiting:
            one = waiting.pop(0)
            if id(one.node) in found:
                continue
            found[id(one.node)] = one
            waiting.extend(self._next(one))
        return list(found.values())

    def _next(self, one: Reached) -> Iterator[Reached]:
        for node in one.everything:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                dotted = chain(node)
                target = self.resolve(one.module, dotted) if dotted else None
                if target is not None:
                    yield from _entered(*target)
        for decorated in self._handlers_of_framework(one):
            yield Reached(one.module, decorated)
        for value in self._instances(one):
            yield from value

    def _instances(self, one: Reached) -> Iterator[list[Reached]]:
        """Objects made at the module's top level and used here: their classes' methods."""
        for node in one.everything:
            if isinstance(node, ast.Name) and node.id in one.module.constants and node.id not in one.bound:
                value = one.module.constants[node.id]
                if isinstance(value, ast.Call):
                    target = self.resolve(one.module, chain(value.func))
                    if target is not None:
                        yield list(_entered(*target))

    def _handlers_of_framework(self, one: Reached) -> Iterator[Callable_]:
        """Functions that a router of the module calls: `app.resolve(event, context)` runs all of `@app.get(...)`, and
        `helper(event, context)` all of `@helper.create`."""
        called = {chain(node.func) for node in one.everything if isinstance(node, ast.Call)}
        resolvers = {name.rpartition(".")[0] for name in called if name.endswith(".resolve")}
        resolvers |= {name for name in called if isinstance(one.module.constants.get(name), ast.Call)}
        for node in one.module.definitions.values():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                owners = {
                    chain(d.func if isinstance(d, ast.Call) else d).partition(".")[0] for d in node.decorator_list
                }
                if resolvers & owners:
                    yield node

    @cached_property
    def loaded(self) -> list[Module]:
        """The handler's module, and those of the package that are imported with it, at any depth."""
        found: dict[str, Module] = {}
        waiting = [self.handler_module] if self.handler_module is not None else []
        while waiting:
            module = waiting.pop(0)
            if module.name in found:
                continue
            found[module.name] = module
            for dotted in module.imports.values():
                for name in (dotted, dotted.rpartition(".")[0]):
                    inner = self.module(name) if name else None
                    if inner is not None:
                        waiting.append(inner)
        return list(found.values())

    @cached_property
    def at_import(self) -> list[tuple[Module, ast.stmt]]:
        """Simple statements that run when the environment starts, with their modules."""
        simple = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.Try, ast.With, ast.For, ast.While)
        return [
            (module, node)
            for module in self.loaded
            for node in top_level(module.tree.body)
            if not isinstance(node, simple)
        ]

    @cached_property
    def imported(self) -> set[str]:
        """Top-level names of distributions and modules that are imported anywhere in what is loaded."""
        return {dotted.partition(".")[0] for module in self.loaded for dotted in module.imports.values()}

    @cached_property
    def unread(self) -> list[str]:
        """What is imported and was installed into the package: it is not read."""
        return sorted(self.imported & (self.installed - OF_RUNTIME))

    @cached_property
    def callers(self) -> dict[int, list[tuple[Reached, ast.Call]]]:
        """id of a function's node -> the calls of it in what the handler reaches."""
        found: dict[int, list[tuple[Reached, ast.Call]]] = {}
        for one in self.reached:
            for node in one.nodes:
                name = chain(node.func) if isinstance(node, ast.Call) else ""
                target = self.resolve(one.module, name) if name else None
                if target is not None and isinstance(node, ast.Call):
                    found.setdefault(id(target[1]), []).append((one, node))
        return found

    @cached_property
    def sdk_calls(self) -> list[Any]:
        """Calls of AWS's SDK in what the handler reaches: `sdk.SdkCall`."""
        from lambent.pitfalls.facts import sdk_libraries

        return sdk_libraries.calls(self)


def _entered(module: Module, node: ast.stmt) -> Iterator[Reached]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield Reached(module, node)
    elif isinstance(node, ast.ClassDef):
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Reached(module, inner, node)


def chain(node: ast.AST) -> str:
    """`a.b.c` of names and attributes; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def fold(node: ast.AST | None, module: Module, scope: Reached | None = None, depth: int = 0) -> Any:
    """What an expression is: a constant, Env, Text of parts, or Unknown."""
    if isinstance(node, ast.Constant):
        return node.value
    if node is None or depth > 8:
        return Unknown()
    if isinstance(node, ast.JoinedStr):
        return text([_part(fold(part, module, scope, depth + 1)) for part in node.values])
    if isinstance(node, ast.FormattedValue):
        return fold(node.value, module, scope, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult | ast.Div | ast.Mod):
        return _fold_operation(node, module, scope, depth)
    if isinstance(node, ast.Name):
        return _fold_name(node, module, scope, depth)
    if isinstance(node, ast.Subscript) and module.dotted(node.value) == "os.environ":
        name = fold(node.slice, module, scope, depth + 1)
        return Env(name) if isinstance(name, str) else Unknown()
    if isinstance(node, ast.Call):
        return _fold_call(node, module, scope, depth)
    return Unknown()


def _part(value: Any) -> Any:
    return value if isinstance(value, str | int | float | Text | Unknown | Env) else Unknown()


def _fold_operation(node: ast.BinOp, module: Module, scope: Reached | None, depth: int) -> Any:
    left, right = fold(node.left, module, scope, depth + 1), fold(node.right, module, scope, depth + 1)
    if isinstance(node.op, ast.Add) and any(isinstance(one, str | Text) for one in (left, right)):
        return text([_part(left), _part(right)])
    if isinstance(node.op, ast.Div) and any(isinstance(one, str) and "/" in one for one in (left, right)):
        return text([_part(left), "/", _part(right)])  # pathlib
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        return text([left.partition("%")[0], Unknown()])
    numbers = (int, float)
    if isinstance(left, numbers) and isinstance(right, numbers):
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Add):
            return left + right
    return Unknown()


def _fold_name(node: ast.Name, module: Module, scope: Reached | None, depth: int) -> Any:
    if scope is not None and node.id in scope.bound:
        value = scope.locals.get(node.id)
        if value is None and scope.given is not None:
            return scope.given.get(node.id, Unknown())
        return Unknown() if value is None or value is node else fold(value, module, scope, depth + 1)
    found = constant(module, node.id)
    return fold(found[1], found[0], None, depth + 1) if found is not None else Unknown()


def constant(module: Module, name: str, depth: int = 0) -> tuple[Module, ast.expr] | None:
    """What a module's name is bound to once, there or in the module of the package that it comes from."""
    if name in module.constants:
        return module, module.constants[name]
    owner, _, last = module.imports.get(name, "").rpartition(".")
    others = [(owner, last)] if owner else [(star, name) for star in module.stars]
    for dotted, wanted in others if depth < 5 else ():
        other = module.package.module(dotted)
        found = constant(other, wanted, depth + 1) if other is not None and other is not module else None
        if found is not None:
            return found
    return None


def _fold_call(node: ast.Call, module: Module, scope: Reached | None, depth: int) -> Any:
    name = module.dotted(node.func)
    if name in ("os.getenv", "os.environ.get") and node.args:
        variable = fold(node.args[0], module, scope, depth + 1)
        default = fold(node.args[1], module, scope, depth + 1) if len(node.args) > 1 else None
        return Env(variable, default) if isinstance(variable, str) else Unknown()
    if name == "tempfile.gettempdir":
        return "/tmp"
    if name in ("os.path.join", "pathlib.Path", "Path") and node.args:
        parts: list[Any] = []
        for argument in node.args:
            parts.extend(["/"] if parts else [])
            parts.append(_part(fold(argument, module, scope, depth + 1)))
        return text(parts)
    if name in ("str", "int", "float") and len(node.args) == 1:
        return fold(node.args[0], module, scope, depth + 1)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        base = fold(node.func.value, module, scope, depth + 1)
        if isinstance(base, str):
            return text([base.partition("{")[0], Unknown()])
    return _fold_returned(node, module, scope, depth)


def _fold_returned(node: ast.Call, module: Module, scope: Reached | None, depth: int) -> Any:
    """What a function of the package returns, if it returns at one place only, for what it is given here."""
    target = module.package.resolve(module, chain(node.func)) if chain(node.func) else None
    if target is None or not isinstance(target[1], ast.FunctionDef | ast.AsyncFunctionDef):
        return Unknown()
    parameters = [one.arg for one in target[1].args.args]
    given = {
        **dict(zip(reversed(parameters), reversed(target[1].args.defaults), strict=False)),
        **dict(zip(parameters, node.args, strict=False)),
        **{word.arg: word.value for word in node.keywords if word.arg is not None},
    }
    folded = {name: fold(value, module, scope, depth + 1) for name, value in given.items()}
    inner = Reached(target[0], target[1], None, folded)
    returned = [one.value for one in inner.nodes if isinstance(one, ast.Return)]
    return fold(returned[0], target[0], inner, depth + 1) if len(returned) == 1 else Unknown()
