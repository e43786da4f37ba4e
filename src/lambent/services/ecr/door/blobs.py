"""Blobs are uploaded (at once, in chunks, out of another repository) and read."""

import asyncio
import re
from collections.abc import AsyncIterator

from lambent.services.ecr import layers
from lambent.services.ecr.door.registry_request import VERSION, Refused, RegistryRequest
from lambent.services.ecr.env import LAYER
from lambent.services.ecr.manifests import hex_of
from lambent.store.image_blobs import UploadMissing, UploadRefused, parts
from lambent.store.resources import Resource
from lambent.wire.http import Response

_CHUNK = re.compile(r"(?:bytes[ =])?([0-9]{1,15})-[0-9]{1,15}(?:/.*)?")
_FROM = re.compile(r"bytes=([0-9]{1,15})-")


async def read(asked: RegistryRequest) -> Response:
    """GET and HEAD of a blob; a read may begin at a byte of it."""
    head = asked.request.method == "HEAD"
    await asked.may("BatchCheckLayerAvailability" if head else "GetDownloadUrlForLayer")
    return blob(asked)


def blob(asked: RegistryRequest) -> Response:
    """The blob. Raises Refused where the repository has none of that digest."""
    repository = asked.repository()
    found = asked.env.resources.get(LAYER, repository.scope, repository.name, asked.reference)
    if found is None:
        raise Refused(404, "BLOB_UNKNOWN", f"the repository {repository.name} has no blob {asked.reference}")
    size = found.document["size"]
    wanted = _FROM.fullmatch(asked.request.headers.get("range", ""))
    first = int(wanted[1]) if wanted else 0
    if first > size:
        raise Refused(416, "SIZE_INVALID", f"the blob has {size} bytes")
    headers = [VERSION, ("Content-Type", "application/octet-stream"), ("Content-Length", str(size - first)),
               ("Docker-Content-Digest", asked.reference), ("Accept-Ranges", "bytes")]  # fmt: skip
    if wanted:
        headers.append(("Content-Range", f"bytes {first}-{size - 1}/{size}"))
    if asked.request.method == "HEAD":
        return Response(200, headers, _nothing())
    return Response(206 if wanted else 200, headers, parts(asked.env.blobs.open(hex_of(asked.reference)), first))


async def _nothing() -> AsyncIterator[bytes]:
    """The body of an answer whose length is that of what it does not send."""
    pieces: list[bytes] = []
    for piece in pieces:
        yield piece


async def begin(asked: RegistryRequest) -> Response:
    """POST: an upload begins; with `mount` or `digest` it may end at once."""
    await asked.may("InitiateLayerUpload")
    repository, mounted, digest = asked.repository(), asked.said("mount"), asked.said("digest")
    if mounted and await _mount(asked, repository, mounted):
        return _made(asked, mounted)
    asked.reference = layers.begin(asked.env, repository)
    if digest and not mounted:
        return await finish(asked)
    return _progress(asked, repository, 202, 0)


async def _mount(asked: RegistryRequest, repository: Resource, digest: str) -> bool:
    """Out of another repository of the registry which the caller may read."""
    source = asked.said("from")
    if not source or not hex_of(digest):
        return False
    await asked.may("GetDownloadUrlForLayer", source)
    return await layers.mount(asked.env, asked.env.named(asked.scope, source), repository, digest)


async def go_on(asked: RegistryRequest) -> Response:
    """PATCH: the next bytes of an upload."""
    await asked.may("UploadLayerPart")
    repository = asked.repository()
    return _progress(asked, repository, 202, await _append(asked, repository))


async def status(asked: RegistryRequest) -> Response:
    """GET of an upload: how far it is."""
    await asked.may("UploadLayerPart")
    repository = asked.repository()
    try:
        return _progress(asked, repository, 204, asked.env.blobs.received(asked.reference, layers.owner(repository)))
    except UploadMissing:
        raise _unknown(asked) from None


async def cancel(asked: RegistryRequest) -> Response:
    """DELETE of an upload."""
    await asked.may("UploadLayerPart")
    try:
        asked.env.blobs.cancel(asked.reference, layers.owner(asked.repository()))
    except UploadMissing:
        raise _unknown(asked) from None
    return Response(204, [VERSION])


async def finish(asked: RegistryRequest) -> Response:
    """PUT: the last bytes, if any, and the digest of them all."""
    await asked.may("CompleteLayerUpload")
    repository, digest = asked.repository(), asked.said("digest")
    try:
        await _append(asked, repository)
        await layers.complete(asked.env, repository, asked.reference, digest)
    except UploadMissing:
        raise _unknown(asked) from None
    except UploadRefused as error:
        raise Refused(400, "DIGEST_INVALID", str(error)) from None
    return _made(asked, digest)


async def _append(asked: RegistryRequest, repository: Resource) -> int:
    """What the request brings. Raises Refused."""
    chunk = _CHUNK.fullmatch(asked.request.headers.get("content-range", ""))
    data, at = asked.request.file or asked.request.body, int(chunk[1]) if chunk else None
    try:
        return await asked.env.blobs.append(asked.reference, layers.owner(repository), data, at)
    except UploadMissing:
        raise _unknown(asked) from None
    except UploadRefused as error:
        raise Refused(416 if at is not None else 413, "BLOB_UPLOAD_INVALID", str(error)) from None


def _unknown(asked: RegistryRequest) -> Refused:
    return Refused(404, "BLOB_UPLOAD_UNKNOWN", f"there is no upload {asked.reference} (any more): begin again")


def _progress(asked: RegistryRequest, repository: Resource, code: int, size: int) -> Response:
    where = f"/v2/{repository.name}/blobs/uploads/{asked.reference}"
    told = [("Location", where), ("Docker-Upload-UUID", asked.reference), ("Range", f"0-{max(size - 1, 0)}")]
    return Response(code, [VERSION, *told])


def _made(asked: RegistryRequest, digest: str) -> Response:
    where = ("Location", f"/v2/{asked.name}/blobs/{digest}")
    return Response(201, [VERSION, where, ("Docker-Content-Digest", digest)])


async def text_of(asked: RegistryRequest, most: int) -> str:
    """A body that is text. Raises Refused for one of more bytes, or none."""
    file = asked.request.file
    data = await asyncio.to_thread(file.read, most + 1) if file is not None else asked.request.body
    if len(data) > most:
        raise Refused(413, "SIZE_INVALID", f"a manifest has at most {most} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused(400, "MANIFEST_INVALID", "a manifest is UTF-8") from None
