"""What lies in a function's built package: a zip's or a folder's entries, and the distributions that were installed."""

import os
import re
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lambent.pitfalls.facts.project import Fact, Function

MOST_ENTRIES = 20_000
MOST_METADATA = 200_000
IN_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six", "awslambdaric"}
"""Distributions that Python's runtimes have.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html"""
_REQUIRES = re.compile(r"^Requires-Dist:\s*([A-Za-z0-9][\w.-]*)([^;\n]*)$", re.M)


def names(function: Function) -> list[str]:
    """The files of a Python function's package, relative to it; none when it is not known."""
    return _names(function.code.root) if function.code is not None and function.listed else []


def place(function: Function) -> Fact:
    """Where the template says where the package lies."""
    fact = function.fact("CodeUri")
    return fact if fact.value is not None else function.fact("Code")


@lru_cache(256)
def _names(root: Path) -> list[str]:
    """Functions share packages, and several rules ask."""
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
    try:
        if root.is_file():
            with zipfile.ZipFile(root) as opened, opened.open(name) as entry:
                return entry.read(MOST_METADATA).decode("utf-8", "replace")
        with (root / name).open("rb") as file:
            return file.read(MOST_METADATA).decode("utf-8", "replace")
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, RuntimeError, NotImplementedError):
        return ""
