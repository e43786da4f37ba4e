"""A function's package: from the request or from a bucket, into the blob store."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults, refused_settings
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import images
from lambent.services.lambda_.layers import layer
from lambent.services.lambda_.layers.layer_lookup import LayerUse
from lambent.store import packages
from lambent.store.blobs import Blob

SOURCE = frozenset({"ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion"})
"""The members that name a package."""


def check_source(source: Mapping[str, Any]) -> None:
    """Raise Fault for a package that is given twice, or by half; one that isn't given at all may be an image."""
    in_bucket = source.get("S3Bucket"), source.get("S3Key")
    if source.get("ZipFile") is None:
        if not all(in_bucket) and not source.get("ImageUri"):
            raise faults.invalid("Please provide a source for function code.")
    elif any(in_bucket) or source.get("S3ObjectVersion"):
        raise faults.invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")


async def fetch(env: LambdaEnv, caller: Caller, source: Mapping[str, Any]) -> bytes:
    """The package's bytes; `source` holds members of FunctionCode. Raises Fault."""
    check_source(source)
    zipped = source.get("ZipFile")
    if zipped is not None:
        if len(zipped) > env.limits.zip_direct:
            limit = env.limits.zip_direct
            raise faults.too_large_entity(f"Zipped size must be smaller than {limit} bytes")
        return bytes(zipped)
    bucket, key = source["S3Bucket"], source["S3Key"]
    data = await env.fetch_s3(caller, bucket, key, source.get("S3ObjectVersion"))
    if len(data) > env.limits.zip_unzipped:
        raise _too_large(env)
    return data


@dataclass(frozen=True, slots=True)
class Obtained:
    """What a function is to run: the `digest` of a package in the blob store, or the URI of an `image`.

    `members` are those of the configuration that show it.
    """

    digest: str
    image: str
    members: dict[str, Any]


@asynccontextmanager
async def obtain(env: LambdaEnv, caller: Caller, source: Mapping[str, Any]) -> AsyncIterator[Obtained]:
    """Get a package or an image; a package is safe from being swept while the block lasts. Raises Fault."""
    uri = source.get("ImageUri")
    if uri:
        digest = await images.resolve(env, caller, uri)
        yield Obtained("", uri, {"CodeSha256": digest, "CodeSize": 0})
        return
    data = await fetch(env, caller, source)
    async with keep(env, data) as blob:
        shown = base64.b64encode(bytes.fromhex(blob.digest)).decode()
        yield Obtained(blob.digest, "", {"CodeSha256": shown, "CodeSize": blob.size})


@asynccontextmanager
async def keep(env: LambdaEnv, data: bytes) -> AsyncIterator[Blob]:
    """Store and unpack a package, safe from being swept while the block lasts. Raises Fault, StoreError."""
    try:
        holding = env.blobs.keep(data)
        blob = await holding.__aenter__()
    except packages.EmptyZip as error:
        raise faults.invalid("Uploaded file must be a non-empty zip") from error
    except packages.TooLarge as error:
        raise _too_large(env) from error
    except packages.NotAZip as error:
        raise faults.invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    try:
        yield blob
    finally:
        await holding.__aexit__(None, None, None)


@contextmanager
def holding(env: LambdaEnv, layers: Sequence[LayerUse] | None) -> Iterator[None]:
    """Keep layers' packages from being swept while the block lasts, should their versions be deleted meanwhile."""
    with ExitStack() as stack:
        for use in layers or ():
            stack.enter_context(env.blobs.using(use.digest))
        yield


def stored_bytes(env: LambdaEnv, scope: Scope) -> int:
    """What functions and layers use of the account's code storage."""
    return env.functions.code_size(scope) + layer.stored_bytes(env.resources, scope)


def check_storage(env: LambdaEnv, scope: Scope, added: int) -> None:
    """Raise Fault if `added` more bytes exceed the account's code storage."""
    if stored_bytes(env, scope) + added > env.limits.code_storage:
        raise faults.code_storage_exceeded()


def refuse_unsupported(params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise Fault for a member of FunctionCode that Lambent does not act on."""
    refused_settings.refuse(params, SOURCE | known)


def _too_large(env: LambdaEnv) -> Exception:
    return faults.invalid(f"Unzipped size must be smaller than {env.limits.zip_unzipped} bytes")
