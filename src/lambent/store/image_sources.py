"""Where container images come from: files of this machine. Registries are in `registry`.

Each source reads an image as the manifest (JSON) that lists its configuration and layers by digest.
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import hashlib
import json
import os
import platform
import stat
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from lambent.store.beneath import NotBeneath, open_beneath
from lambent.store.image_layers import ZSTD, ImageError

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
REFERENCE = "org.opencontainers.image.ref.name"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""This machine's name for itself to the image specification's."""
JSON_MAX = 8 << 20
"""Bytes of the largest manifest or configuration that is read."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: `open` gives its bytes, whatever their compression; `digest` (hex) is what they are to be held
    against, "" if that is done already or there is none."""

    digest: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True, slots=True)
class Found:
    """An image as a source has it. `digest` is the hex SHA-256 of its manifest."""

    digest: str
    config: dict[str, Any]
    layers: tuple[Layer, ...]


Folders = Sequence[Path]
"""The folders of this machine that images may be named in."""
Read = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Opens a file of a layout or archive by its name there. Raises ImageError."""


def oci_layout(folders: Folders, path: Path, reference: str) -> Found:
    """The image of an OCI layout below one of `folders`: a folder, or a tar file of one. Raises ImageError."""
    read = _reader(folders, path)
    described = _described(_json(read, "index.json"), reference, path)
    digest = described["digest"]
    manifest = _checked(read, digest)
    if manifest.get("mediaType", described.get("mediaType")) in INDEXES or "manifests" in manifest:
        digest = for_this_machine(manifest)
        manifest = _checked(read, digest)
    layers = tuple(Layer(_hex(one["digest"]), _opener(read, one["digest"])) for one in manifest["layers"])
    return Found(_hex(digest), _checked(read, manifest["config"]["digest"]), layers)


def docker_archive(folders: Folders, path: Path, reference: str) -> Found:
    """The image of an archive below one of `folders`, that `docker save` wrote. Raises ImageError.

    It holds no manifest with a digest; its configuration's digest (Docker's image id) stands for it.
    """
    read = _reader(folders, path)
    images = _json(read, "manifest.json")
    chosen = [one for one in images if not reference or reference in (one.get("RepoTags") or ())]
    if len(chosen) != 1:
        names = ", ".join(tag for one in images for tag in one.get("RepoTags") or ()) or "images without a name"
        raise ImageError(f"{path} holds {names}: name one, as in docker-archive:{path}:name:tag")
    with read(chosen[0]["Config"]) as file:
        raw = file.read(JSON_MAX)
    layers = tuple(Layer("", lambda name=name: read(name)) for name in chosen[0]["Layers"])  # type: ignore[misc]
    return Found(hashlib.sha256(raw).hexdigest(), _parsed(raw, chosen[0]["Config"]), layers)


def for_this_machine(index: dict[str, Any]) -> str:
    """The digest of the manifest for this machine, of an index. Raises ImageError."""
    wanted = ARCHITECTURES.get(platform.machine(), platform.machine())
    platforms = [one.get("platform", {}) for one in index["manifests"]]
    for one, where in zip(index["manifests"], platforms, strict=True):
        if where.get("os") == "linux" and where.get("architecture") == wanted:
            return str(one["digest"])
    there = ", ".join(f"{where.get('os')}/{where.get('architecture')}" for where in platforms)
    raise ImageError(f"the image is for {there}, this machine is linux/{wanted}")


def check_platform(config: dict[str, Any]) -> None:
    """Raises ImageError for an image of another architecture than this machine's."""
    wanted = ARCHITECTURES.get(platform.machine(), platform.machine())
    if config.get("architecture", wanted) != wanted or config.get("os", "linux") != "linux":
        there = f"{config.get('os')}/{config.get('architecture')}"
        raise ImageError(f"the image is for {there}, this machine is linux/{wanted}")


@contextmanager
def opened(layer: Layer) -> Iterator[IO[bytes]]:
    """The layer as tarfile can read it. Raises ImageError, also for a compression that can't be undone here."""
    with layer.open() as raw:
        if layer.digest and hashlib.file_digest(raw, "sha256").hexdigest() != layer.digest:  # type: ignore[arg-type]
            raise ImageError(f"layer {layer.digest} is not what its name says")
        raw.seek(0)
        with _plain(raw) as plain:
            yield plain


@contextmanager
def _plain(layer: IO[bytes]) -> Iterator[IO[bytes]]:
    head = layer.read(len(ZSTD))
    layer.seek(0)
    if head != ZSTD:
        yield layer
        return
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise ImageError("a layer is compressed with zstd, which needs Python 3.14: use gzip") from None
    with zstd.ZstdFile(layer) as unpacked:
        yield unpacked


# --- files


def _reader(folders: Folders, path: Path) -> Read:
    opened_path = _found(folders, path)
    if stat.S_ISDIR(os.fstat(opened_path).st_mode):
        os.close(opened_path)
        return lambda name: _open_file(folders, path, name)
    try:
        with os.fdopen(opened_path, "rb") as file, tarfile.open(fileobj=file) as archive:
            members = {str(PurePosixPath(member.name)): member for member in archive if member.isfile()}
            links = {
                str(PurePosixPath(member.name)): str(PurePosixPath(member.name).parent / member.linkname)
                for member in archive
                if member.issym()
            }
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ImageError(f"{path} is no archive of an image: {error}") from error
    return lambda name: _open_member(folders, path, members, links, name)


def _found(folders: Folders, path: Path) -> int:
    try:
        return open_beneath(folders, path)
    except NotBeneath as error:
        text = "there is no such file or folder below those that the setting image_folders lists"
        raise ImageError(f"{path}: {text}") from error


@contextmanager
def _open_file(folders: Folders, folder: Path, name: str) -> Iterator[IO[bytes]]:
    if ".." in name.split("/") or name.startswith("/"):
        raise ImageError(f"{name!r} leads out of {folder}")
    try:
        file = os.fdopen(open_beneath(folders, folder / name), "rb")
    except (NotBeneath, OSError) as error:
        raise ImageError(f"{folder} has no {name}") from error
    with file:
        yield file


@contextmanager
def _open_member(
    folders: Folders, path: Path, members: dict[str, tarfile.TarInfo], links: dict[str, str], name: str
) -> Iterator[IO[bytes]]:
    name = str(PurePosixPath(name))
    member = members.get(name) or members.get(_normal(links.get(name, "")))
    if member is None:
        raise ImageError(f"{path} has no {name}")
    with os.fdopen(_found(folders, path), "rb") as opened_path, tarfile.open(fileobj=opened_path) as archive:
        file = archive.extractfile(member)
        assert file is not None
        yield file


def _normal(name: str) -> str:
    """`a/../b` is `b`: older `docker save` links layers to one another."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def _json(read: Read, name: str) -> Any:
    with read(name) as file:
        return _parsed(file.read(JSON_MAX), name)


def _parsed(raw: bytes, name: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ImageError(f"{name} is not JSON: {error}") from error


def _checked(read: Read, digest: str) -> dict[str, Any]:
    """A document of the layout, held against its digest."""
    name = f"blobs/sha256/{_hex(digest)}"
    with read(name) as file:
        raw = file.read(JSON_MAX)
    if hashlib.sha256(raw).hexdigest() != _hex(digest):
        raise ImageError(f"{name} is not what its name says")
    parsed: dict[str, Any] = _parsed(raw, name)
    return parsed


def _opener(read: Read, digest: str) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    return lambda: read(f"blobs/sha256/{_hex(digest)}")


def _described(index: dict[str, Any], reference: str, path: Path) -> dict[str, Any]:
    """The one descriptor that is meant."""
    all_of_them: list[dict[str, Any]] = index.get("manifests", [])
    names = [(one.get("annotations") or {}).get(REFERENCE, "") for one in all_of_them]
    if reference:
        chosen = [one for one, name in zip(all_of_them, names, strict=True) if name == reference]
    else:
        chosen = all_of_them
    if len(chosen) != 1:
        raise ImageError(f"{path} holds {', '.join(names) or 'no image'}: name one, as in oci:{path}:tag")
    return chosen[0]


def _hex(digest: str) -> str:
    """The hex part of `sha256:…`. Raises ImageError for anything else."""
    kind, _, text = digest.partition(":")
    if kind != "sha256" or len(text) != 64 or not all(letter in "0123456789abcdef" for letter in text):
        raise ImageError(f"{digest!r} is not a SHA-256 digest")
    return text
