"""What Code.ImageUri may say.

oci:/path[:tag]                     an OCI layout, a folder or a tar file of one
docker-archive:/path[:name:tag]     what `docker save` wrote
host[:port]/name[:tag][@digest]     a registry, as on AWS
"""

import re
from dataclasses import dataclass
from pathlib import Path

from lambent.store.image_layers import ImageError

DOCKER_HUB = "registry-1.docker.io"
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-f:]+\])(?::\d{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileReference:
    """An image in a file or folder of this machine; `kind` is "oci" or "docker-archive"."""

    kind: str
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class RegistryReference:
    """An image in a registry; `version` is a tag or a digest (`sha256:…`)."""

    host: str
    repository: str
    version: str

    def at(self, digest: str) -> "RegistryReference":
        """The same image as it was when it had this digest (hex)."""
        return RegistryReference(self.host, self.repository, f"sha256:{digest}")


def parse(uri: str) -> FileReference | RegistryReference:
    """Raises ImageError for what is none of the three."""
    kind, colon, rest = uri.partition(":")
    if colon and kind in ("oci", "docker-archive"):
        path, _, name = rest.partition(":")
        if not path.startswith("/"):
            raise ImageError(f"{uri!r}: the path must be absolute, as in {kind}:/images/one")
        return FileReference(kind, Path(path), name)
    return _registry(uri)


def _registry(uri: str) -> RegistryReference:
    name, _, digest = uri.partition("@")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, path = first, rest
    else:
        host, path = DOCKER_HUB, name if slash else f"library/{name}"
    repository, _, tag = path.partition(":")
    version = digest or tag or "latest"
    if (
        not _HOST.fullmatch(host)
        or name.endswith(":")
        or not _REPOSITORY.fullmatch(repository)
        or not (_TAG.fullmatch(version) or _DIGEST.fullmatch(version))
    ):
        raise ImageError(f"{uri!r} is not the name of an image")
    return RegistryReference(DOCKER_HUB if host in ("docker.io", "index.docker.io") else host, repository, version)
