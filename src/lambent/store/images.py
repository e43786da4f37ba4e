"""Container images by the digest of their manifest: `<data-dir>/images/<digest>/`, unpacked once.

`root/` is the image's file system, `image.json` what it says about its process. A folder is there whole or not at
all: unpacked beside and renamed.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lambent.model.scope import Scope
from lambent.outward import NOTHING_MORE, Reach
from lambent.store import image_reference
from lambent.store.errors import from_os
from lambent.store.folders import STAGING, Holds, open_folder, place, remove, sweep_folder
from lambent.store.image_layers import ImageError, Root, resolve
from lambent.store.image_reference import FileReference, RegistryReference
from lambent.store.image_sources import Found, check_platform, docker_archive, oci_layout, opened
from lambent.store.registry import Pull, pulling

LIMIT = 10 << 30
"""Bytes of an image, unpacked (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
_ABOUT = "image.json"
_HERE = Scope()


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An image on the disk, and what it says about its process; `notes` are what was left out of it."""

    digest: str
    root: Path
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_directory: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    notes: Mapping[str, int] = field(default_factory=dict)

    def find(self, path: str) -> Path:
        """Where a path of the image is on this machine, links followed as inside. Raises ImageError."""
        return resolve(self.root, path.split("/"))


@dataclass(frozen=True, slots=True)
class Sources:
    """Where images may come from. `logins` answers base64 of user:password for a registry's host, or ""; `reach` are
    the registries that may be asked, `folders` those of this machine that images may be named in."""

    logins: Callable[[str], str] = lambda _host: ""
    reach: Reach = NOTHING_MORE
    folders: Sequence[Path] = ()

    def pulling(self, reference: RegistryReference) -> AbstractAsyncContextManager[Pull]:
        """A conversation with the reference's registry."""
        return pulling(reference, self.logins, self.reach)

    def look(self, reference: FileReference) -> Found:
        """The image in a file or folder. Raises ImageError."""
        kind = oci_layout if reference.kind == "oci" else docker_archive
        try:
            found = kind(self.folders, reference.path, reference.name)
        except (KeyError, TypeError) as error:
            raise ImageError(f"{reference.path} is no image: {error!r}") from error
        check_platform(found.config)
        return found


class Registry(Protocol):
    """The registry of this server, which is asked without a connection."""

    def is_ours(self, reference: RegistryReference, login: str) -> bool:
        """Whether a reference is for it; `login` is what the user has for that host, or ""."""
        ...

    def digest(self, reference: RegistryReference, scope: Scope) -> str:
        """What `Images.resolve` answers. Raises ImageError."""
        ...

    def fetch(self, reference: RegistryReference, digest: str) -> Found:
        """The image of that digest. Raises ImageError."""
        ...


class Images:
    """The images of one data folder. All methods are called on the event loop. `own` is this server's registry."""

    own: Registry | None = None

    def __init__(self, folder: Path, sources: Sources | None = None, limit: int = LIMIT) -> None:
        """Open `folder`, removing what a killed server left half done. `limit` is in bytes. Raises StoreError."""
        self._folder = folder
        self._sources = sources or Sources()
        self._limit = limit
        self.held = Holds()
        self._known: dict[str, Unpacked] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        open_folder(folder)

    async def resolve(self, uri: str, scope: Scope = _HERE) -> str:
        """The digest (hex SHA-256) that a URI stands for now, for who asks in `scope`. Nothing is fetched but that.
        Raises ImageError."""
        reference = image_reference.parse(uri)
        if isinstance(reference, FileReference):
            return (await asyncio.to_thread(self._sources.look, reference)).digest
        if (own := self._own(reference)) is not None:
            return own.digest(reference, scope)
        async with self._sources.pulling(reference) as pull:
            return await pull.digest()

    async def unpacked(self, uri: str, digest: str) -> Unpacked:
        """The image that `uri` stood for when it had `digest`, fetched and unpacked if it is not there yet.

        Raises ImageError, also when the URI stands for another image now and this one can't be had any more.
        """
        known = self._known.get(digest)
        if known is None:
            async with self._locks.setdefault(digest, asyncio.Lock()):
                if not place(self._folder, digest).is_dir():
                    await self._fetch(uri, digest)
                known = self._known[digest] = await asyncio.to_thread(_load, place(self._folder, digest), digest)
        return known

    def hold(self, digest: str) -> None:
        """Keep an image from being swept until `release`; holds are counted."""
        self.held.hold(digest)

    def release(self, digest: str) -> None:
        """End one hold."""
        self.held.release(digest)

    async def sweep(self, used: set[str]) -> list[str]:
        """Remove every image that is neither held nor in `used`; answers their digests. Raises StoreError."""

        def wanted(digest: str) -> bool:
            lock = self._locks.get(digest)
            if digest in used or digest in self.held or (lock is not None and lock.locked()):
                return True
            self._known.pop(digest, None)
            return False

        return await sweep_folder(self._folder, wanted)

    def _own(self, reference: RegistryReference) -> Registry | None:
        login = self._sources.logins(reference.host) if self.own is not None else ""
        return self.own if self.own is not None and self.own.is_ours(reference, login) else None

    async def _fetch(self, uri: str, digest: str) -> None:
        reference = image_reference.parse(uri)
        try:
            staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=self._folder))
        except OSError as error:
            raise from_os(error) from error
        try:
            if isinstance(reference, RegistryReference) and (own := self._own(reference)) is not None:
                found = own.fetch(reference, digest)
            elif isinstance(reference, RegistryReference):
                async with self._sources.pulling(reference.at(digest)) as pull:
                    found = await pull.fetch(staging)
            else:
                found = await asyncio.to_thread(self._sources.look, reference)
            if found.digest != digest:
                raise ImageError(f"{uri} is another image now than when the function was deployed")
            await asyncio.to_thread(self._unpack, found, staging)
        finally:
            await asyncio.to_thread(remove, staging)

    def _unpack(self, found: Found, staging: Path) -> None:
        made = staging / "image"
        folder = made / "root"
        try:
            folder.mkdir(parents=True, mode=0o755)
            root = Root(folder, self._limit)
            for layer in found.layers:
                with opened(layer) as plain:
                    root.apply(plain)
            root.finish()
            about = _about(found.config) | {"notes": dict(root.notes)}
            (made / _ABOUT).write_text(json.dumps(about))
            made.rename(place(self._folder, found.digest))
        except OSError as error:
            raise from_os(error) from error


def _about(config: Mapping[str, Any]) -> dict[str, Any]:
    """https://github.com/opencontainers/image-spec/blob/main/config.md"""
    said = config.get("config") or {}
    pairs = [variable.partition("=")[::2] for variable in said.get("Env") or ()]
    return {
        "entry_point": said.get("Entrypoint") or [],
        "command": said.get("Cmd") or [],
        "working_directory": said.get("WorkingDir") or "",
        "environment": dict(pairs),
        "user": said.get("User") or "",
    }


def _load(folder: Path, digest: str) -> Unpacked:
    try:
        about = json.loads((folder / _ABOUT).read_bytes())
    except OSError as error:
        raise from_os(error) from error
    about["entry_point"], about["command"] = tuple(about["entry_point"]), tuple(about["command"])
    return Unpacked(digest, folder / "root", **about)
