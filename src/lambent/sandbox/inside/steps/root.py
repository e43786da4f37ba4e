"""An image's file system becomes the root, where one was asked for."""

# ruff: noqa: PTH102
# (paths are strings here: pathlib would be one more import in every fork)

from __future__ import annotations

import os
import stat

from ..contexts import SandboxContext
from ..kernel import (
    MS_NODEV,
    MS_NOSUID,
    MS_RDONLY,
    attach_tree,
    clone_tree,
    detach,
    mount,
    pivot_root,
)
from .base_folders import make_place

STAGE = "/mnt"
TMP = "/tmp"  # noqa: S108
KEPT = ("/dev", "/proc", "/etc/hosts", "/etc/resolv.conf")
"""Taken along from the base root, whatever the image has there."""


def run(context: SandboxContext) -> None:
    """Below the image lies a layer in which every place that is mounted over exists: images need not have them.

    Overlay of read-only layers alone: nothing of the image is copied, and its pages are shared by all sandboxes.
    Places are mounted over only after the change of root, so that a link in the image leads nowhere else.
    https://docs.kernel.org/filesystems/overlayfs.html
    """
    if not context.root:
        return
    kept = [(clone_tree(path), path) for path in KEPT]
    mount("lambent", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    image, places, root = (f"{STAGE}/{name}" for name in ("image", "places", "root"))
    for folder in (image, places, root, places + TMP):
        os.mkdir(folder)
    tree, _ = context.trees.pop(0)
    attach_tree(tree, image)
    os.close(tree)
    for fd, place in (*kept, *context.trees):
        make_place(places + place, stat.S_ISDIR(os.fstat(fd).st_mode))
    mount("overlay", root, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, f"lowerdir={image}:{places}")
    os.chdir(root)
    pivot_root(".", ".")
    detach(".")
    os.chdir("/")
    for fd, place in kept:
        attach_tree(fd, place, follow=True)
        os.close(fd)
