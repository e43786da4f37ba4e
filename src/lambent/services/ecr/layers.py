"""Blobs of a repository, in ECR's own API: what clients other than registries' send, a part at a time."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.ecr import faults
from lambent.services.ecr.env import LAYER, EcrEnv, registry
from lambent.services.ecr.manifests import hex_of
from lambent.store.image_blobs import UploadMissing, UploadRefused
from lambent.store.resources import Resource

PART_BYTES = 10 << 20
"""Of a part (InitiateLayerUpload's `partSize`); the last may be smaller than the least."""
LINK_SECONDS = 3600


def owner(repository: Resource) -> tuple[object, str]:
    """Whose an upload is."""
    return (repository.scope, repository.name)


async def batch_check_layer_availability(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchCheckLayerAvailability."""
    repository = env.repository(caller, params)
    layers, failures = [], []
    for digest in params["layerDigests"]:
        found = env.resources.get(LAYER, repository.scope, repository.name, digest)
        if found is not None:
            layers.append({"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": found.document["size"],
                           "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"})  # fmt: skip
        elif hex_of(digest):
            layers.append({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"})
        else:
            text = f"Invalid layer digest '{digest}'"
            failures.append({"layerDigest": digest, "failureCode": "InvalidLayerDigest", "failureReason": text})
    return {"layers": layers, "failures": failures}


async def initiate_layer_upload(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """InitiateLayerUpload."""
    return {"uploadId": begin(env, env.repository(caller, params)), "partSize": PART_BYTES}


def begin(env: EcrEnv, repository: Resource) -> str:
    """A new upload's id. Raises LimitExceededException."""
    upload_id = env.new_id()
    if not env.blobs.begin(upload_id, owner(repository), repository.scope.account):
        raise faults.of("LimitExceeded", "Too many uploads are under way at once.")
    return upload_id


async def upload_layer_part(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """UploadLayerPart."""
    repository, upload_id = env.repository(caller, params), params["uploadId"]
    first, last, data = params["partFirstByte"], params["partLastByte"], params["layerPartBlob"]
    if last - first + 1 != len(data):
        raise faults.of("InvalidLayerPart", f"The part has {len(data)} bytes, not those from {first} to {last}.")
    try:
        size = await env.blobs.append(upload_id, owner(repository), data, first)
    except UploadMissing:
        raise faults.no_upload(upload_id, repository.name, repository.scope.account) from None
    except UploadRefused as error:
        raise faults.of("InvalidLayerPart", f"The part is not valid: {error}.") from None
    account = repository.scope.account
    return {
        "registryId": account,
        "repositoryName": repository.name,
        "uploadId": upload_id,
        "lastByteReceived": size - 1,
    }


async def complete_layer_upload(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """CompleteLayerUpload."""
    repository, upload_id, digest = env.repository(caller, params), params["uploadId"], params["layerDigests"][0]
    account = repository.scope.account
    if env.has_layer(repository, digest):
        text = f"Layer already exists with digest '{digest}' in the repository with name '{repository.name}'"
        raise faults.of("LayerAlreadyExists", f"{text} in registry with id '{account}'")
    try:
        if not env.blobs.received(upload_id, owner(repository)):
            raise faults.of("EmptyUpload", f"The upload with ID '{upload_id}' has no parts.")
        await complete(env, repository, upload_id, digest)
    except UploadMissing:
        raise faults.no_upload(upload_id, repository.name, account) from None
    except UploadRefused as error:
        raise faults.of("InvalidLayer", f"The layer is not valid: {error}.") from None
    return {"registryId": account, "repositoryName": repository.name, "uploadId": upload_id, "layerDigest": digest}


async def complete(env: EcrEnv, repository: Resource, upload_id: str, digest: str) -> None:
    """What was uploaded becomes a blob of the repository. Raises UploadMissing, UploadRefused."""
    if not hex_of(digest):
        raise UploadRefused(f"{digest!r} is no SHA-256 digest")
    async with env.changing:
        size = await env.blobs.finish(upload_id, owner(repository), hex_of(digest))
        env.named(repository.scope, repository.name)
        await env.resources.put(env.made(LAYER, repository, digest, {"size": size, "at": env.now()}))


async def mount(env: EcrEnv, source: Resource, target: Resource, digest: str) -> bool:
    """A blob of one repository becomes one of another; False if there is no such blob."""
    async with env.changing:
        found = env.resources.get(LAYER, source.scope, source.name, digest)
        if found is None:
            return False
        await env.resources.put(env.made(LAYER, target, digest, {**found.document, "at": env.now()}))
        return True


def let_go(env: EcrEnv, digests: list[str]) -> None:
    """Repositories have these blobs no more: those that no other has go. While `changing` is held."""
    kept = {one.name for one in env.resources.of_kind(LAYER)} if digests else set()
    for digest in digests:
        if digest not in kept:
            env.blobs.discard(hex_of(digest))


async def get_download_url_for_layer(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """GetDownloadUrlForLayer: a link to the registry that carries its own proof."""
    repository, digest = env.repository(caller, params), params["layerDigest"]
    if not env.has_layer(repository, digest):
        text = f"The layer '{digest}' does not exist in the repository with name '{repository.name}'"
        raise faults.of("LayersNotFound", f"{text} in the registry with id '{registry(caller, params).account}'")
    scope = repository.scope
    said = {"account": scope.account, "region": scope.region, "repository": repository.name, "digest": digest}
    token, _ = env.tokens.make({"link": said}, LINK_SECONDS)
    return {
        "downloadUrl": f"http://{env.host}/v2/{repository.name}/blobs/{digest}?token={token}",
        "layerDigest": digest,
    }
