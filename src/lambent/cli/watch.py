"""`lambent deploy --watch`: the function runs from the folder itself, and a saved file is in the next invocation.

Nothing is zipped on the way. When the watch ends, the folder is deployed once more, so that what the function is
afterwards is what it was last.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lambent.cli import output, package
from lambent.cli.errors import USAGE, CliError
from lambent.cli.rollout import Wish, bring
from lambent.cli.target import Target, account_of

DEBOUNCE_MS, STEP_MS = 40, 10
"""Saves within 40 ms are one change (an editor's temporary file and its rename); looked at every 10 ms."""

Changes = Iterable[set[tuple[Any, str]]]


def watch(target: Target, folder: Path, wish: Wish, changes: Callable[[Path], Changes] | None = None) -> None:
    """Run the function from `folder` until Ctrl-C. Raises CliError.

    `changes` yields sets of (kind, path), as watchfiles does.
    """
    if not folder.is_dir():
        raise CliError(f"--watch needs a folder, {folder} is none", USAGE)
    live = _Live(target, folder.resolve(), wish.name)
    live.start()
    output.note(f"{wish.name} runs from {folder}: save a file, invoke. Ctrl-C ends it")
    try:
        for names in _names(live.folder, (changes or _watchfiles)(live.folder)):
            live.tell()
            output.note(f"changed: {', '.join(names[:3])}{' …' if len(names) > 3 else ''}")
    except KeyboardInterrupt:
        pass
    finally:
        live.stop()
    _about, done = bring(target, package.load(folder), wish)
    output.note(f"{wish.name}: {' and '.join(done) or 'as deployed'}")


class _Live:
    """The server's side of a live folder."""

    def __init__(self, target: Target, folder: Path, name: str) -> None:
        self._target = target
        self._whose = {"account": account_of(os.environ), "region": target.region, "function": name}
        self._token = ""
        self.folder = folder

    def start(self) -> None:
        """Say where the code is. Raises CliError when the server is not on this machine or is someone else's."""
        self._token = self._target.token("--watch")
        self.tell()

    def tell(self) -> None:
        """The folder is new or has changed."""
        self._send("PUT", {"folder": str(self.folder)})

    def stop(self) -> None:
        self._send("DELETE", {})

    def _send(self, method: str, said: dict[str, str]) -> None:
        self._target.page(method, "live", self._whose | said, {"X-Lambent-Token": self._token})


def _names(folder: Path, changes: Changes) -> Iterator[list[str]]:
    """What changed each time, as names inside the folder, without what a package leaves out."""
    for changed in changes:
        paths = {Path(path).relative_to(folder) for _kind, path in changed}
        kept = sorted(str(path) for path in paths if not package.LEFT_OUT.intersection(path.parts))
        if kept:
            yield kept


def _watchfiles(folder: Path) -> Changes:
    import watchfiles

    return watchfiles.watch(folder, watch_filter=None, debounce=DEBOUNCE_MS, step=STEP_MS, raise_interrupt=True)
