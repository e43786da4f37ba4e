"""The package of a Node function: modules by paths as Node and bundlers find them."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from lambent.pitfalls.facts.discovery import JAVASCRIPT
from lambent.pitfalls.facts.javascript_names import DOT
from lambent.pitfalls.facts.javascript_values import Block
from lambent.pitfalls.facts.python import Module, Package, Reached, chain

MOST_NAMES = 5
OF_AWS = ("aws-sdk", "@aws-sdk/", "@smithy/")
BUILT_IN = frozenset({
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
    "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder",
    "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
})  # fmt: skip
"""https://nodejs.org/api/ (what is imported without `node:`)"""
"""Names that stand for one another, one after the other."""
PHASES = ("before", "after", "onError")
"""What a middleware of middy's has (https://middy.js.org/docs/writing-middlewares/intro)."""
_BUILT = ("dist/", "build/", "lib/", ".build/", "out/")


def names(file: str) -> list[str]:
    """Module names that a handler's file may have: as it stands, and as the source of what is built."""
    file = file.removeprefix("./").strip("/")
    paths = [file]
    for built in _BUILT:
        if file.startswith(built):
            paths.extend([file.removeprefix(built), "src/" + file.removeprefix(built)])
    return [dotted(path) for path in [*paths, "src/" + file] if path]


def dotted(path: str) -> str:
    """A path without suffix as a module's name."""
    return path.replace(".", DOT).replace("/", ".")


def _package(name: str) -> str:
    """The package of npm's that a module is in."""
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


@dataclass(eq=False)
class NodePackage(Package):
    """Python's package with Node's rules of where a module lies. Modules are named by their path in the project, so
    that what lies beside the package (`../shared`) is found, too."""

    eager: ClassVar[bool] = True
    workspaces: Mapping[str, list[str]] = field(default_factory=dict)
    """The project's own packages by the names that they are imported under, with the paths of what they begin with."""

    def module(self, name: str) -> Module | None:
        """A module of the project; None if it is not of it."""
        if name not in self.modules:
            self.modules[name] = None
            for relative in self._paths(name):
                tree = self.reader(self.project / relative)
                if tree is not None:
                    self.modules[name] = Module(dotted(relative.rpartition(".")[0]), relative, tree, self)
                    break
        return self.modules[name]

    @cached_property
    def unread(self) -> list[str]:
        """As Python's: packages of npm's; none of Node's own modules, nor of AWS's SDK."""
        own = {module.name.partition(".")[0] for module in self.loaded} | self.workspaces.keys()
        found = {_package(one) for one in self.imported - own if not one.startswith(("node:", "."))}
        return sorted(one for one in found - BUILT_IN if not one.startswith(OF_AWS))

    def _paths(self, name: str) -> list[str]:
        if name in self.workspaces:
            return self.workspaces[name]
        return [] if "/" in name else _candidates(name)  # a package of npm's, or a path in one

    def resolve(self, module: Module, dotted: str, depth: int = 0) -> tuple[Module, ast.stmt] | None:
        """As Python's; a name that stands for all that a module exports is left out, and the members of objects and of
        what is made of a class are found."""
        first, _, rest = dotted.partition(".")
        if rest and chain(module.constants.get(first, module.tree)) in ("module.exports", "exports"):
            dotted = rest
        if rest and (member := module.definitions.get(dotted.replace(".", DOT))) is not None:
            return module, member
        found = super().resolve(module, dotted, depth)
        first, _, rest = dotted.partition(".")
        other = module.constants.get(first) if found is None and depth <= MOST_NAMES else None
        if isinstance(other, ast.Name) and other.id != first:  # `module.exports = {a: b}`, `const a = b`
            return self.resolve(module, ".".join(filter(None, (other.id, rest))), depth + 1)
        if rest and isinstance(other, ast.Call):  # `const store = new Store()`
            made = self.resolve(module, chain(other.func), depth + 1) if chain(other.func) else None
            return made if made is not None and isinstance(made[1], ast.ClassDef) else None
        return found

    def _absolute(self, dotted: str, depth: int) -> tuple[Module, ast.stmt] | None:
        """What lies in another module: what it exports by name, a member of what it exports as a whole, or
        that itself."""
        parts = dotted.split(".")
        for at in range(len(parts), 0, -1):
            module, rest = self.module(".".join(parts[:at])), ".".join(parts[at:])
            for name in (rest, f"default.{rest}") if rest else ("default",):
                found = self.resolve(module, name, depth + 1) if module is not None else None
                if found is not None:
                    return found
        return None

    def beside(self) -> list[Reached]:
        """What middlewares of the handler's module run: `wrap(handler).use(other)`."""
        module = self.handler_module
        if module is None:
            return []
        used = [
            chain(one.func if isinstance(one, ast.Call) else one)
            for node in module.nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "use"
            for one in node.args
        ]
        targets = [self.resolve(module, f"{name}.{phase}") for name in used if name for phase in PHASES]
        targets += [self.resolve(module, name) for name in used if name]
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        return [Reached(one[0], one[1]) for one in targets if one is not None and isinstance(one[1], functions)]

    @cached_property
    def handler(self) -> Reached | None:
        """The handler's function: also behind a name, or wrapped by a library."""
        module = self.handler_module
        return None if module is None else self._followed(module, self.handler_name, 0)

    def _followed(self, module: Module, name: str, depth: int) -> Reached | None:
        found = self.resolve(module, name)
        if found is not None and isinstance(found[1], ast.FunctionDef | ast.AsyncFunctionDef):
            return Reached(found[0], found[1])
        first, _, last = module.imports.get(name, "").rpartition(".")
        other = self.module(first) if first else None
        module, name = (other, last) if other is not None else (module, name)
        value = module.constants.get(name)
        if value is None or depth > 4:
            return None
        for inner in _names_in(value):
            reached = self._followed(module, inner, depth + 1) if inner != name else None
            if reached is not None:
                return reached
        return None


def _names_in(value: ast.AST) -> list[str]:
    """Names that a value passes on: `middy(base).use(...)` passes on base."""
    if isinstance(value, ast.Name):
        return [value.id]
    if isinstance(value, ast.Call):
        given = [one.id for one in value.args if isinstance(one, ast.Name)]
        owner = _names_in(value.func.value) if isinstance(value.func, ast.Attribute) else []
        return [*given, *owner]
    return [one.id for one in value.body if isinstance(one, ast.Name)] if isinstance(value, Block) else []


def _candidates(name: str) -> list[str]:
    path = name.replace(".", "/").replace(DOT, ".").rstrip("/")
    stem, _, suffix = path.rpartition(".")
    stems = [stem, path] if suffix in JAVASCRIPT and stem else [path]
    return [f"{one}{middle}.{end}" for one in stems for middle in ("", "/index") for end in JAVASCRIPT]
