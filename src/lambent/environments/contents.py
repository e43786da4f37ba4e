"""What a function brings along: its package and its layers, or its image, unpacked once for all environments; and its
file systems."""

import asyncio
from collections import Counter

from lambent.environments.file_systems import FileSystems
from lambent.environments.live_folders import LiveFolders
from lambent.model.function import FunctionVersion
from lambent.runtimes.place import Folders
from lambent.store.blobs import Blobs
from lambent.store.images import Images
from lambent.store.layers import Layers

Key = tuple[str, str]


class Contents:
    """Where functions' code and layers are on this machine. Who uses them holds them, and releases them afterwards."""

    def __init__(self, blobs: Blobs, layers: Layers, images: Images, live: LiveFolders, files: FileSystems) -> None:
        self._blobs = blobs
        self._layers = layers
        self._images = images
        self._live = live
        self._files = files
        self._holders: Counter[Key] = Counter()
        self._released: dict[Key, asyncio.Event] = {}

    def hold(self, function: FunctionVersion) -> None:
        """Nothing of it is swept until `release`."""
        self._holders[_key(function)] += 1
        if function.code:
            self._blobs.hold(function.code)
        if function.layers:
            self._layers.hold(function.layers)
        if function.image:
            self._images.hold(function.image.digest)

    def release(self, function: FunctionVersion) -> None:
        """Give back what was held."""
        self._holders[_key(function)] -= 1
        if not self._holders[_key(function)]:
            del self._holders[_key(function)]
        if _key(function) in self._released:
            self._released[_key(function)].set()
        if function.code:
            self._blobs.release(function.code)
        if function.layers:
            self._layers.release(function.layers)
        if function.image:
            self._images.release(function.image.digest)

    async def held_by_one(self, function: FunctionVersion) -> None:
        """Until all holders but one have released it."""
        while self._holders[_key(function)] > 1:
            await self._released.setdefault(_key(function), asyncio.Event()).wait()
            del self._released[_key(function)]

    async def folders(self, function: FunctionVersion) -> Folders:
        """Its code and its merged layers, or its image's root, and its file systems.

        Raises BlobMissing, ImageError, StoreError, FileSystemMissing.
        """
        mounts = await self._files.folders(function)
        if function.image:
            root = (await self._images.unpacked(function.image.uri, function.image.digest)).root
            return Folders(root, mounts=mounts, image=True)
        code = self._live.of(function) or await self._blobs.unpack(function.code)
        opt = await self._layers.merged(function.layers) if function.layers else None
        return Folders(code, opt, mounts=mounts)


def _key(function: FunctionVersion) -> Key:
    return (function.revision_id, function.version)
