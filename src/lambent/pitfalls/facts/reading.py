"""From a folder to the picture: every reader asked for what it knows.

A reader is imported when there is a file for it: `check` of one function is to end within a second.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from lambent.pitfalls.facts import cloudformation, code, discovery, loose, permissions, wiring, yaml_text
from lambent.pitfalls.facts.discovery import Files, read_text
from lambent.pitfalls.facts.project import Project, Stack
from lambent.pitfalls.facts.python import parse
from lambent.pitfalls.facts.tree import UNKNOWN
from lambent.pitfalls.facts.unread import NotRead, Unread

_LOOKS_LIKE = re.compile(r"""["']?Resources["']?\s*:""")


def read(root: Path) -> Project:
    """The picture of a project. What can't be read is in `not_read`; nothing raises for what a file says."""
    single = root if root.is_file() else None
    project = Project(root.parent if single else root)
    project.files = _only(project.root, single) if single else discovery.find(root)
    if project.files.truncated:
        project.not_read.append(Unread(".", f"it has more than {discovery.MOST_FILES:,} files; the rest"))
    for reader in (_templates, _cdk, _serverless, _terraform, _plans, _chalice):
        for path, make in reader(project.files):
            _add(project, path, make)
    sources = code.Sources(project)
    for stack in project.stacks:
        wiring.wire(stack)
    code.attach(project, sources)
    for function in project.functions:
        permissions.attach(function)
    loose.find(project, sources)
    _notebooks(project)
    return project


def _notebooks(project: Project) -> None:
    """Notebooks with a handler in them."""
    for path in project.files.ending(".ipynb"):
        try:
            source = read_text(project.root / path)
        except NotRead:
            continue
        if "(event, context)" in source:
            project.not_read.append(Unread(path, "it is a notebook; the handler in it belongs into a .py file"))


def _only(root: Path, single: Path) -> Files:
    return Files(root, [single.name])


Found = Iterator[tuple[str, Callable[[], Stack | None]]]


def _add(project: Project, path: str, make: Callable[[], Stack | None]) -> None:
    try:
        stack = make()
    except NotRead as why:
        project.not_read.append(Unread(path, str(why)))
        return
    except RecursionError:
        project.not_read.append(Unread(path, "it is nested too deeply"))
        return
    if stack is not None:
        project.not_read.extend(Unread(path, why) for why in stack.unread)
        if stack.resources or stack.open:
            project.stacks.append(stack)


def _templates(files: Files) -> Found:
    for path in files.templates():
        yield path, lambda path=path: _template(files.root / path, path)  # type: ignore[misc]


def _begins_as_template(file: Path) -> bool:
    """Whether a file that is no text of ours begins as a template does."""
    try:
        with file.open("rb") as opened:
            head = opened.read(4096)
    except OSError:
        return False
    return b"AWSTemplateFormatVersion" in head or (b"Resources" in head and b"AWS::" in head)


def _cdk(files: Files) -> Found:
    for path in files.ending(".template.json"):
        if "cdk.out/" in path:
            yield path, lambda path=path: _template(files.root / path, path)  # type: ignore[misc]


def _serverless(files: Files) -> Found:
    for path in files.named("serverless.yml", "serverless.yaml", "serverless.json"):
        yield path, lambda path=path: _service(files.root, path)  # type: ignore[misc]


def _service(root: Path, path: str) -> Stack | None:
    from lambent.pitfalls.facts import serverless

    folder = (root / path).parent

    def beside(name: str) -> object:
        file = (folder / name).resolve()
        if not file.is_relative_to(root.resolve()) or not file.is_file():
            raise NotRead("it is not there")
        return yaml_text.load(read_text(file))

    document = yaml_text.load(read_text(root / path))
    if not serverless.is_serverless(document):
        return None
    return serverless.read(document, path, beside)


def _terraform(files: Files) -> Found:
    found = [*files.ending(".tf")]
    if not found:
        return
    from lambent.pitfalls.facts import terraform
    from lambent.pitfalls.facts.terraform_modules import Reading

    names: dict[str, list[str]] = {}
    for path in found:
        names.setdefault(path.rpartition("/")[0], []).append(path)
    there = set(files.all)

    @cache
    def load(folder: str) -> list[tuple[str, Any]]:
        return [(name, block) for name in names[folder] for block in _blocks(files.root, name)]

    def text(path: str) -> str:
        if path not in there:
            raise NotRead("it is not there")
        return read_text(files.root / path)

    reading = Reading(set(names), load, text)
    called = reading.called()
    for folder in names:
        if folder not in called or not _is_read(load, folder):
            yield folder or ".", lambda folder=folder: terraform.stack_of(reading.blocks(folder), folder or ".")  # type: ignore[misc]


def _is_read(load: Callable[[str], Any], folder: str) -> bool:
    """Whether a folder can be read; one that can't is told, whoever calls it."""
    try:
        load(folder)
    except (NotRead, RecursionError):
        return False
    return True


def _blocks(root: Path, name: str) -> list[Any]:
    """A .tf file's blocks. Raises NotRead that names it: many files are one module."""
    from lambent.pitfalls.facts import hcl

    try:
        return hcl.load(read_text(root / name))
    except NotRead as why:
        raise NotRead(f"of {name}: {why}") from None


def _plans(files: Files) -> Found:
    for path in files.ending(".json"):
        if path.rpartition("/")[2] not in discovery.NOT_TEMPLATES and _begins_as_plan(files.root / path):
            yield path, lambda path=path: _plan(files, path)  # type: ignore[misc]


def _begins_as_plan(file: Path) -> bool:
    """Whether a file begins as `terraform show -json` writes."""
    try:
        with file.open("rb") as opened:
            head = opened.read(512)
    except OSError:
        return False
    return b'"format_version"' in head and b'"terraform_version"' in head


def _plan(files: Files, path: str) -> Stack | None:
    from lambent.pitfalls.facts import plan

    source = read_text(files.root / path)
    if plan.MARK not in source:
        return None
    folder = path.rpartition("/")[0]
    if folder in files.folders(".tf"):
        raise NotRead("the .tf files beside it are read instead")
    document = yaml_text.load(source)
    return plan.read(document, path) if plan.is_plan(document) else None


def _chalice(files: Files) -> Found:
    for path in files.ending(".chalice/config.json"):
        folder = path.removesuffix(".chalice/config.json")
        if f"{folder}app.py" in files.all:
            yield path, lambda path=path, folder=folder: _app(files.root, path, folder)  # type: ignore[misc]


def _app(root: Path, path: str, folder: str) -> Stack | None:
    from lambent.pitfalls.facts import chalice

    def policy(name: str) -> Any:
        try:
            return yaml_text.load(read_text(root / f"{folder}.chalice" / name)) if "/" not in name else UNKNOWN
        except NotRead:
            return UNKNOWN

    tree = parse(read_text(root / f"{folder}app.py"))
    return chalice.read(yaml_text.load(read_text(root / path)), policy, tree, f"{folder}app.py")


def _template(file: Path, path: str) -> Stack | None:
    """The stack of a file, None when it is not a template. Raises NotRead only for what looks like one."""
    try:
        source = read_text(file)
    except NotRead:
        if path.rpartition("/")[2].startswith("template") or _begins_as_template(file):
            raise
        return None
    if not _LOOKS_LIKE.search(source) or ("AWS::" not in source and "Custom::" not in source):
        return None
    document = yaml_text.load(source)
    return cloudformation.read(document, path) if cloudformation.is_template(document) else None
