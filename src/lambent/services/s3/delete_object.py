"""DeleteObject and DeleteObjects."""

import asyncio
from collections.abc import Mapping
from typing import Any

from lambent.model.parts import DENIED
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.buckets import Bucket
from lambent.objects.conditions import Conditions
from lambent.objects.errors import ObjectError
from lambent.objects.objects import Deleted
from lambent.services.s3 import bodies
from lambent.services.s3.env import Call

MOST = 1_000


async def delete_object(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The object, or a version of it, goes; also when it is not there."""
    key, version = params["Key"], params.get("VersionId") or ""
    bucket = call.bucket(caller, params, _action(version), key)
    asked = Conditions(params.get("IfMatch") or "")
    deleted = await _delete(call, caller, bucket, key, version, asked, _bypasses(params))
    return {"VersionId": deleted.version or None, "DeleteMarker": deleted.marker or None}


async def delete_objects(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Up to 1,000 of them, each by itself."""
    call.env.registry.get(params["Bucket"])
    bodies.check_document(call)
    said = params.get("Delete") or {}
    named = said.get("Objects") or []
    if not 1 <= len(named) <= MOST:
        raise errors.malformed()
    denied = {arn.partition("/")[2]: why for arn, why in params.get(DENIED, {}).items()}
    if not denied.keys() <= {one["Key"] for one in named}:
        raise errors.denied()
    outcomes = await asyncio.gather(*(_one(call, caller, params, one, denied) for one in named))
    wrong = [outcome for outcome in outcomes if "Code" in outcome]
    done = [] if said.get("Quiet") else [outcome for outcome in outcomes if "Code" not in outcome]
    return {"Deleted": done, "Errors": wrong}


async def _one(
    call: Call, caller: Caller, params: dict[str, Any], named: dict[str, Any], denied: Mapping[str, str]
) -> dict[str, Any]:
    key, version = named["Key"], named.get("VersionId") or ""
    asked = Conditions(named.get("ETag") or "")
    try:
        if key in denied:
            raise errors.denied(denied[key])
        bucket = call.bucket(caller, params, _action(version), key)
        deleted = await _delete(call, caller, bucket, key, version, asked, _bypasses(params))
    except ObjectError as error:
        failed = {"Key": key, "Code": error.code, "Message": error.message}
        return {**failed, "VersionId": version} if version else failed
    done: dict[str, Any] = {"Key": key, **({"VersionId": version} if version else {})}
    if deleted.marker:
        done |= {"DeleteMarker": True, "DeleteMarkerVersionId": deleted.version}
    return done


async def _delete(
    call: Call, caller: Caller, bucket: Bucket, key: str, version: str, asked: Conditions, bypass: bool
) -> Deleted:
    return await call.env.objects.delete(bucket, key, version, call.asker(caller), bypass=bypass, asked=asked)


def _action(version: str) -> str:
    return "s3:DeleteObjectVersion" if version else "s3:DeleteObject"


def _bypasses(params: dict[str, Any]) -> bool:
    return bool(params.get("BypassGovernanceRetention"))
