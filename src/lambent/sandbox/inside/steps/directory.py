"""Working directory and umask."""

from __future__ import annotations

import os

from ..contexts import ProcessContext

UMASK = 0o022


def run(context: ProcessContext) -> None:
    """As the sandbox's user: a folder that it can't enter is an error here and not a surprise later."""
    os.umask(UMASK)
    os.chdir(context.cwd)
