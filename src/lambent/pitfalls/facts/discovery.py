"""Which files of a project matter: templates of every kind, handlers, packages. Links to folders are not followed, nor
are those that lead out of the project; what is no file (a pipe, a device) is not opened."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SKIPPED = {
    "node_modules", ".venv", "venv", ".aws-sam", ".git", ".hg", ".tox", ".nox", "__pycache__", ".terraform",
    ".serverless", ".mypy_cache", ".pytest_cache", "site-packages", "dist-packages", ".idea", ".vscode",
    ".build", ".chalice-deployments", ".eggs", "bower_components", ".lambent",
}  # fmt: skip
MOST_FILES = 50_000
MOST_BYTES = 8 << 20
_TEMPLATES = (".yaml", ".yml", ".json", ".template")
JAVASCRIPT = ("ts", "js", "mjs", "cjs", "mts", "cts", "tsx", "jsx")
"""Endings in the order of being asked: a source goes before what was made of it."""
NOT_TEMPLATES = {"package.json", "package-lock.json", "tsconfig.json", "cdk.json", "events", "composer.json"}


@dataclass(slots=True)
class Files:
    """Relative paths by what they may be."""

    root: Path
    all: list[str] = field(default_factory=list)
    truncated: bool = False

    def ending(self, *suffixes: str) -> Iterator[str]:
        """Files with one of these endings."""
        return (path for path in self.all if path.endswith(suffixes))

    def named(self, *names: str) -> Iterator[str]:
        """Files with one of these names."""
        return (path for path in self.all if path.rpartition("/")[2] in names)

    def templates(self) -> Iterator[str]:
        """What may be a CloudFormation template."""
        for path in self.ending(*_TEMPLATES):
            name = path.rpartition("/")[2]
            if name not in NOT_TEMPLATES and not name.startswith((".", "serverless.")) and "cdk.out/" not in path:
                yield path

    def folders(self, suffix: str) -> list[str]:
        """Folders that have a file with this ending directly in them ("" for the root)."""
        return sorted({path.rpartition("/")[0] for path in self.ending(suffix)})


def find(root: Path) -> Files:
    """Everything under a folder that is not skipped, in a fixed order."""
    files = Files(root)
    top, waiting = os.path.realpath(root), [("", os.fspath(root))]
    while waiting and not files.truncated:
        base, folder = waiting.pop()
        inner = []
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not _assets(entry.name):
                    inner.append((f"{base}{entry.name}/", entry.path))
            elif entry.is_file(follow_symlinks=False) or _leads_inside(entry, top):
                files.all.append(base + entry.name)
        waiting.extend(reversed(inner))
        files.truncated = len(files.all) > MOST_FILES
    return files


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, in a fixed order; nothing when it can't be opened."""
    try:
        with os.scandir(folder) as opened:
            return sorted(opened, key=lambda one: one.name)
    except OSError:
        return []


def _leads_inside(entry: os.DirEntry[str], top: str) -> bool:
    """Whether an entry is a link to a file of the project."""
    try:
        target = os.path.realpath(entry.path)
        return entry.is_symlink() and entry.is_file() and target.startswith(top.rstrip("/") + "/")
    except OSError:
        return False


def _assets(name: str) -> bool:
    """Copies that CDK makes of what lies elsewhere in the project."""
    return name.startswith("asset.")


def read_text(path: Path) -> str:
    """A file as text. Raises NotRead."""
    from lambent.pitfalls.facts.unread import NotRead

    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise NotRead("it is no file")
        if status.st_size > MOST_BYTES:
            raise NotRead(f"it has more than {MOST_BYTES >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise NotRead(f"it can't be opened: {error.strerror}") from None
    if b"\0" in data[:4096]:
        raise NotRead("it is not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _as_it_says(data, path)


_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def _as_it_says(data: bytes, path: Path) -> str:
    """A source by the encoding that one of its first two lines names (PEP 263). Raises NotRead."""
    from lambent.pitfalls.facts.unread import NotRead

    found = [match for line in data.split(b"\n", 2)[:2] if (match := _CODING.match(line))]
    try:
        if found and path.suffix == ".py":
            return data.decode(found[0][1].decode("ascii"))
    except (LookupError, ValueError):
        pass
    raise NotRead("it is not UTF-8") from None
