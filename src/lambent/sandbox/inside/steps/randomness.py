"""What forks of one zygote would otherwise have in common is drawn anew.

`random` reseeds itself at every fork, OpenSSL when its process id has changed (a zygote's is never a process's of a
sandbox). String hashing can't be reseeded: all forks of one zygote share its seed.
"""

from __future__ import annotations

import sys

from ..contexts import ProcessContext


def run(context: ProcessContext) -> None:
    """Process ids repeat between PID namespaces, so code that compares them to notice a fork may not notice."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None  # type: ignore[attr-defined]
        tempfile.tempdir = None  # type: ignore[attr-defined]
    uuid = sys.modules.get("uuid")
    if uuid is not None:
        uuid._last_timestamp = None  # type: ignore[attr-defined]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
