"""What was in /tmp when the snapshot was taken is in the /tmp of each environment."""

# ruff: noqa: S108
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import shutil

from ..contexts import SandboxContext


def run(context: SandboxContext) -> None:
    """Copied: the environments change theirs apart from each other."""
    zygote = context.zygote
    if not zygote.tmp_used:
        return
    shutil.copytree(f"/proc/self/fd/{zygote.tmp}", "/tmp", symlinks=True, dirs_exist_ok=True)
    os.close(zygote.tmp)
