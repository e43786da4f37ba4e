"""The environment is the one that was asked for and holds nothing of the host's."""

from __future__ import annotations

import os

from ..contexts import ProcessContext
from ..kernel import clear_environment


def run(context: ProcessContext) -> None:
    """Both os.environ and the C library's."""
    clear_environment()
    os.environ.update(context.environment)
