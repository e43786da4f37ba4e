"""`lambent deploy --watch`: the function runs from the folder itself, and a saved file is in the next invocation.

Nothing is zipped on the way. When the watch ends, the folder is deployed once more, so that what the function is
afterwards is what it was last.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

from lambent.cli import output, package
from lambent.cli.errors import USAGE, CliError
from lambent.cli.rollout import Wish, bring
from lambent.cli.target import Target, account_of

DEBOUNCE_MS, STEP_MS = 40, 10
"""Saves within 40 ms are one change (an editor's temporary file and its rename); looked at every 10 ms."""

QUIET_MS = 100
"""Where nothing is saved, that is said so often: at first it tells that saves are seen now."""

PASSING = (
    *("*~", ".#*", "#*#", "*.sw?", "4913", "*___jb_*___", ".goutputstream-*", "*.kate-swp", ".*.tmp*", "*.crswap"),
    *("*.tmp", "sed??????", ".fuse_hidden*", ".nfs*", "flycheck_*"),
)
"""What editors write beside a file while they save it: vim, Emacs, JetBrains, GNOME, Kate, VS Code on a remote, sed -i,
network file systems."""

Changes = Iterable[set[tuple[Any, str]]]


def watch(
    target: Target,
    folder: Path,
    wish: Wish,
    include: Sequence[str] = (),
    changes: Callable[[Path], Changes] | None = None,
) -> None:
    """Run the function from `folder` until Ctrl-C or SIGTERM. Raises CliError.

    `include` is for the package that is deployed in the end (see `package.load`); `changes` yields sets of
    (kind, path), as watchfiles does.
    """
    live = Live(target, folder.resolve(), wish.name)
    seen = (changes or watched)(live.folder)
    live.start()
    output.note(f"{wish.name} runs from {folder}: save a file, invoke. Ctrl-C ends it")
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # it ends as by Ctrl-C
    try:
        for names in _names(live.folder, seen):
            live.tell()
            output.note(f"changed: {', '.join(names[:3])}{' …' if len(names) > 3 else ''}")
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        live.stop()
    _about, done = bring(target, package.load(folder, include), wish)
    output.note(f"{wish.name}: {' and '.join(done) or 'as deployed'}")


def require_unwatched(target: Target, folder: Path, name: str) -> None:
    """Raise CliError for what can't be watched: no folder, somebody else's server, a function that is watched already
    (deploying it would end what the other one does)."""
    if not folder.is_dir():
        raise CliError(f"--watch needs a folder, {folder} is none", USAGE)
    watcher = Live(target, folder, name).watcher()
    if watcher is not None:
        raise CliError(f"{name} is watched by process {watcher}: end that first (Ctrl-C, or kill {watcher})")


class Live:
    """The server's side of a live folder."""

    def __init__(self, target: Target, folder: Path, name: str) -> None:
        self._target = target
        self._whose = {"account": account_of(os.environ), "region": target.region, "function": name}
        self._token = ""
        self.folder = folder

    def watcher(self) -> int | None:
        """The process that watches it now. Raises CliError, as `start`."""
        self._token = self._target.token("--watch")
        found: int | None = self._send("POST", {})["watcher"]
        return found

    def start(self) -> None:
        """Say where the code is. Raises CliError when the server is not on this machine or is someone else's."""
        self._token = self._target.token("--watch")
        self.tell()

    def tell(self) -> None:
        """The folder is new or has changed."""
        self._send("PUT", {"folder": str(self.folder), "watcher": os.getpid()})

    def stop(self) -> None:
        self._send("DELETE", {})

    def _send(self, method: str, said: dict[str, Any]) -> Any:
        return self._target.page(method, "live", self._whose | said, {"X-Lambent-Token": self._token})


def _names(folder: Path, changes: Changes) -> Iterator[list[str]]:
    """What changed each time, as names inside the folder, without what a package leaves out."""
    for changed in changes:
        paths = {Path(path).relative_to(folder) for _kind, path in changed}
        kept = sorted(str(path) for path in paths if not is_passing(path))
        if kept:
            yield kept


def is_passing(path: Path) -> bool:
    """Whether no package would have it, or an editor will have taken it away by the next invocation."""
    beside = any(fnmatchcase(path.name, pattern) for pattern in PASSING)
    return beside or not package.LEFT_OUT.isdisjoint(path.parts)


def watched(*folders: Path) -> Changes:
    """What changes in folders: nothing that is saved after this has returned is missed."""
    import watchfiles

    found = watchfiles.watch(
        *folders, watch_filter=None, debounce=DEBOUNCE_MS, step=STEP_MS, raise_interrupt=True,
        rust_timeout=QUIET_MS, yield_on_timeout=True,
    )  # fmt: skip
    return chain([next(found)], found)
