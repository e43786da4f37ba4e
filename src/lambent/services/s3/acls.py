"""Access control lists, as far as they are still used: the canned ones, of buckets and of objects.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html (what a canned ACL grants) and
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (what BucketOwnerEnforced refuses).
"""

from collections.abc import Mapping
from typing import Any

from lambent.objects import errors
from lambent.objects.buckets import Bucket
from lambent.objects.errors import ObjectError
from lambent.services.s3.listing import canonical_id

GRANTS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


def without_effect() -> ObjectError:
    """A bucket has an ACL where none is to count."""
    text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    return ObjectError("InvalidBucketAclWithObjectOwnership", text)


SAYING = ("ACL", *GRANTS)


def are_said(params: Mapping[str, Any]) -> bool:
    """Whether a request that makes something says an ACL for it."""
    return not params.keys().isdisjoint(SAYING) and any(params.get(name) for name in SAYING)


CANNED = {
    "private": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "public-read": (("AllUsers", "READ"),),
    "public-read-write": (("AllUsers", "READ"), ("AllUsers", "WRITE")),
    "authenticated-read": (("AuthenticatedUsers", "READ"),),
}


def canned(bucket: Bucket, params: Mapping[str, Any]) -> str:
    """The canned ACL of a request. Raises ObjectError where ACLs don't count, and for grants one by one."""
    acl = params.get("ACL")
    granted = any(params.get(name) for name in GRANTS)
    if acl and granted:
        raise errors.invalid_request("Specifying both Canned ACLs and Header Grants is not allowed")
    if bucket.settings.get("Ownership", "ObjectWriter") == "BucketOwnerEnforced":
        if acl == "bucket-owner-full-control":
            return "private"
        raise ObjectError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if acl is None or granted:
        raise errors.unbuilt("grants of ACLs other than canned ones")
    if acl not in CANNED:
        raise errors.invalid("", "x-amz-acl", acl)
    blocked = (bucket.settings.get("PublicAccessBlock") or {}).get("BlockPublicAcls")
    if blocked and acl.startswith(("public", "authenticated")):
        raise errors.denied()
    return str(acl)


def grants(bucket: Bucket, acl: str) -> dict[str, Any]:
    """An ACL as it is told."""
    owner = {"ID": canonical_id(bucket.scope.account)}
    found: list[dict[str, Any]] = [{"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]
    for group, permission in CANNED.get(acl, ()):
        grantee = {"Type": "Group", "URI": f"http://acs.amazonaws.com/groups/global/{group}"}
        found.append({"Grantee": grantee, "Permission": permission})
    return {"Owner": owner, "Grants": found}
