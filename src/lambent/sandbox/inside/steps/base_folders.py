"""Folders, links and generated files of the base root, and a place for every bind."""

# ruff: noqa: PTH101, PTH103, PTH113, PTH120, PTH123, PTH211
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import stat

from ..contexts import ZygoteContext
from ..kernel import clone_tree
from ..system import COPIED, FOLDERS, STAGE, generated_files, system_links
from .host_view import restrict

EXECUTABLE = 0o755


def run(context: ZygoteContext) -> None:
    """Everything is 0755 or 0644, whatever the umask; what a bind covers is a folder or a file as its source is."""
    os.umask(0o022)
    for folder in FOLDERS:
        os.makedirs(STAGE + folder, exist_ok=True)
    for link, target in system_links():
        os.symlink(target, STAGE + link)
    for path, text in generated_files(context.uid, context.gid).items():
        _write(path, text.encode())
    for path in COPIED:
        _copy(path)
    for path, text in context.files:
        _generate(context, path, text)
    for fd, inside in context.trees:
        make_place(STAGE + inside, stat.S_ISDIR(os.fstat(fd).st_mode))


def make_place(path: str, folder: bool) -> None:
    """Something at `path` that can be mounted over."""
    os.makedirs(path if folder else os.path.dirname(path), exist_ok=True)
    if not folder and not os.path.lexists(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))


def _generate(context: ZygoteContext, path: str, text: str) -> None:
    """Below a folder of the host's it comes over what is there, by a mount of its own, which is read-only as all are:
    every sandbox of this zygote has it, and one of an ordinary user owns the file."""
    _write(path, text.encode())
    if text.startswith("#!"):
        os.chmod(STAGE + path, EXECUTABLE)
    if any(path.startswith(inside + "/") for _, inside in context.trees) and os.path.isfile(path):
        context.trees.append((restrict(clone_tree(STAGE + path), path), path))
        context.trees.sort(key=lambda tree: tree[1].count("/"))


def _copy(path: str) -> None:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:  # not every system has every one of them
        return
    _write(path, data)


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(STAGE + path), exist_ok=True)
    with open(STAGE + path, "wb") as file:
        file.write(data)
