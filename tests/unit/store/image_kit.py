"""Container images that tests make by themselves."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def layer(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, data in entries:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def layer_of(files: dict[str, str | bytes]) -> bytes:
    """A name that ends in `*` is executable, in `/` a folder; a text that starts with `->` is a link's target."""
    entries = []
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        if name.endswith("/"):
            entries.append((entry(name, tarfile.DIRTYPE, mode=0o755), b""))
        elif data.startswith(b"->"):
            entries.append((entry(name, tarfile.SYMTYPE, data[2:].decode()), b""))
        else:
            entries.append((entry(name.rstrip("*"), mode=0o755 if name.endswith("*") else 0o644), data))
    return layer(entries)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def config_of(architecture: str = "amd64", **said: Any) -> dict[str, Any]:
    return {"os": "linux", "architecture": architecture, "config": said}


class Layout:
    """The documents and blobs of one image, by digest; `manifest` is the digest of its manifest."""

    def __init__(self, config: dict[str, Any], *layers: bytes, packed: bool = True) -> None:
        self.blobs: dict[str, bytes] = {}
        self.layers = [gzip.compress(one, mtime=0) if packed else one for one in layers]
        self.config = json.dumps(config).encode()
        kind = f"{OCI_LAYER}+gzip" if packed else OCI_LAYER
        described = [{"mediaType": kind, "digest": self.add(one), "size": len(one)} for one in self.layers]
        about = {"mediaType": OCI_CONFIG, "digest": self.add(self.config), "size": len(self.config)}
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": about, "layers": described}
        self.manifest = self.add(json.dumps(manifest).encode())

    def add(self, data: bytes) -> str:
        self.blobs[digest_of(data)] = data
        return digest_of(data)

    @property
    def digest(self) -> str:
        return self.manifest.removeprefix("sha256:")

    def index(self, *names: str, architecture: str = "") -> bytes:
        size = len(self.blobs[self.manifest])
        described: dict[str, Any] = {"mediaType": OCI_MANIFEST, "digest": self.manifest, "size": size}
        if architecture:
            described["platform"] = {"os": "linux", "architecture": architecture}
        references = [{"annotations": {"org.opencontainers.image.ref.name": name}} for name in names] or [{}]
        return json.dumps({"schemaVersion": 2, "manifests": [described | one for one in references]}).encode()

    def write(self, folder: Path, *names: str) -> Path:
        """As an OCI layout."""
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "index.json").write_bytes(self.index(*names))
        for digest, data in self.blobs.items():
            (folder / "blobs/sha256" / digest.removeprefix("sha256:")).write_bytes(data)
        return folder

    def save(self, path: Path, *tags: str) -> Path:
        """As `docker save` does."""
        named = {f"{number}/layer.tar": data for number, data in enumerate(self.layers)}
        name = f"{hashlib.sha256(self.config).hexdigest()}.json"
        manifest = [{"Config": name, "RepoTags": list(tags), "Layers": list(named)}]
        files = {name: self.config, "manifest.json": json.dumps(manifest).encode(), **named}
        path.write_bytes(layer((entry(name), data) for name, data in files.items()))
        return path


def tarred(folder: Path, path: Path) -> Path:
    """A tar file of a folder."""
    with tarfile.open(path, "w") as archive:
        archive.add(folder, ".")
    return path
