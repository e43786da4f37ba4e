"""What a manifest says: which blobs and manifests it needs, how large its image is.

https://github.com/opencontainers/image-spec/blob/main/manifest.md, image-index.md;
https://distribution.github.io/distribution/spec/manifest-v2-2/
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import orjson

from lambent.services.ecr import faults

MOST_BYTES = 4 << 20
"""Of a manifest (the service model's ImageManifest)."""
OCI, OCI_INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
KNOWN = (OCI, OCI_INDEX, DOCKER, DOCKER_LIST)
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`digest` is its own; `blobs` and `manifests` are the digests of what it needs, `size` is in bytes and counts
    each blob once, `subject` the digest of the manifest that it is about, "" for none."""

    text: str
    digest: str
    media_type: str
    artifact_type: str
    blobs: tuple[str, ...]
    manifests: tuple[str, ...]
    size: int
    subject: str


def hex_of(digest: str) -> str:
    """The hex part of `sha256:…`, "" for anything else."""
    found = _DIGEST.fullmatch(digest)
    return found[1] if found else ""


def read(text: str, media_type: str = "") -> Manifest:
    """Raises InvalidParameterException for what is no manifest."""
    try:
        said = orjson.loads(text)
        if not isinstance(said, dict):
            raise ValueError("an object is needed")
        return _read(text, said, said.get("mediaType") or media_type)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise faults.broken("ImageManifest", "Invalid JSON syntax", f" ({reason})") from None


def _read(text: str, said: dict[str, Any], media_type: str) -> Manifest:
    kind = media_type or (OCI_INDEX if "manifests" in said else OCI)
    if kind not in KNOWN:
        raise ValueError(f"no manifest has the media type {kind}")
    needed = [said["config"], *said["layers"]] if kind in (OCI, DOCKER) else []
    blobs = {_digest(one): int(one["size"]) for one in needed if not one.get("urls")}
    manifests = tuple(_digest(one) for one in said.get("manifests") or ()) if not needed else ()
    artifact = said.get("artifactType") or (needed[0].get("mediaType", "") if needed else "")
    subject = _digest(said["subject"]) if said.get("subject") else ""
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    return Manifest(text, digest, kind, artifact, tuple(blobs), manifests, sum(blobs.values()), subject)


def _digest(descriptor: dict[str, Any]) -> str:
    if not hex_of(descriptor["digest"]):
        raise ValueError(f"{descriptor['digest']!r} is no SHA-256 digest")
    return str(descriptor["digest"])
