"""All types that stacks can make by calls."""

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module

from lambent.deploy.resources import types
from lambent.deploy.resources.kind import Kind
from lambent.deploy.resources.left import LEFT


def _kinds() -> Iterator[tuple[str, Kind]]:
    """Of every module beside `types`."""
    for found in pkgutil.iter_modules(types.__path__, f"{types.__name__}."):
        yield from import_module(found.name).KINDS.items()


KINDS: Mapping[str, Kind] = {name: replace(kind, left=LEFT[name]) if name in LEFT else kind for name, kind in _kinds()}
"""Type -> how it is made."""
