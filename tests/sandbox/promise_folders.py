"""Folders of the host that can be written to."""

import os
import shutil
from pathlib import Path

from kit import Kit
from promise_roots import shell_says, small_image
from registry import NAMESPACE, ROOT, at

from lambent.sandbox.spec import Bind


@at(NAMESPACE)
async def a_folder_of_the_host_is_shared(kit: Kit) -> None:
    shared = _shared(kit)
    binds = (
        Bind(kit.code, "/var/task"),
        Bind(shared, "/mnt/data", writable=True),
        Bind(shared, "/mnt/a/b"),
    )
    async with kit.sandbox("one", binds=binds) as one, kit.sandbox("two", binds=binds) as two:
        found, flags = await kit.ask(one, "share", NAME="one", PLACES="/mnt/data /mnt/a/b /mnt /var/task")
        assert found.pop("/mnt/data") == ["done", ["one"]]
        assert found.pop("/mnt/a/b") == ["EROFS", ["one"]]
        assert [tried for tried, _ in found.values()] == ["EROFS"] * 2, found
        assert flags == {
            "/mnt": ["ro", "nosuid", "nodev"],
            "/mnt/data": ["rw", "nosuid", "nodev"],
            "/mnt/a/b": ["ro", "nosuid", "nodev"],
        }, flags
        found, _ = await kit.ask(two, "share", NAME="two", PLACES="/mnt/data")
        assert found == {"/mnt/data": ["done", ["one", "two"]]}, found
    async with kit.sandbox("none") as other:
        found, flags = await kit.ask(other, "share", NAME="x", PLACES="/mnt")
        assert (found, flags) == ({"/mnt": ["EROFS", []]}, {})
    assert {path.name: path.read_text() for path in shared.iterdir()} == {"one": "from one", "two": "from two"}
    shutil.rmtree(shared)


@at(NAMESPACE)
async def an_image_sees_a_shared_folder(kit: Kit) -> None:
    image, shared = small_image(kit), _shared(kit)
    async with kit.sandbox(root=image, binds=(Bind(shared, "/mnt/data", writable=True),)) as sandbox:
        assert await shell_says(sandbox, "echo text > /mnt/data/new && echo done") == "done\n"
        assert await shell_says(sandbox, "echo x > /mnt/x || echo refused") == "refused\n"
    assert (shared / "new").read_text() == "text\n"
    shutil.rmtree(image)
    shutil.rmtree(shared)


def _shared(kit: Kit) -> Path:
    """A folder that belongs to the sandboxes' user. The scenario removes it."""
    shared = kit.code.parent / "shared"
    shared.mkdir(mode=0o700)
    if ROOT:
        os.chown(shared, 993, 990)
    return shared
