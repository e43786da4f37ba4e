"""`lambent deploy APP --watch`: every function of a stack runs from its own folder, and a changed template is deployed.

A saved file is in the next invocation, as with one function (`cli/watch.py`), which this uses for each.
"""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.stacks.app import App
from lambent.cli.stacks.packaging import code_folders
from lambent.cli.stacks.rollout import Rollout
from lambent.cli.target import Target
from lambent.cli.watch import Changes, Live, is_passing, watched

Reload = Callable[[], list[App]]


class StackWatch:
    """The functions of some stacks, live; `reload` reads the application again, `bring` deploys it."""

    def __init__(self, target: Target, reload: Reload, bring: Callable[[list[App]], None]) -> None:
        self._target = target
        self._reload = reload
        self._bring = bring
        self._live: dict[str, Live] = {}
        self.watched: dict[Path, list[str]] = {}
        self.templates: set[Path] = set()

    def start(self, apps: list[App]) -> None:
        """Let every function run from its folder. Raises CliError."""
        self.templates = {path.resolve() for app in apps for path in app.watched}
        folders = {name: folder for app in apps for name, folder in self._functions(app).items()}
        for name in self._live.keys() - folders.keys():
            self._live.pop(name)
        for name, folder in folders.items():
            live = self._live.get(name)
            if live is None or live.folder != folder:
                live = self._live[name] = Live(self._target, folder, name)
            live.start()
        self.watched = {}
        for name, folder in folders.items():
            self.watched.setdefault(folder, []).append(name)

    def _functions(self, app: App) -> Mapping[str, Path]:
        names, folders = Rollout(self._target, app).functions(), code_folders(app)
        left = sorted(names.keys() - folders.keys())
        if left:
            output.note(f"{app.name}: not watched, as the code is in no folder: {', '.join(left)}")
        return {names[logical]: folder for logical, folder in folders.items() if logical in names}

    def roots(self) -> list[Path]:
        """What has to be looked at."""
        folders = {*self.watched, *(path.parent for path in self.templates)}
        return sorted(
            one for one in folders if not any(one != other and one.is_relative_to(other) for other in folders)
        )

    def changed(self, paths: set[Path]) -> bool:
        """Tell what was saved; True when other folders are to be watched than before."""
        touched = {folder for folder in self.watched for path in paths if _is_code(path, folder)}
        names = [name for folder in touched for name in self.watched[folder]]
        for name in names:
            self._live[name].tell()
        if names:
            output.note(f"changed: {', '.join(sorted(names))}")
        return bool(paths & self.templates) and self._redeploy()

    def _redeploy(self) -> bool:
        before = self.roots()
        try:
            apps = self._reload()
            self._bring(apps)
            self.start(apps)
        except CliError as error:
            output.error(str(error))  # what stands goes on, until the template is mended
            return False
        return self.roots() != before

    def stop(self) -> None:
        """The functions run from their packages again."""
        for live in self._live.values():
            live.stop()


def _is_code(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) and not is_passing(path.relative_to(folder))


def watch(state: StackWatch, changes: Callable[[list[Path]], Changes] | None = None) -> None:
    """Until Ctrl-C or SIGTERM; what was saved last is deployed then by who calls. Raises CliError."""
    look = changes or _watched
    seen = look(state.roots())
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    output.note(
        f"{sum(map(len, state.watched.values()))} functions run from their folders: save, invoke. Ctrl-C ends it"
    )
    try:
        while _until_other_folders(state, seen):
            seen = look(state.roots())
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        state.stop()


def _until_other_folders(state: StackWatch, changes: Changes) -> bool:
    return any(state.changed({Path(path) for _kind, path in found}) for found in changes)


def _watched(folders: list[Path]) -> Changes:
    return watched(*folders)
