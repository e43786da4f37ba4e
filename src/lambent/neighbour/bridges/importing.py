"""Changes modules when they are imported: moto has hundreds, and most are never needed."""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

After = Callable[[ModuleType], None]


def when_imported(changes: Mapping[str, After]) -> None:
    """Call each change with its module: at once when that is there, else before whoever imports it first sees it."""
    waiting = {name: change for name, change in changes.items() if name not in sys.modules}
    sys.meta_path.insert(0, _Finder(waiting))
    for name in changes.keys() - waiting.keys():
        changes[name](sys.modules[name])


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, changes: Mapping[str, After]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._changes[fullname])
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, inner: importlib.abc.Loader, change: After) -> None:
        self._inner = inner
        self._change = change

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        self._change(module)
