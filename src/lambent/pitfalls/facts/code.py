"""Where a function's code lies, and its package."""

import ast
import os
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from lambent.pitfalls.facts import images, installed
from lambent.pitfalls.facts.discovery import JAVASCRIPT, Files, read_text
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Module, Package, parse
from lambent.pitfalls.facts.tree import Map, Ref, Text, Unknown
from lambent.pitfalls.facts.unread import NotRead, Unread
from lambent.pitfalls.facts.zips import Zip

_SHARED = re.compile(r"(^|[/_-])(layers?|shared|common|libs?|python|utils?|core)([/_-]|$)")
_TESTS = re.compile(r"(^|/)(tests?|examples?|samples?|site-packages)(/|$)")
MOST_NAMED = 5
"""Functions of a template that are named in one line."""


class Sources:
    """Python files, each parsed once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.trees: dict[Path, ast.Module | None] = {}
        self.packages: dict[tuple[Path, str], Package] = {}
        self.zips: dict[Path, Zip | None] = {}
        self.installed: dict[Path, frozenset[str]] = {}

    @cached_property
    def workspaces(self) -> dict[str, list[str]]:
        """The project's packages of npm, by name, with the files that they may begin with."""
        from lambent.pitfalls.facts import workspaces

        return workspaces.find(self.project)

    def shared(self, name: str) -> list[Path]:
        """The folder of the project from which a name can only be imported: a layer's, or one of what is shared."""
        return [one for one in self._shared.get(name, ()) if name not in self._installed(one)]

    @cached_property
    def _shared(self) -> dict[str, list[Path]]:
        found: dict[str, set[str]] = {}
        for path in self.project.files.ending(".py"):
            folder, _, file = path.rpartition("/")
            if file == "__init__.py":
                folder, _, file = folder.rpartition("/")
            if _SHARED.search(folder.lower()) and not _TESTS.search(folder.lower()):
                found.setdefault(file.removesuffix(".py"), set()).add(folder)
        alone = {name: folders.pop() for name, folders in found.items() if len(folders) == 1}
        known = sys.stdlib_module_names | {"boto3", "botocore"}
        return {name: [self.project.root / folder] for name, folder in alone.items() if name not in known}

    def tree(self, path: Path) -> ast.Module | None:
        """The tree of a file; None when it is not there or can't be read, which is noted."""
        if path not in self.trees:
            self.trees[path] = self._read(path)
        return self.trees[path]

    def _read(self, path: Path) -> ast.Module | None:
        within = next((one for one in path.parents if one in self.zips), None) if self.zips else None
        if not (os.path.isfile(path) if within is None else self._has(within, path)):
            return None
        if not (within or path).resolve().is_relative_to(self.project.root.resolve()):
            return None
        try:
            return _parsed(path, read_text(path) if within is None else self._unpacked(within, path))
        except NotRead as why:
            self._note(path, str(why))
            return None

    def _note(self, path: Path, why: str) -> None:
        self.project.not_read.append(Unread(path.relative_to(self.project.root).as_posix(), why))

    def zip(self, path: Path) -> bool:
        """Whether a path is a zip file that can be read; why not is noted."""
        if path not in self.zips:
            try:
                self.zips[path] = Zip(path)
            except NotRead as why:
                self._note(path, str(why))
                self.zips[path] = None
        return self.zips[path] is not None

    def _has(self, within: Path, path: Path) -> bool:
        opened = self.zips[within]
        return opened is not None and path.relative_to(within).as_posix() in opened.names

    def _unpacked(self, within: Path, path: Path) -> str:
        opened = self.zips[within]
        assert opened is not None
        return opened.text(path.relative_to(within).as_posix())

    def package(self, root: Path, handler: str) -> Package | None:
        """The package of a handler ("a/b.handler") under a root; None when its module is not there."""
        key = (root, handler)
        if key not in self.packages:
            made = self._package(root, handler)
            if made is None:
                return None
            self.packages[key] = made
        return self.packages[key]

    def _package(self, root: Path, handler: str) -> Package | None:
        file, _, name = handler.rpartition(".")
        module = file.replace("/", ".").strip(".")
        own = self._installed(root) - {module.partition(".")[0]}
        package = Package(root, self.project.root, self.tree, installed=own, elsewhere=self.shared)
        package.handler_module = package.module(module) if module else None
        package.handler_name = name
        return package if package.handler_module is not None else None

    def _installed(self, root: Path) -> frozenset[str]:
        """The modules that were installed into a folder or zip."""
        if root not in self.installed:
            opened = self.zips.get(root)
            if opened is not None:
                self.installed[root] = installed.modules(opened.names, opened.text)
            else:
                entries = [one.relative_to(root).as_posix() for one in root.glob("*.dist-info/*")]
                self.installed[root] = installed.modules(entries, lambda entry: read_text(root / entry))
        return self.installed[root]

    def node(self, root: Path, handler: str, entries: list[str]) -> Package | None:
        """The package of a Node handler; `entries` are what a bundler is told to begin with."""
        from lambent.pitfalls.facts.node import NodePackage, dotted, names

        file, _, name = handler.rpartition(".")
        last = file.rpartition("/")[2]
        told = [dotted(one.removeprefix("./").rpartition(".")[0]) for one in entries if f"/{last}." in f"/{one}"]
        package = NodePackage(root, self.project.root, self.tree, handler_name=name, workspaces=self.workspaces)
        folder = dotted(root.relative_to(self.project.root).as_posix()) + "." if root != self.project.root else ""
        found = (package.module(folder + one) for one in [*told, *names(file)])
        package.handler_module = next((one for one in found if one is not None), None)
        return package if package.handler_module is not None else None

    def inline_node(self, path: str, line: int, source: str, handler: str) -> Package | None:
        """The package of JavaScript that stands in a template."""
        from lambent.pitfalls.facts.node import NodePackage

        try:
            tree = _javascript(source, "js")
        except NotRead:
            return None
        ast.increment_lineno(tree, line)
        package = NodePackage(self.project.root, self.project.root, lambda _: None)
        package.handler_module = Module("index", path, tree, package)
        package.modules["index"] = package.handler_module
        package.handler_name = handler.rpartition(".")[2]
        return package

    def inline(self, path: str, line: int, source: str, handler: str) -> Package | None:
        """The package of code that stands in a template, its lines as they stand there."""
        try:
            tree = parse(source)
        except NotRead:
            return None
        ast.increment_lineno(tree, line)
        package = Package(self.project.root, self.project.root, lambda _: None)
        package.handler_module = Module("index", path, tree, package)
        package.modules["index"] = package.handler_module
        package.handler_name = handler.rpartition(".")[2]
        return package


def _parsed(path: Path, source: str) -> ast.Module:
    if path.suffix == ".py":
        return parse(source)
    return _javascript(source, path.suffix.removeprefix("."))


def _javascript(source: str, suffix: str) -> ast.Module:
    from lambent.pitfalls.facts import javascript

    if "__defProp = Object.defineProperty" in source[:400] or "__webpack_require__" in source:
        raise NotRead("it is a bundle")
    return javascript.parse(source, suffix)


def attach(project: Project, sources: Sources) -> None:
    """Give every function its package, where it can be found; handlers that no template names become functions too."""
    for function in project.functions:
        if function.listed:
            if _is_image(function) and not _described(function, project):
                continue
            function.code = _of(function, sources, project)
            if function.code is not None:
                function.code.entries = function.resource.extra.get("entries", [])
            if function.code is None and _is_node(function):
                _attach_node(function, sources, project)
    _tell(project)


def _tell(project: Project) -> None:
    """Say whose code was looked for and is not there: rules that read it have nothing to say of them."""
    told = [note.path for note in project.not_read]
    for stack in project.stacks:
        lacking = [one for one in stack.functions if one.listed and one.code is None and _wanted(one)]
        names = [one.id for one in lacking if not any(_named_by(one, path) for path in told)]
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            why = f"the code of {', '.join(names[:MOST_NAMED])}{more} is not where the template says"
            project.not_read.append(Unread(stack.path, why))


def _named_by(function: Function, path: str) -> bool:
    """Whether a file that can't be read is the handler's, or the zip that the code is in."""
    file = str(function.fact("Handler").value).rpartition(".")[0].rpartition("/")[2]
    zips = [value for value in _code_values(function) if isinstance(value, str) and value.endswith(".zip")]
    return f"/{file}." in f"/{path}" or any(path.endswith(one.rpartition("/")[2]) for one in zips)


def _wanted(function: Function) -> bool:
    """Whether a function's code could have been read, if it were there."""
    from lambent.pitfalls.facts import javascript

    runtime, handler = function.fact("Runtime").value, function.fact("Handler").value
    if not isinstance(runtime, str) or not isinstance(handler, str) or _is_image(function):
        return False
    return runtime.startswith("python") or (
        runtime.startswith("nodejs") and function.node is None and javascript.readable()
    )


def _of(function: Function, sources: Sources, project: Project) -> Package | None:
    handler = function.fact("Handler").value
    runtime = function.fact("Runtime").value
    if not isinstance(handler, str) or (isinstance(runtime, str) and not runtime.startswith("python")):
        return None
    inline = _inline(function)
    if inline is not None:
        return sources.inline(function.place.path, inline[0], inline[1], handler)
    for root in _roots(function, sources):
        found = sources.package(root, handler)
        if found is not None:
            return found
    return _searched(function, handler, sources, project.files)


def _is_image(function: Function) -> bool:
    given = (function.fact(*keys).value for keys in (("ImageUri",), ("Code", "ImageUri")))
    return function.fact("PackageType").value == "Image" or any(
        isinstance(one, str | Text | Ref | Map) for one in given
    )


def _described(function: Function, project: Project) -> bool:
    """Whether what an image is built from is known, and is among the function's facts now; it is told if not."""
    build = images.read(function, project)
    if build is None:
        note = Unread(function.place.path, f"the code of {function.id} is a container image")
        project.not_read.append(note)
        return False
    images.describe(function, build)
    return True


def _is_node(function: Function) -> bool:
    runtime = function.fact("Runtime").value
    return not isinstance(runtime, str) or runtime.startswith("nodejs")


def _attach_node(function: Function, sources: Sources, project: Project) -> None:
    from lambent.pitfalls.facts import javascript

    if javascript.readable():
        function.node = _node(function, sources, project)
    elif isinstance(function.fact("Runtime").value, str):
        note = Unread(function.place.path, javascript.INSTALL)
        project.not_read.extend([note] if note not in project.not_read else [])


def _node(function: Function, sources: Sources, project: Project) -> Package | None:
    handler = function.fact("Handler").value
    if not isinstance(handler, str):
        return None
    inline = _inline(function)
    if inline is not None:
        known = isinstance(function.fact("Runtime").value, str)
        return sources.inline_node(function.place.path, inline[0], inline[1], handler) if known else None
    for root in _roots(function, sources):
        found = sources.node(root, handler, _entries(function))
        if found is not None:
            return found
    return _node_searched(function, handler, sources)


def _entries(function: Function) -> list[str]:
    """EntryPoints of SAM's esbuild."""
    value: Any = function.resource.extra.get("Metadata")
    for key in ("BuildProperties", "EntryPoints"):
        value = value.get(key) if isinstance(value, Map) else None
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _node_searched(function: Function, handler: str, sources: Sources) -> Package | None:
    """The one file that a handler can mean."""
    file = handler.rpartition(".")[0].removeprefix("./")
    wanted = tuple(f"/{file}.{suffix}" for suffix in JAVASCRIPT)
    fits = [one for one in sources.project.files.ending(*[one[1:] for one in wanted]) if f"/{one}".endswith(wanted)]
    if len(fits) != 1:
        fits = [one for one in fits if _same_name(one, function)]
    if len(fits) != 1:
        return None
    root = f"/{fits[0]}"[: -len(file) - 1 - len(Path(fits[0]).suffix)].strip("/")
    found = sources.node(sources.project.root / root, handler, [])
    return found if found is not None and found.handler is not None else None


def _inline(function: Function) -> tuple[int, str] | None:
    for keys in (("InlineCode",), ("Code", "ZipFile")):
        fact = function.fact(*keys)
        if isinstance(fact.value, str) and "\n" in fact.value:
            return fact.place.line, fact.value
    return None


def _roots(function: Function, sources: Sources) -> list[Path]:
    """Folders and zips where the code may lie, the likeliest first."""
    project = sources.project
    base = (project.root / function.place.path).parent
    found: list[Path] = list(function.resource.extra.get("folders", ()))
    for value in _code_values(function):
        if (
            isinstance(value, str)
            and not value.startswith(("s3://", "http"))
            and "\0" not in value
            and len(value) < 1024
        ):
            found.append((base / value).resolve() if not value.startswith("/") else Path(value))
    if not found and "CodeUri" not in function.resource.properties and "Code" not in function.resource.properties:
        found.append(base)
    root = project.root.resolve()
    inside = [project.root / one.relative_to(root) for one in found if one.is_relative_to(root)]
    return [one for one in inside if os.path.isdir(one) or (_is_zip(one) and sources.zip(one))]


def _is_zip(path: Path) -> bool:
    return path.suffix in (".zip", ".jar") and os.path.isfile(path)


def _code_values(function: Function) -> list[Any]:
    values = [function.fact("CodeUri").value, function.resource.extra.get("folder")]
    code = function.fact("Code").value
    values.append(code if isinstance(code, str) else None)
    metadata = function.resource.extra.get("Metadata")
    if isinstance(metadata, Map):
        values.append(metadata.get("aws:asset:path"))
    return [value for value in values if value is not None and not isinstance(value, Unknown)]


def _searched(function: Function, handler: str, sources: Sources, files: Files) -> Package | None:
    """The one file of the project that a handler can mean, when the template does not say where it lies."""
    file, _, name = handler.rpartition(".")
    wanted = file.replace(".", "/") + ".py"
    near = function.place.path.rpartition("/")[0]
    fits = [one for one in files.ending(wanted) if one == wanted or one.endswith("/" + wanted)]
    fits = [one for one in fits if one.startswith(near)] or fits
    if len(fits) != 1:
        fits = [one for one in fits if _same_name(one, function)]
    if len(fits) != 1:
        return None
    root = sources.project.root / fits[0].removesuffix(wanted)
    found = sources.package(root, handler)
    return found if found is not None and name in found.handler_module.definitions else None  # type: ignore[union-attr]


def _same_name(path: str, function: Function) -> bool:
    """Whether a folder on the way is called as the function is."""
    names = {function.id, str(function.fact("FunctionName").value), str(function.resource.extra.get("folder", ""))}
    squeezed = {_squeezed(name.rpartition(".")[2].rpartition("/")[2].removesuffix(".zip")) for name in names}
    return any(_squeezed(part) in squeezed for part in path.split("/")[:-1])


def _squeezed(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum()).removesuffix("function")


def looks_like_handler(node: ast.stmt) -> bool:
    """Whether a function has a handler's signature: `(event, context)` by these names, or a usual name with two."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    names = [one.arg.lstrip("_") for one in [*node.args.posonlyargs, *node.args.args]]
    if len(names) < 2 or len(names) - len(node.args.defaults) > 2:
        return False
    usual = node.name in ("lambda_handler", "handler", "main_handler")
    return (names[0] in ("event", "evt") and names[1] in ("context", "ctx", "ctxt")) or (usual and len(names) == 2)
