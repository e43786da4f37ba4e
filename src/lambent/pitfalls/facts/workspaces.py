"""Packages of npm that lie in the project itself (workspaces of npm, yarn, pnpm, lerna): they are imported by name."""

from lambent.pitfalls.dependencies import manifest
from lambent.pitfalls.facts.discovery import JAVASCRIPT
from lambent.pitfalls.facts.project import Project

_KEYS = ("source", "module", "main")
"""Where a package says what it begins with (https://docs.npmjs.com/cli/v11/configuring-npm/package-json#main)."""
_BUILT = ("dist/", "build/", "lib/")
_USUAL = ("src/index", "index", "lib/index", "main", "src/main")


def find(project: Project) -> dict[str, list[str]]:
    """Name -> paths of files that it may begin with, sources before what is built of them."""
    found: dict[str, list[str]] = {}
    there = set(project.files.all)
    for path in project.files.named("package.json"):
        folder = path.removesuffix("package.json")
        said = manifest(project.root / path)
        name = said.get("name")
        if isinstance(name, str) and name and folder:
            begins = [one for key in _KEYS if isinstance(one := said.get(key), str)]
            files = [one for stem in _stems(begins) for one in _files(folder + stem) if one in there]
            found.setdefault(name, files)
    return {name: files for name, files in found.items() if files}


def _stems(begins: list[str]) -> list[str]:
    """Paths without suffix."""
    plain = [one.removeprefix("./") for one in begins]
    said = [stem if suffix in JAVASCRIPT else one for one in plain for stem, _, suffix in [one.rpartition(".")]]
    built = ["src/" + one.removeprefix(folder) for one in said for folder in _BUILT if one.startswith(folder)]
    return list(dict.fromkeys([*built, *said, *_USUAL]))


def _files(stem: str) -> list[str]:
    return [f"{stem}.{suffix}" for suffix in JAVASCRIPT]
