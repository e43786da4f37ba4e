"""Terraform's folders with the modules of the project put in: each call becomes the module's resources, under names of
their own, with what the call hands to its variables.

https://developer.hashicorp.com/terraform/language/modules: a variable of a called module is what the call says, or its
default. A variable of the folder that is applied is unknown, even with a default.
"""

import posixpath
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from lambent.pitfalls.facts.hcl import Block, Call, Choice, Operation
from lambent.pitfalls.facts.tree import Map, Ref, Seq, Text, Unknown, each, known, text
from lambent.pitfalls.facts.unread import NotRead

MOST_DEPTH = 10
"""Modules within modules, and names that stand for names."""
Located = tuple[str, Block]
"""A block and the path of its file."""


class Folder(Unknown):
    """`path.module`: a folder of the project, relative to it."""

    def __init__(self, path: str) -> None:
        super().__init__("path.module")
        self.path = path


class Reading:
    """Folders with .tf files. `load` gives a folder's blocks, or raises NotRead; `text` a file's text, likewise."""

    def __init__(self, folders: set[str], load: Callable[[str], list[Located]], read: Callable[[str], str]) -> None:
        self.folders = folders
        self.load = load
        self.read = read

    def called(self) -> set[str]:
        """Folders that another one calls as a module: they are no stacks of their own."""
        found: set[str] = set()
        for folder in self.folders:
            try:
                called = {self.local(block, folder) for _, block in self.load(folder)}
            except (NotRead, RecursionError):
                continue
            found |= {to for to in called if to is not None and to != folder}
        return found

    def local(self, block: Block, folder: str) -> str | None:
        """The folder of the project that a module block calls."""
        source = block.body.get("source") if block.type == "module" and block.labels else None
        if not (isinstance(source, str) and source.startswith(("./", "../"))):
            return None
        path = posixpath.normpath(posixpath.join(folder, source))
        path = "" if path == "." else path
        return path if path in self.folders else None

    def blocks(self, folder: str) -> list[Located]:
        """What a folder and the modules that it calls come to. Raises NotRead."""
        return list(_Scope(self, folder).blocks())


class _Scope:
    """A folder as it is applied, or as a call in another one (`caller`) has it; `suffix` makes its names its own."""

    def __init__(
        self, reading: Reading, folder: str, caller: "_Scope | None" = None, call: Block | None = None
    ) -> None:
        self.reading, self.folder, self.caller, self.call = reading, folder, caller, call
        self.root: str = caller.root if caller is not None else folder
        self.depth: int = caller.depth + 1 if caller is not None else 0
        before: str = caller.suffix if caller is not None else ""
        self.suffix: str = f"{before}{'.' if before else '@'}module.{call.labels[0]}" if call is not None else ""
        self.listed = reading.load(folder)
        self.elements: dict[str, Any] = {}

    @cached_property
    def given(self) -> Map | None:
        """The call's values, by the names of variables; None where nobody calls."""
        if self.caller is None or self.call is None:
            return None
        return self.caller.settled(self.call.body)

    @cached_property
    def locals(self) -> dict[str, Any]:
        """What `local.NAME` stands for."""
        found: dict[str, Any] = {}
        for _, block in self.listed:
            if block.type == "locals":
                found.update(block.body)
        return found

    def _one(self, kind: str) -> dict[str, Map]:
        return {block.labels[0]: block.body for _, block in self.listed if block.type == kind and block.labels}

    @cached_property
    def defaults(self) -> dict[str, Map]:
        """The folder's variables."""
        return self._one("variable")

    @cached_property
    def outputs(self) -> dict[str, Map]:
        """What a call of it answers."""
        return self._one("output")

    @cached_property
    def modules(self) -> dict[str, "_Scope"]:
        """The modules of the project that it calls, by the calls' names."""
        found: dict[str, _Scope] = {}
        for _, block in self.listed:
            to = self.reading.local(block, self.folder)
            if to is not None and self.depth < MOST_DEPTH:
                try:
                    found[block.labels[0]] = _Scope(self.reading, to, self, block)
                except NotRead:
                    continue
        return found

    def blocks(self) -> Iterator[Located]:
        """Its blocks, and those of what it calls, with values for names."""
        for path, block in self.listed:
            if block.type == "module" and block.labels and block.labels[0] in self.modules:
                if not self._none(block):
                    yield from self.modules[block.labels[0]].blocks()
            elif block.type in ("resource", "data", "module", "provider") and not self._none(block):
                labels = [*block.labels[:-1], f"{block.labels[-1]}{self.suffix}"] if block.labels else []
                yield path, self._settled(block, labels if block.type != "provider" else block.labels)

    def _none(self, block: Block) -> bool:
        """Whether there is certainly none of it: `count` is 0, `for_each` is empty."""
        count, each = self.value(block.body.get("count")), self.value(block.body.get("for_each"))
        return (known(count) and count is not None and not count) or (isinstance(each, Map | Seq) and not each)

    def _settled(self, block: Block, labels: list[str]) -> Block:
        inner = [made for one in block.blocks for made in self._inner(one)]
        return Block(block.type, labels, self.settled(block.body), inner, block.span)

    def _inner(self, block: Block) -> Iterator[Block]:
        """A block within another; of a dynamic one as many as it certainly has, itself if that is unknown."""
        each = self.value(block.body.get("for_each")) if block.type == "dynamic" and block.labels else None
        content = next((one for one in block.blocks if one.type == "content"), None)
        if not isinstance(each, Map | Seq) or content is None:
            yield self._settled(block, block.labels)
            return
        for element in each.values() if isinstance(each, Map) else each:
            self.elements[f"{block.labels[0]}.value"] = element
            yield self._settled(Block(block.labels[0], [], content.body, content.blocks, block.span), [])
        self.elements.pop(f"{block.labels[0]}.value", None)

    def settled(self, body: Map) -> Map:
        """Attributes with values for names."""
        made = self.value(body)
        assert isinstance(made, Map)
        return made

    def value(self, value: Any, depth: int = 0) -> Any:
        """A value with what its names stand for."""
        if depth > MOST_DEPTH:
            return Unknown("depth")
        if isinstance(value, Map | Seq):
            return each(value, lambda inner: self.value(inner, depth))
        if isinstance(value, Text):
            parts = [self.value(part, depth) for part in value.parts]
            return text([Unknown() if isinstance(part, dict | list | bool | None) else part for part in parts])
        if isinstance(value, Ref):
            return self._referred(value, depth)
        return self._computed(value, depth) if isinstance(value, Unknown) else value

    def _referred(self, value: Ref, depth: int) -> Any:
        if value.id in self.elements:
            return _within(self.elements[value.id], value.attribute)
        room, _, name = value.id.partition(".")
        if room == "local":
            inner = self.locals.get(name, Unknown(value.id))
            return _within(self.value(inner, depth + 1), value.attribute)
        if room == "module" and name in self.modules:
            output, _, rest = value.attribute.partition(".")
            module = self.modules[name]
            told = module.outputs.get(output, Map()).get("value", Unknown(value.id))
            return _within(module.value(told, depth + 1), rest)
        return Ref(f"{value.id}{self.suffix}", value.attribute)

    def _computed(self, value: Unknown, depth: int) -> Any:
        if value.why.startswith("var.") and self.given is not None:
            name, _, rest = value.why.removeprefix("var.").partition(".")
            if name in self.given:
                return _within(self.given[name], rest)
            default = self.defaults.get(name, Map()).get("default", Unknown(value.why))
            return _within(self.value(default, depth + 1), rest)
        if value.why in ("path.module", "path.root", "path.cwd"):
            return Folder(self.folder if value.why == "path.module" else self.root)
        if isinstance(value, Choice):
            return self._chosen(value, depth)
        if isinstance(value, Operation):
            return _compared(value.operator, self.value(value.left, depth), self.value(value.right, depth))
        return self._call(value, depth) if isinstance(value, Call) else value

    def _chosen(self, value: Choice, depth: int) -> Any:
        test = self.value(value.test, depth)
        if not isinstance(test, bool):
            return Unknown("operation")
        return self.value(value.first if test else value.second, depth)

    def _call(self, value: Call, depth: int) -> Any:
        """A call; of `file` what the file says."""
        arguments = tuple(self.value(one, depth) for one in value.arguments)
        if value.why == "file" and len(arguments) == 1:
            given = arguments[0]
            parts = given.parts if isinstance(given, Text) else (given,)
            begin = parts[0].path if isinstance(parts[0], Folder) else self.root
            rest = parts[1:] if isinstance(parts[0], Folder) else parts
            if all(isinstance(part, str) for part in rest):
                try:
                    return self.reading.read(posixpath.normpath(posixpath.join(begin, "".join(rest).lstrip("/"))))
                except NotRead:
                    return Unknown("file")
        return Call(value.why, arguments)


def _within(value: Any, names: str) -> Any:
    """What a value has under some names, one within the other."""
    for name in names.split(".") if names else ():
        if isinstance(value, Ref):
            value = Ref(value.id, f"{value.attribute}.{name}" if value.attribute else name)
        elif isinstance(value, Map) and name in value:
            value = value[name]
        else:
            return Unknown(name)
    return value


def _compared(operator: str, left: Any, right: Any) -> Any:
    """Whether two values are the same, if that is asked and both are known. What names a resource is something."""
    if operator not in ("==", "!="):
        return Unknown("operation")
    if None in (left, right) or "" in (left, right):
        other = right if left in (None, "") else left
        if isinstance(other, Ref | Text | Map | Seq):
            return operator == "!="
    if isinstance(left, Map | Seq) or isinstance(right, Map | Seq) or not (known(left) and known(right)):
        return Unknown("operation")
    return (left == right) == (operator == "==")
