"""CreateBucket, DeleteBucket, HeadBucket, ListBuckets, GetBucketLocation."""

import secrets
from datetime import UTC, datetime
from typing import Any

from lambent.model.answer import Answer
from lambent.model.scope import DEFAULT_REGION, Caller, Scope
from lambent.objects import errors
from lambent.objects.buckets import Bucket
from lambent.objects.errors import ObjectError
from lambent.objects.names import bucket_arn, check_bucket
from lambent.services.s3 import acls
from lambent.services.s3.env import Call
from lambent.services.s3.listing import HEAD, NAMESPACE, canonical_id
from lambent.store.objects import View
from lambent.wire.http import Response

ACLS = ("private", "public-read", "public-read-write", "authenticated-read")
PREFERRED = "BucketOwnerPreferred"
"""The ownership of a bucket that is made with the ACL `private` and says none, as rclone makes them all.

Source: what AWS did at https://github.com/versity/versitygw/issues/1869
"""
OWNERSHIPS = ("BucketOwnerEnforced", PREFERRED, "ObjectWriter")
BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


async def create_bucket(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A bucket. Whoever has it already gets an error, but in us-east-1, where that counts as done."""
    name = params["Bucket"]
    check_bucket(name)
    _must_be_known(caller)
    region = _region(caller, params)
    env, scope = call.env, Scope(caller.scope.account, region)
    settings = _settings(params)
    try:
        await env.registry.add(scope, name, secrets.randbits(62), env.clock.wall(), settings)
    except ObjectError as error:
        if error.code != "BucketAlreadyOwnedByYou" or region != DEFAULT_REGION:
            raise
        if env.registry.get(name).scope.region != DEFAULT_REGION:
            raise
    return {"Location": f"/{name}", "BucketArn": bucket_arn(name)}


def _must_be_known(caller: Caller) -> None:
    if caller.access_key is None:
        raise errors.denied()


def _region(caller: Caller, params: dict[str, Any]) -> str:
    said = params.get("CreateBucketConfiguration") or {}
    if said.get("Location") or said.get("Bucket"):
        raise errors.unbuilt("directory buckets")
    asked = said.get("LocationConstraint")
    if asked is None:
        if caller.scope.region != DEFAULT_REGION:
            raise _illegal("unspecified")
        return caller.scope.region
    if asked == "EU":
        asked = "eu-west-1"
    if not asked or asked == DEFAULT_REGION == caller.scope.region:
        text = "The specified location-constraint is not valid"
        raise ObjectError("InvalidLocationConstraint", text, 400, {"LocationConstraint": asked})
    if caller.scope.region not in (asked, DEFAULT_REGION):
        raise _illegal(str(asked))
    return str(asked)


def _illegal(asked: str) -> ObjectError:
    text = f"The {asked} location constraint is incompatible for the region specific endpoint this request was"
    return ObjectError("IllegalLocationConstraintException", f"{text} sent to.")


def _settings(params: dict[str, Any]) -> dict[str, Any]:
    usual = PREFERRED if params.get("ACL") == "private" else "BucketOwnerEnforced"
    ownership = params.get("ObjectOwnership") or usual
    if ownership not in OWNERSHIPS:
        raise errors.invalid("Invalid ObjectOwnership", "x-amz-object-ownership", ownership)
    acl = params.get("ACL") or "private"
    if acl not in ACLS:
        raise errors.invalid("", "x-amz-acl", acl)
    if any(params.get(name) for name in acls.GRANTS):
        raise errors.unbuilt("grants of ACLs other than canned ones")
    if acl != "private" and ownership == "BucketOwnerEnforced":
        raise acls.without_effect()
    settings: dict[str, Any] = {"Ownership": ownership, "PublicAccessBlock": dict(BLOCKED)}
    if acl != "private":
        settings["Acl"] = acl
    if params.get("ObjectLockEnabledForBucket"):
        settings["ObjectLock"] = {"ObjectLockEnabled": "Enabled"}
    tags = (params.get("CreateBucketConfiguration") or {}).get("Tags")
    if tags:
        settings["Tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    return settings


async def delete_bucket(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The bucket, when no object is in it; uploads in parts that are under way go with it.

    They hold up the deletion of directory buckets alone:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html.
    """
    bucket = call.bucket(caller, params, "s3:DeleteBucket")
    env = call.env
    env.registry.leaving.add(bucket.uid)  # what is put from here on is refused, so that nothing is left behind
    try:
        await env.objects.store.database.run(lambda connection: _check_empty(View(connection), bucket))
        await env.uploads.abort_all(bucket)
        await env.registry.remove(bucket)
    except BaseException:
        env.registry.leaving.discard(bucket.uid)
        raise
    env.withdraw(bucket.arn, "")
    return {}


def _check_empty(view: View, bucket: Bucket) -> None:
    if view.page(bucket.uid, b"", None, 1):
        raise errors.bucket_not_empty(bucket.name)


async def head_bucket(call: Call, caller: Caller, params: dict[str, Any]) -> Answer:
    """Whether there is such a bucket; its region is told to whoever asks."""
    bucket = call.bucket(caller, params, "s3:ListBucket")
    said = {"BucketRegion": bucket.scope.region, "AccessPointAlias": False, "BucketArn": bucket.arn}
    return Answer(said, {"Content-Type": "application/xml"})


async def list_buckets(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The account's buckets, by name."""
    _must_be_known(caller)
    account = caller.scope.account
    prefix, region = params.get("Prefix") or "", params.get("BucketRegion")
    after, most = params.get("ContinuationToken") or "", params.get("MaxBuckets") or 10_000
    found = [
        one
        for one in call.env.registry.all(account)
        if one.name.startswith(prefix) and one.name > after and region in (None, one.scope.region)
    ]
    page = found[:most]
    return {
        "Buckets": [_shown(one) for one in page],
        "Owner": {"ID": canonical_id(account)},
        "ContinuationToken": page[-1].name if len(found) > most else None,
        "Prefix": prefix or None,
    }


def _shown(bucket: Bucket) -> dict[str, Any]:
    created = datetime.fromtimestamp(bucket.created, UTC)
    return {"Name": bucket.name, "CreationDate": created, "BucketRegion": bucket.scope.region, "BucketArn": bucket.arn}


async def get_bucket_location(call: Call, caller: Caller, params: dict[str, Any]) -> Response:
    """The region, where that is not us-east-1: the root element itself, which the model can't say."""
    region = call.bucket(caller, params, "s3:GetBucketLocation").scope.region
    root = f"<LocationConstraint{NAMESPACE}>{'' if region == DEFAULT_REGION else region}</LocationConstraint>"
    headers = [("x-amz-request-id", caller.request_id), ("Content-Type", "application/xml")]
    return Response(200, headers, f"{HEAD}{root}".encode())
