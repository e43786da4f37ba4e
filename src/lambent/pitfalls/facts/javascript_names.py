"""What names of a JavaScript file stand for: imports, scopes, objects and clients that names hold."""

import ast
import re
from dataclasses import dataclass
from typing import Any

from lambent.pitfalls.facts import javascript_sdk as sdk

METHODS = {
    "push": "append", "unshift": "insert", "set": "update", "add": "add", "shift": "pop", "splice": "pop",
    "pop": "pop", "delete": "discard", "clear": "clear",
}  # fmt: skip
"""Methods of collections as Python's do the same."""
PLAIN = {
    "JSON.stringify": "json.dumps",
    "util.inspect": "repr",
    "String": "str",
    "Number": "int",
    "path.join": "os.path.join",
    "path.resolve": "os.path.join",
    "os.tmpdir": "tempfile.gettempdir",
}
GETS = ("lodash.get", "lodash/get", "lodash.get.default", "lodash/get.default")
"""`_.get(event, "Records[0].s3.object.key")`."""
DELAYS = ("bluebird.delay", "Promise.delay", "delay", "delay.default", "timers/promises.setTimeout", "sleep-promise")
"""What waits for the milliseconds that it is given first."""
FILES = {
    "writeFile": ("open", "w"), "writeFileSync": ("open", "w"), "createWriteStream": ("open", "w"),
    "appendFile": ("open", "a"), "appendFileSync": ("open", "a"), "outputFile": ("open", "w"),
    "unlink": ("os.remove", ""), "unlinkSync": ("os.remove", ""), "rm": ("os.remove", ""),
    "rmSync": ("os.remove", ""), "remove": ("os.remove", ""), "rmdirSync": ("shutil.rmtree", ""),
    "existsSync": ("os.path.exists", ""), "access": ("os.path.exists", ""), "accessSync": ("os.path.exists", ""),
    "stat": ("os.path.exists", ""), "statSync": ("os.path.exists", ""),
}  # fmt: skip
DOT = "\u2024"
"""Stands for a dot in a file's name, where dots part modules."""


def children(node: Any) -> list[Any]:
    """What stands in a node, without comments and types."""
    return [
        one for one in node.named_children
        if one.type not in ("comment", "type_annotation", "type_arguments", "decorator", "accessibility_modifier")
    ]  # fmt: skip


@dataclass(slots=True)
class Scope:
    """Names that a function declares, and those that it assigns."""

    declared: set[str]
    assigned: set[str]


class Names:
    """One file's names."""

    def __init__(self) -> None:
        self.imports: dict[str, str] = {}
        self.scopes: list[Scope] = []
        self.services: set[str] = set()
        self.named: dict[int, str] = {}
        """Functions that are defined elsewhere under a name, by their node."""
        self._values: dict[str, Any] = {}
        self._clients: dict[str, str] = {}
        self._statements: list[tuple[str, str, str | None]] = []

    def text(self, node: Any) -> str:
        """The source of a node."""
        return str(node.text.decode("utf-8", "replace"))

    def string(self, node: Any) -> str:
        """What a literal text says."""
        return "".join(self.text(one) for one in node.named_children)

    def known(self, node: Any) -> str:
        """A name or chain with its first part replaced by what was imported under it."""
        text = self.text(node).replace("?.", ".").replace("!", "")
        first, dot, rest = text.partition(".")
        base = self.imports.get(first, first).removesuffix(".default").removeprefix("node:")
        base = base.replace("fs.promises", "fs/promises")
        return f"{base}{dot}{rest}" if len(text) < 200 else ""

    def imported(self, local: str, module: str, name: str | None = None) -> None:
        """Note an import: of a whole module, or of a name in it."""
        self.imports[local] = f"{module}.{name}" if name else module
        self._statements.append((local, module, name))

    def taken_imports(self, node: Any) -> list[ast.stmt]:
        """The imports noted since last, as Python says them."""
        made: list[ast.stmt] = []
        for local, module, name in self._statements:
            level, dotted = _levels(module)
            alias = ast.alias(name=name or dotted.rpartition(".")[2], asname=local)
            if name is None and not level:
                statement: ast.stmt = ast.Import(names=[ast.alias(name=dotted, asname=local)])
            else:
                base = dotted if name else dotted.rpartition(".")[0]
                statement = ast.ImportFrom(module=base or None, names=[alias], level=level)
            made.append(self.put(statement, node))  # type: ignore[attr-defined]
        self._statements.clear()
        return made

    def all_of(self, module: str, node: Any) -> ast.stmt:
        """Everything that another module exports, as Python says it."""
        level, dotted = _levels(module)
        made = ast.ImportFrom(module=dotted or None, names=[ast.alias(name="*")], level=level)
        return self.put(made, node)  # type: ignore[attr-defined, no-any-return]

    def required(self, node: Any) -> tuple[str, str | None] | None:
        """(module, name) of `require("m")`, `require("m").name`, `wrap(require("m"))`."""
        if node is None:
            return None
        if node.type == "member_expression":
            inner = self.required(node.child_by_field_name("object"))
            return None if inner is None else (inner[0], self.text(node.child_by_field_name("property")))
        if node.type != "call_expression":
            return None
        arguments = node.child_by_field_name("arguments")
        given = children(arguments) if arguments.type == "arguments" else []
        if self.text(node.child_by_field_name("function")) == "require":
            return (self.string(given[0]), None) if given and given[0].type == "string" else None
        wraps = "capture" in self.text(node.child_by_field_name("function"))
        return self.required(given[0]) if wraps and given else None

    def require(self, target: Any, required: tuple[str, str | None]) -> None:
        """Note what a require binds."""
        module, name = required
        if target.type == "identifier":
            self.imported(self.text(target), module, name)
            return
        for one in children(target):
            if one.type == "pair_pattern":
                key = self.text(one.child_by_field_name("key"))
                self.imported(self.text(one.child_by_field_name("value")), module, key)
            else:
                self.imported(self.text(one), module, self.text(one))

    def parameters(self, node: Any) -> list[str]:
        """Names of a function's parameters; a pattern counts as one, named after its place."""
        single = node.child_by_field_name("parameter")
        if single is not None:
            return [self.text(single)]
        listed = node.child_by_field_name("parameters")
        found: list[str] = []
        for index, one in enumerate(children(listed) if listed is not None else ()):
            pattern = one.child_by_field_name("pattern") or one.child_by_field_name("left") or one
            found.append(self.text(pattern) if pattern.type == "identifier" else f"_{index}")
            if pattern.type != "identifier" and self.scopes:
                self.scopes[-1].declared.update(self.bound_by(pattern))
        return found

    def bound_by(self, pattern: Any) -> list[str]:
        """The names that a pattern binds."""
        if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
            return [self.text(pattern)]
        return [name for one in children(pattern) for name in self.bound_by(one)]

    def declare(self, pattern: Any) -> None:
        """Note what a declaration binds in the function that it stands in."""
        if self.scopes:
            self.scopes[-1].declared.update(self.bound_by(pattern))

    def assign(self, name: str) -> None:
        """Note an assignment."""
        if self.scopes:
            self.scopes[-1].assigned.add(name)

    def leave(self) -> set[str]:
        """Leave a function; what it assigns that is not its own, handed to the one around it."""
        scope = self.scopes.pop()
        free = scope.assigned - scope.declared
        if self.scopes:
            self.scopes[-1].assigned.update(free)
        return free

    def remember(self, name: str, value: Any) -> None:
        """Note what a name holds from here on."""
        self._values[name] = value
        service = self._made(value)
        if service is not None:
            self._clients[name] = service
        else:
            self._clients.pop(name, None)

    def value_of(self, node: Any) -> Any:
        """The node that a name holds; None when it is no name or not known."""
        named = node.type in ("identifier", "shorthand_property_identifier")
        return self._values.get(self.text(node)) if named else None

    def member(self, node: Any, name: str) -> Any:
        """The node of an object's member, by its plain name; the name itself where it stands for it (`{params}`)."""
        for one in children(node):
            key = one.child_by_field_name("key") if one.type == "pair" else one
            if key.type in ("property_identifier", "shorthand_property_identifier") and self.text(key) == name:
                return one.child_by_field_name("value") if one.type == "pair" else one
        return None

    def changed(self, name: str) -> bool:
        """Whether something is set in an object after it was made: its pairs are not all."""
        around = self._values[name]
        while around.parent is not None and around.type not in ("statement_block", "program"):
            around = around.parent
        return bool(re.search(rf"\b{re.escape(name)}(\.\w+|\[[^\]]*\])+\s*=[^=]", self.text(around)))

    def service_of(self, node: Any) -> str | None:
        """The service of the client that an expression is."""
        text = self.text(node)
        return self._clients.get(text) or self._clients.get(text.removeprefix("this.")) or self._made(node)

    def _made(self, node: Any) -> str | None:
        if node.type == "new_expression":
            return sdk.client(self.known(node.child_by_field_name("constructor")))
        if node.type == "call_expression":
            function = self.text(node.child_by_field_name("function"))
            if function.endswith(
                ("promisifyAll", "captureAWSClient", "captureAWSv3Client", "DocumentClient.from", "Document.from")
            ):
                inner = children(node.child_by_field_name("arguments"))
                return self.service_of(inner[0]) if inner else None
        return None


def _levels(module: str) -> tuple[int, str]:
    """Python's level and dotted name of a module's path: "./a/b" is (1, "a.b"), "../a" is (2, "a"), "m" is (0, "m")."""
    if not module.startswith("."):
        return 0, module
    parts = module.split("/")
    up = sum(part == ".." for part in parts)
    rest = [part.replace(".", DOT) for part in parts if part not in (".", "..", "")]
    return up + 1, ".".join(rest)
