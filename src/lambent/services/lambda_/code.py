"""A function's package: from the request or from a bucket, into the blob store."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_ import faults, unsupported
from lambent.services.lambda_.env import LambdaEnv
from lambent.store import packages
from lambent.store.blobs import Blob

SOURCE = frozenset({"ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion"})
"""The members that name a package."""


async def fetch(env: LambdaEnv, caller: Caller, source: Mapping[str, Any]) -> bytes:
    """The package's bytes; `source` holds members of FunctionCode. Raises Fault."""
    zipped = source.get("ZipFile")
    in_bucket = source.get("S3Bucket"), source.get("S3Key")
    if zipped is not None:
        if any(in_bucket) or source.get("S3ObjectVersion"):
            raise faults.invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
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


def check_storage(env: LambdaEnv, scope: Scope, added: int) -> None:
    """Raise Fault if `added` more bytes exceed the account's code storage."""
    if env.functions.code_size(scope) + added > env.limits.code_storage:
        raise faults.code_storage_exceeded()


def refuse_unsupported(params: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise Fault for a member of FunctionCode that Lambent does not act on."""
    unsupported.refuse(params, SOURCE | known)


def _too_large(env: LambdaEnv) -> Exception:
    return faults.invalid(f"Unzipped size must be smaller than {env.limits.zip_unzipped} bytes")
