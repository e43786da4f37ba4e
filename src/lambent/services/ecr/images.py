"""Images of a repository: manifests by digest, and the tags that name them."""

import fnmatch
import re
from typing import Any

from lambent.model.scope import Caller
from lambent.services.ecr import faults, layers, manifests
from lambent.services.ecr.env import IMAGE, LAYER, TAG, EcrEnv
from lambent.services.ecr.manifests import Manifest, hex_of
from lambent.services.ecr.paging import page
from lambent.store.image_blobs import IDLE_SECONDS
from lambent.store.resources import Resource

TAG_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"""


def digest_of(env: EcrEnv, repository: Resource, image: dict[str, Any]) -> str:
    """The digest of an image that is named by tag, digest or both; "" if there is none."""
    digest = image.get("imageDigest") or ""
    if image.get("imageTag"):
        tag = env.resources.get(TAG, repository.scope, repository.name, image["imageTag"])
        tagged = tag.document["digest"] if tag is not None else ""
        return tagged if not digest or digest == tagged else ""
    return digest if env.resources.get(IMAGE, repository.scope, repository.name, digest) else ""


def tags_of(env: EcrEnv, repository: Resource) -> dict[str, list[str]]:
    """Digest -> its tags."""
    found: dict[str, list[str]] = {}
    for one in env.resources.children(TAG, repository.scope, repository.name):
        found.setdefault(one.document["digest"], []).append(one.name)
    return found


# --- pushed


async def put_image(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """PutImage."""
    repository = env.repository(caller, params)
    manifest = manifests.read(params["imageManifest"], params.get("imageManifestMediaType") or "")
    tag = params.get("imageTag") or ""
    if params.get("imageDigest", manifest.digest) != manifest.digest:
        text = f"The digest '{params['imageDigest']}' does not match that of the manifest, '{manifest.digest}'"
        raise faults.of("ImageDigestDoesNotMatch", text)
    named = {"imageDigest": manifest.digest} | ({"imageTag": tag} if tag else {})
    if digest_of(env, repository, named):
        text = f"Image with digest '{manifest.digest}' and tag '{tag}' already exists in the repository with name"
        text = f"{text} '{repository.name}' in registry with id '{repository.scope.account}'"
        raise faults.of("ImageAlreadyExists", text)
    await keep(env, repository, manifest, tag)
    return {"image": _image(env, repository, manifest.digest, tag)}


async def keep(env: EcrEnv, repository: Resource, manifest: Manifest, tag: str) -> None:
    """Write an image down with all that it needs, and lead a tag ("" for none) to it. Raises Fault."""
    async with env.changing:
        repository = env.named(repository.scope, repository.name)
        _complete(env, repository, manifest)
        inserts, replaces = [], []
        if env.resources.get(IMAGE, repository.scope, repository.name, manifest.digest) is None:
            inserts.append(env.made(IMAGE, repository, manifest.digest, _document(env, manifest)))
        if tag:
            there = _tag(env, repository, manifest, tag)
            made = env.made(TAG, repository, tag, {"digest": manifest.digest})
            inserts += [made] if there is None else []
            replaces += [(there, made)] if there is not None else []
        await env.resources.write(inserts=inserts, replaces=replaces)


def _document(env: EcrEnv, manifest: Manifest) -> dict[str, Any]:
    return {
        "manifest": manifest.text,
        "mediaType": manifest.media_type,
        "artifactType": manifest.artifact_type,
        "size": manifest.size,
        "blobs": manifest.blobs,
        "manifests": manifest.manifests,
        "subject": manifest.subject,
        "pushedAt": env.now(),
    }


def _complete(env: EcrEnv, repository: Resource, manifest: Manifest) -> None:
    where = f"in the repository with name '{repository.name}' in registry with id '{repository.scope.account}'"
    missing = [one for one in manifest.blobs if not env.has_layer(repository, one)]
    if missing:
        raise faults.of("LayersNotFound", f"Layers with digests '{', '.join(missing)}' do not exist {where}")
    absent = [one for one in manifest.manifests if not digest_of(env, repository, {"imageDigest": one})]
    if absent:
        raise faults.of("ReferencedImagesNotFound", f"Images with digests '{', '.join(absent)}' required for pushing "
                        f"image into repository with name '{repository.name}' in the registry with id "
                        f"'{repository.scope.account}' do not exist")  # fmt: skip


def _tag(env: EcrEnv, repository: Resource, manifest: Manifest, tag: str) -> Resource | None:
    """The tag as it is now. Raises Fault where it may not be led elsewhere."""
    if not TAG_NAME.fullmatch(tag):
        raise faults.broken("imageTag", f"must satisfy regular expression '{TAG_NAME.pattern}'")
    there = env.resources.get(TAG, repository.scope, repository.name, tag)
    if there is not None and there.document["digest"] != manifest.digest and _is_immutable(repository, tag):
        text = f"The image tag '{tag}' already exists in the '{repository.name}' repository"
        raise faults.of("ImageTagAlreadyExists", f"{text} and cannot be overwritten because the tag is immutable.")
    return there


def _is_immutable(repository: Resource, tag: str) -> bool:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"""
    setting = repository.document["imageTagMutability"]
    filters = repository.document.get("imageTagMutabilityExclusionFilters") or ()
    excluded = any(fnmatch.fnmatchcase(tag, one["filter"]) for one in filters)
    immutable: bool = setting.startswith("IMMUTABLE")
    return immutable != (excluded and setting.endswith("_WITH_EXCLUSION"))


# --- read


def _image(env: EcrEnv, repository: Resource, digest: str, tag: str) -> dict[str, Any]:
    found = env.resources.get(IMAGE, repository.scope, repository.name, digest)
    assert found is not None
    return {
        "registryId": repository.scope.account,
        "repositoryName": repository.name,
        "imageId": {"imageDigest": digest} | ({"imageTag": tag} if tag else {}),
        "imageManifest": found.document["manifest"],
        "imageManifestMediaType": found.document["mediaType"],
    }


async def batch_get_image(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchGetImage."""
    repository = env.repository(caller, params)
    images, failures = [], []
    for image in params["imageIds"]:
        digest = digest_of(env, repository, image)
        if digest:
            images.append(_image(env, repository, digest, image.get("imageTag") or ""))
        else:
            failures.append(_failure(image))
    return {"images": images, "failures": failures}


def _failure(image: dict[str, Any]) -> dict[str, Any]:
    code, text = "ImageNotFound", "Requested image not found"
    if not image.get("imageTag") and not image.get("imageDigest"):
        code, text = "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"
    elif image.get("imageDigest") and not hex_of(image["imageDigest"]):
        code = "InvalidImageDigest"
        text = "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
    return {"imageId": image, "failureCode": code, "failureReason": text}


async def list_images(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListImages: each tag of each image, an image without tags by its digest."""
    repository = env.repository(caller, params)
    wanted, tags = (params.get("filter") or {}).get("tagStatus", "ANY"), tags_of(env, repository)
    found = []
    for one in env.resources.children(IMAGE, repository.scope, repository.name):
        named = tags.get(one.name, [])
        found += [{"imageDigest": one.name, "imageTag": tag} for tag in named if wanted != "UNTAGGED"]
        found += [{"imageDigest": one.name}] if not named and wanted != "TAGGED" else []
    key = lambda one: f"{one['imageDigest']} {one.get('imageTag', '')}"  # noqa: E731
    return page("imageIds", sorted(found, key=key), params, key, dict, 100)


async def describe_images(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """DescribeImages."""
    repository = env.repository(caller, params)
    tags = tags_of(env, repository)
    if params.get("imageIds"):
        digests = dict.fromkeys(_there(env, repository, one) for one in params["imageIds"])
        return {"imageDetails": [_detail(env, repository, digest, tags) for digest in digests]}
    wanted = (params.get("filter") or {}).get("tagStatus", "ANY")
    found = [
        one.name
        for one in env.resources.children(IMAGE, repository.scope, repository.name)
        if wanted == "ANY" or (one.name in tags) == (wanted == "TAGGED")
    ]
    return page("imageDetails", found, params, str, lambda one: _detail(env, repository, one, tags), 100)


def _there(env: EcrEnv, repository: Resource, image: dict[str, Any]) -> str:
    digest = digest_of(env, repository, image)
    if not digest:
        said = ", ".join(f"{key}:'{image.get(name) or 'null'}'" for key, name in
                         (("imageDigest", "imageDigest"), ("imageTag", "imageTag")))  # fmt: skip
        raise faults.no_image(repository.name, repository.scope.account, f"{{{said}}}")
    return digest


def _detail(env: EcrEnv, repository: Resource, digest: str, tags: dict[str, list[str]]) -> dict[str, Any]:
    found = env.resources.get(IMAGE, repository.scope, repository.name, digest)
    assert found is not None
    about = found.document
    said = {
        "registryId": repository.scope.account,
        "repositoryName": repository.name,
        "imageDigest": digest,
        "imageTags": tags.get(digest),
        "imageSizeInBytes": about["size"],
        "imagePushedAt": about["pushedAt"],
        "imageManifestMediaType": about["mediaType"],
        "artifactMediaType": about["artifactType"] or None,
        "subjectManifestDigest": about["subject"] or None,
        "imageStatus": "ACTIVE",
    }
    return {key: one for key, one in said.items() if one is not None}


# --- deleted


async def batch_delete_image(env: EcrEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """BatchDeleteImage: by tag, that tag, with the last one its image; by digest, image and tags."""
    repository = env.repository(caller, params)
    gone: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    async with env.changing:
        before = _needed(env, repository)
        for image in params["imageIds"]:
            removed = await _delete(env, repository, image)
            gone += removed
            failures += [] if removed else [_why_not(env, repository, image)]
        await _let_go(env, repository, before)
    return {"imageIds": gone, "failures": failures}


async def remove(env: EcrEnv, repository: Resource, digests: list[str]) -> None:
    """Images with all their tags: those first that others need no longer then."""
    async with env.changing:
        before = _needed(env, repository)
        for digest in sorted(digests, key=lambda one: bool(needed_by(env, repository, one))):
            await _delete(env, repository, {"imageDigest": digest})
        await _let_go(env, repository, before)


async def _delete(env: EcrEnv, repository: Resource, image: dict[str, Any]) -> list[dict[str, Any]]:
    """What was removed; nothing for an image that is not there, or that an index needs."""
    digest = digest_of(env, repository, image)
    tags = tags_of(env, repository).get(digest, [])
    named = [image["imageTag"]] if image.get("imageTag") else tags
    last = len(named) == len(tags)
    if not digest or (last and needed_by(env, repository, digest)):
        return []
    found = [env.resources.get(TAG, repository.scope, repository.name, tag) for tag in named]
    found += [env.resources.get(IMAGE, repository.scope, repository.name, digest)] if last else []
    await env.resources.write(deletes=[one for one in found if one is not None])
    return [{"imageDigest": digest, "imageTag": tag} for tag in named] or [{"imageDigest": digest}]


def needed_by(env: EcrEnv, repository: Resource, digest: str) -> list[str]:
    """The indexes that list an image."""
    all_of_them = env.resources.children(IMAGE, repository.scope, repository.name)
    return [one.name for one in all_of_them if digest in one.document["manifests"]]


def _why_not(env: EcrEnv, repository: Resource, image: dict[str, Any]) -> dict[str, Any]:
    digest = digest_of(env, repository, image)
    if not digest:
        return _failure(image)
    indexes = ", ".join(needed_by(env, repository, digest))
    text = f"Requested image referenced by manifest list: [{indexes}]"
    return {"imageId": image, "failureCode": "ImageReferencedByManifestList", "failureReason": text}


def _needed(env: EcrEnv, repository: Resource) -> set[str]:
    images = env.resources.children(IMAGE, repository.scope, repository.name)
    return {blob for one in images for blob in one.document["blobs"]}


async def _let_go(env: EcrEnv, repository: Resource, before: set[str]) -> None:
    """Blobs that no image of the repository needs any more: one that is being pushed has its blobs already."""
    needed, since = _needed(env, repository), env.now() - IDLE_SECONDS
    there = env.resources.children(LAYER, repository.scope, repository.name)
    unused = [one for one in there if one.name not in needed and (one.name in before or one.document["at"] < since)]
    await env.resources.write(deletes=unused)
    layers.let_go(env, [one.name for one in unused])
