"""Is the handler there? Read from the source, without running it.

Only what certainly fails on Lambda is refused: a module that is not in the package, a syntax error, a
function that the module never binds, a handler that can't be called with (event, context) or that nobody
awaits. What can't be told from the source (star imports, module `__getattr__`, `globals()`) passes.
"""

import ast
import difflib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from lambent.cli.errors import CliError
from lambent.cli.package import Package

MODULES = ("lambda_function", "app", "main", "handler", "index", "function")
FUNCTIONS = ("lambda_handler", "handler", "main")
"""What `find` tries, in this order."""

NODE = (".mjs", ".cjs", ".js")
"""What Node.js's modules end in."""

DYNAMIC = frozenset({"globals", "vars", "exec", "setattr"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """What a module's source binds at its top level: each name, and the statements that bind it."""

    bound: dict[str, list[ast.AST]]
    open_ended: bool
    """Whether names may be bound in ways that the source doesn't show."""


def find(package: Package) -> str:
    """The handler when none is named: the first of `MODULES` × `FUNCTIONS` that is there. Raises CliError."""
    for module in MODULES:
        path = f"{module}.py"
        bound = scan(package.read(path), path, sys.version_info[1]).bound if path in package.modes else {}
        for function in FUNCTIONS:
            if function in bound:
                return f"{module}.{function}"
    raise CliError(_other(package) or f"{package.source}: no handler found: name it with --handler, as in app.handler")


def check(package: Package, handler: str, runtime: str) -> None:
    """Raise CliError if `handler` can't work as a handler of a Python `runtime` ("python3.12")."""
    module, dot, function = handler.rpartition(".")
    if not dot or not module or not function:
        raise CliError(f"handler {handler!r}: module.function is needed, as in app.handler")
    path = _source_of(package, module, handler)
    if not path.endswith(".py"):
        return
    if not package.modes[path] & 0o004:
        raise CliError(f"{path} has mode {package.modes[path]:03o}: Lambda's user can't read it: chmod a+r")
    minor = int(runtime.removeprefix("python3."))
    if minor > sys.version_info[1]:
        # A newer Python may have syntax that this one can't read.
        return
    _check_function(scan(package.read(path), path, minor), path, function)


def scan(source: bytes, path: str, minor: int) -> Module:
    """Read a module's source as Python 3.`minor` does. Raises CliError for a syntax error."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source, path, feature_version=(3, minor))
    except SyntaxError as error:
        raise CliError(f"{path}:{error.lineno or 1}: syntax error: {error.msg}") from None
    except ValueError as error:
        raise CliError(f"{path}: not Python: {error}") from None
    bound: dict[str, list[ast.AST]] = {}
    for node in _module_scope(tree):
        for name in _names(node):
            bound.setdefault(name, []).append(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                bound.setdefault(name, []).append(node)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Module(bound, open_ended="*" in bound or "__getattr__" in bound or bool(used & DYNAMIC))


def _source_of(package: Package, module: str, handler: str) -> str:
    """The file that the import of `module` reads: source, package or compiled."""
    path = module.replace(".", "/")
    for candidate in (f"{path}/__init__.py", f"{path}.py", f"{path}.pyc"):
        if candidate in package.modes:
            return candidate
    compiled = [name for name in package.modes if name.startswith(f"{path}.") and name.endswith((".so", ".pyd"))]
    if compiled:
        return compiled[0]
    elsewhere = sorted(name for name in package.modes if name.endswith(f"/{path}.py"))
    hint = f"; there is {elsewhere[0]}: package the contents of its folder" if elsewhere else ""
    raise CliError(_other(package, path) or f"handler {handler!r}: {path}.py is not in the package{hint}")


def _other(package: Package, module: str = "index") -> str:
    """What to do with a package that is for another runtime than Python's; empty when nothing shows that it is."""
    if "bootstrap" in package.modes:
        return f"{package.source} has a bootstrap: deploy it with --runtime provided.al2023 --handler any"
    node = [name for ending in NODE for name in (f"{module}{ending}", f"index{ending}") if name in package.modes]
    if not node:
        return ""
    stem = node[0].rpartition(".")[0]
    return f"{package.source} is for Node.js ({node[0]}): deploy it with --runtime nodejs22.x --handler {stem}.handler"


def _check_function(module: Module, path: str, function: str) -> None:
    nodes = module.bound.get(function, [])
    if not nodes:
        if module.open_ended:
            return
        close = difflib.get_close_matches(function, list(module.bound), n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise CliError(f"{path} has no function {function!r}{hint}")
    only = nodes[0] if len(nodes) == 1 else None
    if not isinstance(only, Function) or only.decorator_list:
        return
    if isinstance(only, ast.AsyncFunctionDef):
        raise CliError(
            f"{path}:{only.lineno}: {function} is async: Lambda's Python runtime doesn't await it. "
            "Make it a plain function that calls asyncio.run"
        )
    if not _takes_two(only.args):
        raise CliError(f"{path}:{only.lineno}: {function} can't be called with (event, context)")


def _takes_two(args: ast.arguments) -> bool:
    positional = len(args.posonlyargs) + len(args.args)
    named_only = [name for name, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is None]
    enough = positional >= 2 or args.vararg is not None
    return enough and positional - len(args.defaults) <= 2 and not named_only


def _module_scope(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs in the module's own scope; definitions themselves, not their bodies."""
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _names(node: ast.AST) -> list[str]:
    """What a node binds by itself."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import():
            return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        case ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names]
        case ast.Name(ctx=ast.Store()):
            return [node.id]
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
    return []
