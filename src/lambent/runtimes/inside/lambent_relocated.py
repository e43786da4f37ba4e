"""Imported last in a zygote whose sandboxes show the interpreter at /var/lang and the runtime client at
/var/runtime: everything imported so far from the host's folders is made to say so.

Tracebacks, `__file__`, package search paths and the paths that modules have noted are then those of AWS,
and what a package imports later is found where it is inside. Imported for this effect.
"""

from __future__ import annotations

import _imp
import gc
import linecache
import os
import sys
from types import FunctionType, ModuleType

import awslambdaric
import lambent_bootstrap as bootstrap  # type: ignore[import-not-found]


def relocate(moves: list[tuple[str, str]]) -> None:
    """Rewrite every path under `moves` (host folder, folder inside) that imported code carries."""
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            code = thing.__code__
            moved = moved_path(code.co_filename, moves)
            if moved is not code.co_filename:
                _imp._fix_co_filename(code, moved)  # type: ignore[attr-defined]
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            _relocate_module(module, moves)
    linecache.clearcache()
    sys.path_importer_cache.clear()


def moved_path(path: str, moves: list[tuple[str, str]]) -> str:
    """`path` as it is inside; the same object if it is under none of the folders."""
    for host, inside in moves:
        if path.startswith(host) and (len(path) == len(host) or path[len(host)] == "/"):
            return inside + path[len(host) :]
    return path


def _relocate_module(module: ModuleType, moves: list[tuple[str, str]]) -> None:
    spec = getattr(module, "__spec__", None)
    for holder in (spec, getattr(spec, "loader", None)):
        for name in ("origin", "cached", "path", "submodule_search_locations"):
            _relocate_value(holder, name, getattr(holder, name, None), moves)
    if module is sys:
        return
    for name, value in list(vars(module).items()):
        _relocate_value(module, name, value, moves)
        if isinstance(value, type) and value.__module__ == module.__name__:
            for inner, held in list(vars(value).items()):
                _relocate_value(value, inner, held, moves)


def _relocate_value(holder: object, name: str, value: object, moves: list[tuple[str, str]]) -> None:
    """A string, or a list of them: the shapes in which modules keep paths."""
    if type(value) is list:
        value[:] = [moved_path(part, moves) if type(part) is str else part for part in value]
    elif type(value) is str:
        moved = moved_path(value, moves)
        if moved is not value:
            try:
                setattr(holder, name, moved)
            except (AttributeError, TypeError):  # a read-only attribute of a built-in type
                return


def _moves() -> list[tuple[str, str]]:
    """Longest first, because one folder may lie in another."""
    moves = [
        (sys.base_prefix, bootstrap.LANG),
        (os.path.dirname(os.path.dirname(awslambdaric.__file__)), bootstrap.RUNTIME),
        (bootstrap.HERE, bootstrap.INSIDE),
        (os.path.expanduser("~"), bootstrap.HOME),
    ]
    return sorted((move for move in moves if len(move[0]) > 1), key=lambda move: -len(move[0]))


_made = _moves()
relocate(_made)
bootstrap.moves[:] = _made
