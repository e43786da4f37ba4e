"""What forks of one zygote would otherwise have in common is drawn anew.

`random` reseeds itself at every fork. String hashing can't be reseeded: all forks of one zygote share its seed.
"""

from __future__ import annotations

import os
import sys

from ..contexts import ProcessContext


def run(context: ProcessContext) -> None:
    """Process ids repeat between PID namespaces, so code that compares them to notice a fork may not."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None  # type: ignore[attr-defined]
        tempfile.tempdir = None
    uuid = sys.modules.get("uuid")
    if uuid is not None:
        uuid._last_timestamp = None  # type: ignore[attr-defined]
    ssl = sys.modules.get("_ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(32), 32.0)
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
