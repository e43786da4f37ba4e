"""Programs of the host that sandboxes shall not find are hidden: an overlay with a whiteout for each, made once.

Nothing is copied, and what is found is in its own place.
https://docs.kernel.org/filesystems/overlayfs.html ("whiteouts and opaque directories")
"""

# ruff: noqa: PTH102, PTH112, PTH114, PTH115, PTH118, PTH119, PTH120, PTH208
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import stat

from ..contexts import ZygoteContext
from ..kernel import MS_NODEV, MS_NOSUID, MS_RDONLY, clone_tree, detach, mount
from ..system import STAGE

PLACE = STAGE + "/.programs"
LINKS = 16


def run(context: ZygoteContext) -> None:
    """Where the kernel has no overlays, or none for ordinary users (before 5.11), all programs are found, and noted."""
    if not context.programs:
        return
    os.mkdir(PLACE)
    kept = _kept(context.programs)
    for number, (inside, names) in enumerate(context.programs):
        source = _source(context, inside)
        if not source:
            continue
        hidden = [name for name in os.listdir(source) if not (_is_among(name, names) or (source, name) in kept)]
        if not hidden:
            continue
        try:
            context.trees.append((_overlay(source, hidden, f"{PLACE}/{number}"), inside))
        except OSError as failed:
            context.notes.append(f"programs of {source} can't be hidden: {failed}")
            return
    context.trees.sort(key=lambda tree: tree[1].count("/"))


def _source(context: ZygoteContext, inside: str) -> str:
    """The host's folder that is seen there; nothing if there is none, or if a link leads to another that is listed."""
    for source, place in context.binds:
        if inside.startswith(place + "/"):
            path = source + inside[len(place) :]
            return path if os.path.isdir(path) else ""
    shown = any(inside.startswith(place + "/") or inside == place for _, place in context.trees)
    return inside if shown and os.path.isdir(inside) and not os.path.islink(inside) else ""


def _kept(programs: list[tuple[str, list[str]]]) -> set[tuple[str, str]]:
    """(folder, name) of all that links lead to which have the names of what is found: awk may be mawk."""
    found: set[tuple[str, str]] = set()
    for folder, names in programs:
        for name in names:
            path = os.path.join(folder, name)
            for _ in range(LINKS):
                if not os.path.islink(path):
                    break
                path = os.path.join(os.path.dirname(path), os.readlink(path))
                found.add((os.path.realpath(os.path.dirname(path)), os.path.basename(path)))
    return found


def _is_among(name: str, names: list[str]) -> bool:
    return name in names or any(one[-1] == "*" and name.startswith(one[:-1]) for one in names)


def _overlay(source: str, hidden: list[str], place: str) -> int:
    """A detached mount of `source` without what is hidden."""
    os.mkdir(place)
    os.mkdir(place + "/whiteouts")
    os.mkdir(place + "/made")
    for name in hidden:
        os.mknod(f"{place}/whiteouts/{name}", stat.S_IFCHR, 0)
    lower = f"lowerdir={place}/whiteouts:{_escaped(source)}"
    mount("lambent", place + "/made", "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, lower)
    tree = clone_tree(place + "/made")
    detach(place + "/made")
    return tree


def _escaped(path: str) -> str:
    """As overlay options want it."""
    return path.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
