"""Imports what the sandboxes will use, so that they need not."""

# ruff: noqa: PTH112, PTH123, PTH208
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import gc
import importlib
import os
import sys

from .. import memory, wire
from ..contexts import ZygoteContext
from ..kernel import CallError

PAGE = os.sysconf("SC_PAGE_SIZE")


def run(context: ZygoteContext) -> None:
    """A module that can't be imported is skipped and noted. One that starts a thread can't be shared by a fork:
    that fails, naming it, and so does one that ends the process, because the server is told what is being imported.
    """
    _hide_ours(context)
    _do_as_site_does()
    context.baseline = resident()
    sys.path[:0] = context.paths
    for name in context.preload:
        wire.send(context.control, {"importing": name})
        try:
            importlib.import_module(name)
        except (SystemExit, Exception) as failed:
            context.skipped[name] = f"{type(failed).__name__}: {failed}"[:500]
        if len(os.listdir("/proc/self/task")) > 1:
            raise CallError(11, "threads are running after the import", name)
    if not context.entry:
        settle(context)


def _hide_ours(context: ZygoteContext) -> None:
    """What is imported from here on finds no module of ours, and may be of the same name. A process that looked for
    them in `sys.modules` would write to the name of each module there is."""
    ours = __name__.partition(".")[0]
    context.modules = [sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == ours]


def settle(context: ZygoteContext) -> None:
    """From here on the memory is shared with forks: no collection shall touch it."""
    gc.collect()
    gc.disable()
    memory.fill_holes()
    gc.freeze()


def _do_as_site_does() -> None:
    """The interpreter was started without `site`, whose .pth files may run anything. Its other work is done here."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.path += [folder for folder in site.getsitepackages([sys.base_prefix]) if os.path.isdir(folder)]


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * PAGE
