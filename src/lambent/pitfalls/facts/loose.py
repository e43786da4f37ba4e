"""Handlers that no template names: their code is all that is known of them."""

import ast
import re

from lambent.pitfalls.facts import code, event_shapes
from lambent.pitfalls.facts.discovery import JAVASCRIPT, read_text
from lambent.pitfalls.facts.project import Function, Project, Resource, Stack
from lambent.pitfalls.facts.python import Callable_, Package
from lambent.pitfalls.facts.tree import UNKNOWN, Map
from lambent.pitfalls.facts.unread import NotRead, Unread

_TESTS = re.compile(
    r"(^|/)(tests?|__tests__|test_[^/]*|[^/]*_test|conftest)(/|\.py$|$)|(^|/)test_[^/]*\.py$|\.(test|spec|d)\.\w+$"
)
_EXPORTED = re.compile(
    r"exports\.(handler|lambdaHandler|lambda_handler)\b"
    r"|export\s+(?:const|async\s+function|function)\s+(handler|lambdaHandler|lambda_handler)\b"
)
_SIGNED = re.compile(
    r"exports\.(\w+)\s*=\s*(?:async\s*)?(?:function\s*\w*\s*)?\(\s*_*(?:event|evt)\b[^,)]*,\s*_*(?:context|ctx)\b"
    r"|export\s+(?:const\s+(\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?|(?:async\s+)?function\s+(\w+)\s*)"
    r"\(\s*_*(?:event|evt)\b[^,)]*,\s*_*(?:context|ctx)\b"
)
"""What is exported under any name, with a handler's signature."""
_EVENT = re.compile(r"^_?(event|evt)$", re.IGNORECASE)


def find(project: Project, sources: code.Sources) -> None:
    """Add them to the project, as functions of a stack of their own."""
    stack = Stack(".", "folder", open=True)
    seen = _seen(project)
    for path in project.files.ending(".py"):
        if path not in seen and not _TESTS.search(path):
            _python(stack, path, project, sources)
    _node(stack, seen, project, sources)
    for function in stack.functions:
        package = function.code if function.code is not None else function.node
        shape = event_shapes.trigger(package, function.resource)
        function.triggers.extend([] if shape is None else [shape])
    if stack.functions:
        project.stacks.append(stack)


def _seen(project: Project) -> set[str]:
    """Files that functions of templates have loaded."""
    packages = [one for function in project.functions for one in (function.code, function.node) if one is not None]
    return {module.path for one in packages if one.handler is not None or one.entries for module in one.loaded}


def _python(stack: Stack, path: str, project: Project, sources: code.Sources) -> None:
    tree = _quick(path, project, sources)
    for node in tree.body if tree is not None else ():
        if isinstance(node, Callable_) and code.looks_like_handler(node):
            folder, _, name = path.rpartition("/")
            package = sources.package(project.root / folder, f"{name.removesuffix('.py')}.{node.name}")
            if package is not None and package.handler is not None:
                _function(stack, path, node).code = package


def _quick(path: str, project: Project, sources: code.Sources) -> ast.Module | None:
    """The tree of a file that has the words of a handler in it."""
    try:
        source = read_text(project.root / path)
    except NotRead as why:
        project.not_read.append(Unread(path, str(why)))
        return None
    if "def " not in source or ("event" not in source and "handler" not in source):
        return None
    return sources.tree(project.root / path)


def _node(stack: Stack, seen: set[str], project: Project, sources: code.Sources) -> None:
    paths = [*project.files.ending(*(f".{one}" for one in JAVASCRIPT))]
    if not paths:
        return
    from lambent.pitfalls.facts import javascript

    if not javascript.readable():
        return
    for path in paths:
        for exported in [] if path in seen or _TESTS.search(path) else _exported(path, project):
            package = _package(path, exported, project, sources)
            if package is not None and package.handler is not None:
                first = [one.arg for one in package.handler.node.args.args][:1]
                if any(_EVENT.match(name) for name in first):
                    _function(stack, path, package.handler.node, exported).node = package


def _exported(path: str, project: Project) -> list[str]:
    """The names of handlers that a file exports."""
    try:
        source = read_text(project.root / path)
    except NotRead:
        return []
    found = [*_EXPORTED.finditer(source), *_SIGNED.finditer(source)]
    return list(dict.fromkeys(next(filter(None, one.groups())) for one in found))


def _package(path: str, exported: str | None, project: Project, sources: code.Sources) -> Package | None:
    folder, _, name = path.rpartition("/")
    return sources.node(project.root / folder, f"{name.rpartition('.')[0]}.{exported}", [])


def _function(stack: Stack, path: str, node: Callable_, name: str | None = None) -> Function:
    properties = Map((node.lineno, node.lineno))
    properties.put("Runtime", UNKNOWN, properties.span)
    stem = path.removesuffix(".py") if path.endswith(".py") else path.rpartition(".")[0]
    id_ = f"{stem.replace('/', '.')}.{name or node.name}"
    resource = Resource(id_, "AWS::Lambda::Function", properties, path, (node.lineno, node.lineno), open=True)
    function = Function(id_, resource, stack, listed=False)
    stack.functions.append(function)
    return function
