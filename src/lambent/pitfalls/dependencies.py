"""What a project says that its packages depend on: package.json, requirements.txt and their like."""

import ast
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lambent.pitfalls import packages
from lambent.pitfalls.facts.discovery import read_text
from lambent.pitfalls.facts.project import Function, Place, Project
from lambent.pitfalls.facts.unread import NotRead

PYTHON_FILES = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")


def modules(function: Function) -> Iterator[tuple[str, Place]]:
    """The modules of npm that JavaScript asks for, with where it does."""
    for module in function.code.loaded:
        for node in module.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, module.place(node)) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, module.place(node)


def has_module(project: Project, function: Function, name: str) -> bool | None:
    """Whether a package of npm is in a function's own; None when a bundler or a build decides."""
    package = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
    root: Path = function.code.root
    if root.is_file():
        return None
    folders = list(_upwards(project.root / function.code.handler_module.path, project.root))
    if any(os.path.isdir(one / "node_modules" / package) for one in folders):
        return True
    said = [manifest(one / "package.json") for one in folders]
    if any(package in one.get("dependencies", ()) for one in said):
        return True
    developed = any(package in one.get("devDependencies", ()) for one in said)
    return None if _bundled(function) or (developed and function.stack.kind != "serverless") else False


def _bundled(function: Function) -> bool:
    extra = function.resource.extra
    path: str = function.code.handler_module.path
    return "Metadata" in extra or "bundled" in extra or path.endswith(("ts", "tsx")) or "cdk.out" in function.place.path


def asks_for(project: Project, function: Function, distribution: str) -> bool:
    """Whether a file of requirements names a Python distribution, or it lies in the package."""
    root: Path = function.code.root
    if root.is_file():  # a zip is what is deployed: what does not lie in it, it does not have
        return any(name.startswith(f"{distribution}/") for name in packages.files(root))
    if os.path.isdir(root / distribution):
        return True
    folders = _upwards(project.root / function.code.handler_module.path, project.root)
    return any(distribution in _content(one / name) for one in folders for name in PYTHON_FILES)


def _upwards(file: Path, top: Path) -> Iterator[Path]:
    for folder in file.parents:
        yield folder
        if folder == top:
            return


@lru_cache(512)
def manifest(file: Path) -> dict[str, Any]:
    """What a package.json says; nothing where it can't be read."""
    try:
        made = json.loads(_content(file) or "{}")
    except (ValueError, RecursionError):
        return {}
    return made if isinstance(made, dict) else {}


@lru_cache(512)
def _content(file: Path) -> str:
    try:
        return read_text(file) if file.is_file() else ""
    except NotRead:
        return ""
