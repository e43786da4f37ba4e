"""A function's package: from the request or from a bucket, into the blob store."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from lambent.model.limits import KB
from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults, images, layer, unsupported
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.layer_lookup import LayerUse
from lambent.store import packages
from lambent.store.blobs import Blob

SOURCE = frozenset({"ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion"})
"""The members that name a package."""
REQUEST_BYTES = 70_167_211
"""A request with a package in it is no larger. Source: recorded, TestLambdaSizeLimits."""


def check_request(env: LambdaEnv, operation: str, zipped: bytes | None) -> None:
    """Raise Fault for a package that makes its request too large: as large as a full package in base64, and 256 KB."""
    limit = -(-env.limits.zip_direct * 4 // 3) + 256 * KB
    if zipped is not None and len(zipped) * 4 // 3 > limit:
        raise faults.too_large_entity(f"Request must be smaller than {limit} bytes for the {operation} operation")


async def fetch(env: LambdaEnv, caller: Caller, source: Mapping[str, Any], operation: str) -> bytes:
    """The package's bytes; `source` holds members of FunctionCode. Raises Fault."""
    zipped = source.get("ZipFile")
    in_bucket = source.get("S3Bucket"), source.get("S3Key")
    if zipped is not None:
        if any(in_bucket) or source.get("S3ObjectVersion"):
            raise faults.invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
        if _encoded_bytes(zipped) > REQUEST_BYTES:
            raise faults.too_large_entity(
                f"Request must be smaller than {REQUEST_BYTES} bytes for the {operation} operation"
            )
        if len(zipped) > env.limits.zip_direct:
            limit = env.limits.zip_direct
            raise faults.too_large_entity(f"Zipped size must be smaller than {limit} bytes")
        return bytes(zipped)
    bucket, key = in_bucket
    if not bucket or not key:
        raise faults.invalid("Please provide a source for function code.")
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
async def obtain(env: LambdaEnv, caller: Caller, source: Mapping[str, Any], operation: str) -> AsyncIterator[Obtained]:
    """Get a package or an image; a package is safe from being swept while the block lasts. Raises Fault."""
    uri = source.get("ImageUri")
    if uri:
        digest = await images.resolve(env, caller, uri)
        yield Obtained("", uri, {"CodeSha256": digest, "CodeSize": 0})
        return
    data = await fetch(env, caller, source, operation)
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
    unsupported.refuse(params, SOURCE | known)


def _encoded_bytes(package: bytes) -> int:
    """How much of the request's JSON a package was (RFC 4648, section 4)."""
    return (len(package) + 2) // 3 * 4


def _too_large(env: LambdaEnv) -> Exception:
    return faults.invalid(f"Unzipped size must be smaller than {env.limits.zip_unzipped} bytes")
