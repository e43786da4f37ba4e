"""Files in /tmp: which are made, under which names, and whether they are removed on every way out."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function
from lambent.pitfalls.facts.python import Reached, chain, fold
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.facts.tree import Text, Unknown

_REMOVERS = {"remove", "unlink", "rmtree", "cleanup", "rmdir", "removedirs"}
_WRITERS = {"write_text", "write_bytes"}
_MAKERS = {"shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.move", "urllib.request.urlretrieve"}


@dataclass(frozen=True, slots=True)
class Made:
    """A file or folder that is made: by which call, at which path (folded), in which function."""

    node: ast.Call
    path: Any
    expression: ast.expr | None
    where: Reached
    appends: bool = False

    @property
    def fixed(self) -> bool:
        """Whether its name is the same in each invocation."""
        return isinstance(self.path, str)


def made(function: Function) -> Iterator[Made]:
    """Every file that is written under /tmp."""
    for one in reached(function):
        for node in one.nodes:
            if isinstance(node, ast.Call):
                yield from _by(node, one)
                yield from _by_another(node, one)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                yield from _by_tempfile(node, node.value, one)


def _by(node: ast.Call, one: Reached) -> Iterator[Made]:
    argument, appends = _written(node, one)
    if argument is not None:
        path = fold(argument, one.module, one)
        if in_tmp(path):
            yield Made(node, path, argument, one, appends)


def _by_tempfile(node: ast.Assign, call: ast.Call, one: Reached) -> Iterator[Made]:
    """Folders and files of tempfile that do not remove themselves."""
    name = one.module.dotted(call.func)
    kept = keyword(call, "delete")
    lasting = name == "tempfile.NamedTemporaryFile" and isinstance(kept, ast.Constant) and kept.value is False
    if name in ("tempfile.mkdtemp", "tempfile.mkstemp") or lasting:
        target = node.targets[0]
        subject = target.elts[-1] if isinstance(target, ast.Tuple) and target.elts else target
        yield Made(call, Text(("/tmp/", Unknown(name))), subject, one)


def _by_another(node: ast.Call, one: Reached) -> Iterator[Made]:
    """A path in /tmp that is handed to a function of the package, which writes it."""
    target = one.module.package.resolve(one.module, chain(node.func)) if node.args and chain(node.func) else None
    if target is None or not isinstance(target[1], ast.FunctionDef | ast.AsyncFunctionDef):
        return
    inner = Reached(target[0], target[1])
    parameters = [one_.arg for one_ in target[1].args.args]
    for argument, parameter in zip(node.args, parameters, strict=False):
        path = fold(argument, one.module, one)
        if in_tmp(path) and any(parameter == name for name in _written_names(inner)):
            yield Made(node, path, argument, one)


def _written_names(inner: Reached) -> Iterator[str]:
    for node in inner.nodes:
        if isinstance(node, ast.Call):
            argument, _ = _written(node, inner)
            if isinstance(argument, ast.Name):
                yield argument.id


def in_tmp(path: Any) -> bool:
    """Whether a folded path lies under /tmp."""
    first = path.parts[0] if isinstance(path, Text) and path.parts else path
    return isinstance(first, str) and first.startswith("/tmp/") and len(first) >= 5


def _written(node: ast.Call, one: Reached) -> tuple[ast.expr | None, bool]:
    """The argument that names what a call writes, and whether it is only added to."""
    name = one.module.dotted(node.func)
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in ("open", "io.open", "gzip.open", "codecs.open"):
        mode = fold(_argument(node, 1, "mode"), one.module, one)
        writes = isinstance(mode, str) and bool(set(mode) & set("wax+"))
        return (node.args[0] if writes and node.args else None), isinstance(mode, str) and "a" in mode
    if name in ("zipfile.ZipFile", "tarfile.open"):
        mode = fold(_argument(node, 1, "mode"), one.module, one)
        return (node.args[0] if node.args and isinstance(mode, str) and mode[:1] in "wax" else None), False
    if method in _WRITERS and isinstance(node.func, ast.Attribute):
        return node.func.value, False
    if method == "download_file":
        return _argument(node, len(node.args) - 1, "Filename"), False
    if name in _MAKERS:
        return _argument(node, 1, "dst"), False
    if name in ("os.mkdir", "os.makedirs"):
        return None, False
    return None, False


def _argument(node: ast.Call, index: int, name: str) -> ast.expr | None:
    if 0 <= index < len(node.args):
        return node.args[index]
    return keyword(node, name)


def removal(file: Made) -> str:
    """How it is removed: "always" (finally, with), "success" (only on the straight way) or "never"."""
    best = "never"
    for node in ast.walk(file.where.node):
        if isinstance(node, ast.Call) and _removes(node, file):
            if _in_finally(node, file.where):
                return "always"
            best = "success"
    return best


def _removes(node: ast.Call, file: Made) -> bool:
    name = chain(node.func).rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    if name not in _REMOVERS:
        return name.startswith(("clean", "delete_local", "remove_"))
    subjects = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
    return not subjects or any(_same(subject, file) for subject in subjects)


def _same(node: ast.expr, file: Made) -> bool:
    folded = fold(node, file.where.module, file.where)
    if folded == file.path and isinstance(folded, str | Text):
        return True
    if isinstance(folded, str) and isinstance(file.path, str):
        return file.path.startswith(folded.rstrip("/") + "/") if folded.startswith("/tmp") else False
    if isinstance(folded, Text) and isinstance(folded.parts[0], str) and isinstance(file.path, str):
        return file.path.startswith(folded.parts[0])
    name = chain(node)
    if name and file.expression is not None and name == chain(file.expression):
        return True
    return not isinstance(folded, str) and not (isinstance(node, ast.Name) and node.id in ("os", "shutil"))


def _in_finally(node: ast.AST, where: Reached) -> bool:
    parents = where.module.parents
    while node in parents and node is not where.node:
        parent = parents[node]
        if isinstance(parent, ast.Try) and node in parent.finalbody:
            return True
        node = parent
    return False


def checked_before(file: Made) -> bool:
    """Whether its existence is asked for first: a cache on purpose."""
    for node in ast.walk(file.where.node):
        if isinstance(node, ast.Call):
            method = chain(node.func).rpartition(".")[2] or getattr(node.func, "attr", "")
            if method in ("exists", "isfile", "is_file", "isdir") and node.lineno <= file.node.lineno:
                return True
    return False
