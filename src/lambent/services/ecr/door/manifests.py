"""Manifests are pushed and read, tags listed."""

import orjson

from lambent.services.ecr import images, manifests
from lambent.services.ecr.door.blobs import text_of
from lambent.services.ecr.door.registry_request import VERSION, Refused, RegistryRequest, page
from lambent.services.ecr.env import IMAGE, REPOSITORY, TAG
from lambent.services.ecr.manifests import OCI_INDEX, hex_of
from lambent.store.resources import Resource
from lambent.wire.http import Response


async def put(asked: RegistryRequest) -> Response:
    """PUT, by a tag or by its own digest."""
    await asked.may("PutImage")
    repository = asked.repository()
    text = await text_of(asked, manifests.MOST_BYTES)
    manifest = manifests.read(text, asked.request.headers.get("content-type", "").partition(";")[0])
    is_digest = ":" in asked.reference
    if is_digest and asked.reference != manifest.digest:
        raise Refused(400, "DIGEST_INVALID", f"the manifest's digest is {manifest.digest}")
    await images.keep(asked.env, repository, manifest, "" if is_digest else asked.reference)
    headers = [VERSION, ("Location", f"/v2/{asked.name}/manifests/{manifest.digest}"),
               ("Docker-Content-Digest", manifest.digest)]  # fmt: skip
    if manifest.subject:
        headers.append(("OCI-Subject", manifest.subject))
    return Response(201, headers)


async def read(asked: RegistryRequest) -> Response:
    """GET and HEAD, by tag or digest."""
    await asked.may("BatchGetImage")
    repository = asked.repository()
    named = {"imageDigest" if ":" in asked.reference else "imageTag": asked.reference}
    digest = images.digest_of(asked.env, repository, named)
    found = asked.env.resources.get(IMAGE, repository.scope, repository.name, digest) if digest else None
    if found is None:
        raise Refused(404, "MANIFEST_UNKNOWN", f"the repository {asked.name} has no image {asked.reference}")
    headers = [VERSION, ("Content-Type", found.document["mediaType"]), ("Docker-Content-Digest", digest)]
    return Response(200, headers, found.document["manifest"].encode())


async def delete(asked: RegistryRequest) -> Response:
    """As with AWS, images are deleted by ECR's API."""
    raise Refused(405, "UNSUPPORTED", "images are deleted by BatchDeleteImage (aws ecr batch-delete-image)")


async def tags(asked: RegistryRequest) -> Response:
    """All tags of a repository."""
    await asked.may("ListImages")
    repository = asked.repository()
    names = [one.name for one in asked.env.resources.children(TAG, repository.scope, repository.name)]
    some, link = page(asked, names)
    return _json({"name": asked.name, "tags": some}, *link)


async def referrers(asked: RegistryRequest) -> Response:
    """What is about an image: signatures, lists of parts."""
    await asked.may("BatchGetImage")
    repository = asked.repository()
    if not hex_of(asked.reference):
        raise Refused(400, "DIGEST_INVALID", f"{asked.reference} is no digest")
    wanted = asked.said("artifactType")
    all_of_them = asked.env.resources.children(IMAGE, repository.scope, repository.name)
    found = [one for one in all_of_them if one.document["subject"] == asked.reference]
    listed = [_described(one) for one in found if wanted in ("", one.document["artifactType"])]
    filters = (("OCI-Filters-Applied", "artifactType"),) if wanted else ()
    about = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
    return _json(about, ("Content-Type", OCI_INDEX), *filters)


def _described(image: Resource) -> dict[str, object]:
    about, said = image.document, orjson.loads(image.document["manifest"])
    described = {"mediaType": about["mediaType"], "digest": image.name, "size": len(about["manifest"].encode())}
    more = {"artifactType": about["artifactType"], "annotations": said.get("annotations")}
    return described | {key: one for key, one in more.items() if one}


async def catalog(asked: RegistryRequest) -> Response:
    """The repositories of the registry."""
    await asked.may("DescribeRepositories", "*")
    some, link = page(asked, [one.name for one in asked.env.resources.all(REPOSITORY, asked.scope)])
    return _json({"repositories": some}, *link)


async def version(_asked: RegistryRequest) -> Response:
    """Whether this is a registry, and the login good for it."""
    return _json({})


def _json(said: object, *headers: tuple[str, str]) -> Response:
    kinds = [] if any(name == "Content-Type" for name, _ in headers) else [("Content-Type", "application/json")]
    return Response(200, [VERSION, *kinds, *headers], orjson.dumps(said))
