"""The environment is the one that was asked for and holds nothing of the host's."""

from __future__ import annotations

import os

from ..contexts import ProcessContext
from ..kernel import clear_environment


def run(context: ProcessContext) -> None:
    """Both os.environ and the C library's. One by one: `update` is far more Python (see `memory`)."""
    clear_environment()
    for name, value in context.environment.items():
        os.environ[name] = value
