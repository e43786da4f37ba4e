"""What lies in a function's built package: a zip's or a folder's entries, their size, and the distributions that were
installed; and in the layers of the stack that it has."""

import os
import re
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lambent.pitfalls.facts.project import Fact, Function, Resource

MOST_ENTRIES = 20_000
MOST_METADATA = 200_000
IN_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six", "awslambdaric"}
"""Distributions that Python's runtimes have.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html"""
_REQUIRES = re.compile(r"^Requires-Dist:\s*([A-Za-z0-9][\w.-]*)([^;\n]*)$", re.M)


def names(function: Function) -> list[str]:
    """The files of a Python function's package, relative to it; none when it is not known."""
    return [] if _built_elsewhere(function) else files(function.code.root)


def _built_elsewhere(function: Function) -> bool:
    """Whether what lies there is not what is deployed: it goes into an image, or no template names it."""
    return function.code is None or not function.listed or "folders" in function.resource.extra


def place(function: Function) -> Fact:
    """Where the template says where the package lies."""
    fact = function.fact("CodeUri")
    return fact if fact.value is not None else function.fact("Code")


@lru_cache(256)
def files(root: Path) -> list[str]:
    """The entries of a folder or zip. Functions share packages, and several rules ask."""
    if root.is_file():
        try:
            with zipfile.ZipFile(root) as opened:
                return opened.namelist()[:MOST_ENTRIES]
        except (zipfile.BadZipFile, OSError, ValueError):
            return []
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in ("venv", "node_modules"))
        found += [Path(folder, name).relative_to(root).as_posix() for name in files]
        if len(found) > MOST_ENTRIES:
            break
    return found[:MOST_ENTRIES]


def size(function: Function) -> int:
    """Bytes that the package and the layers of the stack unfold to, as far as they lie in the project."""
    roots = [] if _built_elsewhere(function) else [function.code.root]
    return sum(_size(root) for root in [*roots, *(root for _, root in layers(function))])


@lru_cache(256)
def _size(root: Path) -> int:
    if root.is_file():
        try:
            with zipfile.ZipFile(root) as opened:
                return sum(one.file_size for one in opened.infolist())
        except (zipfile.BadZipFile, OSError, ValueError):
            return 0
    return sum(_length(root / name) for name in files(root))


def _length(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def layers(function: Function) -> list[tuple[Resource, Path]]:
    """The layers of the stack that a function has, in their order, with where their content lies in the project."""
    listed = function.fact("Layers").value
    found = []
    for value in listed if isinstance(listed, list) and function.code is not None else ():
        layer = function.stack.target(value) if not isinstance(value, str) else None
        root = _content(layer, function.code.project) if layer is not None and "Layer" in layer.type else None
        if layer is not None and root is not None:
            found.append((layer, root))
    return found


def _content(layer: Resource, project: Path) -> Path | None:
    given = (layer.properties.get(name) for name in ("ContentUri", "Content", "Filename"))
    uri = next((one for one in given if isinstance(one, str) and "://" not in one and "\0" not in one), None)
    if uri is None or len(uri) > 1024:
        return None
    path = ((project / layer.path).parent / uri).resolve()
    if not path.is_relative_to(project.resolve()) or not path.exists():
        return None
    return path


def distributions(files: list[str]) -> dict[str, str]:
    """Normalised name -> its folder of metadata, of what was installed into a package itself."""
    folders = {name.partition("/")[0] for name in files}
    return {
        normal(one.removesuffix(".dist-info").rpartition("-")[0]): one for one in folders if one.endswith(".dist-info")
    }


def required(function: Function, folder: str) -> Iterator[str]:
    """What a distribution needs under all conditions, by normalised names."""
    text = _text(function.code.root, f"{folder}/METADATA")
    for name, _ in _REQUIRES.findall(text.partition("\n\n")[0]):
        yield normal(name)


def normal(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _text(root: Path, name: str) -> str:
    return content(root, name).decode("utf-8", "replace")


def content(root: Path, name: str) -> bytes:
    """What an entry holds, cut at 200,000 bytes; nothing when it can't be read."""
    try:
        if root.is_file():
            with zipfile.ZipFile(root) as opened, opened.open(name) as entry:
                return entry.read(MOST_METADATA)
        if not (root / name).is_file():
            return b""
        with (root / name).open("rb") as file:
            return file.read(MOST_METADATA)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, RuntimeError, NotImplementedError):
        return b""
