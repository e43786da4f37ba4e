"""Which files of a project matter: templates of every kind, handlers, packages. Links are not followed."""

import os
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
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not _assets(name))
        base = Path(folder).relative_to(root).as_posix()
        for name in sorted(names):
            files.all.append(name if base == "." else f"{base}/{name}")
        if len(files.all) > MOST_FILES:
            files.truncated = True
            break
    return files


def _assets(name: str) -> bool:
    """Copies that CDK makes of what lies elsewhere in the project."""
    return name.startswith("asset.")


def read_text(path: Path) -> str:
    """A file as text. Raises NotRead."""
    from lambent.pitfalls.facts.unread import NotRead

    try:
        if path.stat().st_size > MOST_BYTES:
            raise NotRead(f"it has more than {MOST_BYTES >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise NotRead(f"it can't be opened: {error.strerror}") from None
    if b"\0" in data[:4096]:
        raise NotRead("it is not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotRead("it is not UTF-8") from None
