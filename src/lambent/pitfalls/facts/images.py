"""Container images by what they are built from: the Dockerfile that a project names, and archives that lie in it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.pitfalls.facts.discovery import read_text
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.facts.unread import NotRead

_LINE = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$")
_BASE = re.compile(r"lambda[/-](?:.*/)?(python|nodejs):(?:[\w.-]*?)(\d+(?:\.\d+)?)")
MOST_ENTRIES = 10_000


@dataclass(slots=True)
class Build:
    """A Dockerfile: its instructions, each with the stage and line that it stands in."""

    path: str
    context: Path
    steps: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Instruction in capitals, what it says, stage from 0, line."""

    @property
    def stages(self) -> int:
        """How many FROM it has."""
        return sum(step[0] == "FROM" for step in self.steps)

    def last(self, name: str) -> str | None:
        """What the last of some instruction says, in the last stage."""
        found = [said for step, said, stage, _ in self.steps if step == name and stage == self.stages - 1]
        return found[-1] if found else None


def read(function: Function, project: Project) -> Build | None:
    """The build of a function's image, if the project has its Dockerfile."""
    named = _named(function)
    if named is None:
        return None
    context = ((project.root / function.place.path).parent / named[0]).resolve()
    file = context / named[1]
    if not file.is_relative_to(project.root.resolve()) or not os.path.isfile(file):
        return None
    build = Build(file.relative_to(project.root.resolve()).as_posix(), context)
    try:
        build.steps = list(_steps(read_text(file)))
    except NotRead:
        return None
    return build


def _named(function: Function) -> tuple[str, str] | None:
    """The context and the Dockerfile in it, as SAM and the Serverless Framework name them."""
    said: Any = function.resource.extra.get("Metadata", function.resource.extra.get("image"))
    if not isinstance(said, Map):
        return None
    context, file = said.get("DockerContext", said.get("path")), said.get("Dockerfile", said.get("file", "Dockerfile"))
    if not isinstance(context, str) or not isinstance(file, str):
        return None
    return (context, file) if "\0" not in context + file and len(context) + len(file) < 1024 else None


def _steps(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Instructions, with those of several lines joined."""
    stage, said, begun = -1, "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        said, begun = said + line.rstrip("\\ "), begun or number
        if line.rstrip().endswith("\\"):
            continue
        match = _LINE.match(said)
        if match is not None:
            stage += match[1].upper() == "FROM"
            yield match[1].upper(), match[2].strip(), stage, begun
        said, begun = "", 0


def describe(function: Function, build: Build) -> None:
    """Put what the Dockerfile says into the function's facts: handler, runtime, where the code lies."""
    properties, span = function.resource.properties, function.resource.span
    handler = _command(function) or _listed(build.last("CMD") or "")
    base = _BASE.search(build.last("FROM") or "")
    if handler is not None and "Handler" not in properties:
        properties.put("Handler", handler, span)
    if base is not None and "Runtime" not in properties:
        properties.put("Runtime", f"python{base[2]}" if base[1] == "python" else f"nodejs{base[2]}.x", span)
    function.resource.extra.put("folders", list(_sources(build)), span)


def _command(function: Function) -> str | None:
    given = function.fact("ImageConfig", "Command").value
    first = given[0] if isinstance(given, list) and given else given
    return first if isinstance(first, str) else None


def _listed(said: str) -> str | None:
    """`["app.handler"]`, also as plain words."""
    try:
        made = json.loads(said)
    except ValueError:
        made = said.split()
    return made[0] if isinstance(made, list) and len(made) == 1 and isinstance(made[0], str) else None


def _sources(build: Build) -> Iterator[Path]:
    """Folders of the context that are copied into the last stage, or have a file that is."""
    for step, said, stage, _ in build.steps:
        if step in ("COPY", "ADD") and stage == build.stages - 1 and "--from" not in said:
            words = [word for word in _words(said) if not word.startswith("--")]
            for word in words[:-1]:
                path = (build.context / word.rstrip("*").lstrip("/")).resolve()
                if path.is_relative_to(build.context):
                    yield path if os.path.isdir(path) else path.parent
    yield build.context


def _words(said: str) -> list[str]:
    try:
        made = json.loads(said)
        return [str(one) for one in made] if isinstance(made, list) else []
    except ValueError:
        return said.split()


def archive(function: Function, project: Project) -> Path | None:
    """The image itself, if the project has it: a folder in OCI's layout, or an archive of Docker's."""
    given = (function.fact(*keys).value for keys in (("ImageUri",), ("Code", "ImageUri")))
    uri = next((one for one in given if isinstance(one, str) and "\0" not in one and len(one) < 1024), None)
    if uri is None:
        return None
    path = ((project.root / function.place.path).parent / uri).resolve()
    return path if path.is_relative_to(project.root.resolve()) and path.exists() else None


def size(path: Path) -> int:
    """Bytes of an image's layers, as its manifest or its archive says; 0 when it can't be read."""
    import tarfile

    try:
        return _oci(path) if path.is_dir() else _docker(path) if path.is_file() else 0
    except (OSError, ValueError, KeyError, TypeError, IndexError, tarfile.TarError, EOFError):
        return 0


def _oci(path: Path) -> int:
    """https://github.com/opencontainers/image-spec/blob/main/image-layout.md"""
    document = json.loads((path / "index.json").read_text("utf-8"))
    for _ in range(3):
        if "layers" in document:
            return sum(int(one["size"]) for one in document["layers"])
        kind, _, digest = str(document["manifests"][0]["digest"]).partition(":")
        if not (kind.isalnum() and digest.isalnum()):
            return 0
        document = json.loads((path / "blobs" / kind / digest).read_text("utf-8"))
    return 0


def _docker(path: Path) -> int:
    """Only of an archive that is not compressed: its headers are read, not its content."""
    import tarfile

    if not tarfile.is_tarfile(path):
        return 0
    total = 0
    with tarfile.open(path, "r:") as opened:
        for number, member in enumerate(opened):
            total += member.size
            if number > MOST_ENTRIES:
                break
    return total
