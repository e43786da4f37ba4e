"""What a snapshot has initialised is shared by its forks from now on."""

from __future__ import annotations

from ..contexts import ZygoteContext
from . import preload


def run(context: ZygoteContext) -> None:
    """As after the imports of any zygote; what an environment uses of it is the function's."""
    preload.settle(context)
    context.baseline = preload.resident()
