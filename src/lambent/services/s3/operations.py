"""The operations answered here; all others are refused by name."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.model.answer import Answer
from lambent.model.metric import Metric
from lambent.model.scope import Caller
from lambent.objects.errors import ObjectError
from lambent.observe.lambda_metrics import OWN_NAMESPACE
from lambent.services.s3 import buckets, copy, lifecycle, listing, multipart, notification, policy, unbuilt
from lambent.services.s3.delete_object import delete_object, delete_objects
from lambent.services.s3.env import Call
from lambent.services.s3.get_object import get_object, head_object
from lambent.services.s3.object_settings import OBJECT_SETTINGS
from lambent.services.s3.put_object import put_object
from lambent.services.s3.settings import SETTINGS
from lambent.wire.fault import Fault
from lambent.wire.http import Response

Operation = Callable[[Call, Caller, dict[str, Any]], Awaitable[dict[str, Any] | Answer | Response]]


def worded(name: str, operation: Callable[[Call, Caller, dict[str, Any]], Awaitable[Any]]) -> Operation:
    """The operation with what buckets refuse as the caller's fault; its requests are counted, for what they cost."""
    tier = tier_of(name)

    @functools.wraps(operation)
    async def run(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any] | Answer | Response:
        bucket = call.env.registry.find(params.get("Bucket", "")) if tier else None
        if bucket is not None:
            dimensions = (("BucketName", bucket.name), ("Tier", tier))
            call.env.measure(Metric(bucket.scope, OWN_NAMESPACE, "BucketRequests", dimensions), "Count", 1.0)
        try:
            unbuilt.check(params)
            answer: dict[str, Any] | Answer | Response = await operation(await call.informed(params), caller, params)
        except ObjectError as error:
            raise _fault(error) from error
        return answer

    return run


def tier_of(operation: str) -> str:
    """What a request is billed as: "1" (PUT, COPY, POST, LIST), "2" (GET and all others), "" for nothing (DELETE and
    what cancels). Source: https://aws.amazon.com/s3/pricing/ (Requests & data retrievals)."""
    if operation.startswith(("Delete", "Abort")):
        return ""
    return "2" if operation.startswith(("Get", "Head")) else "1"


def _fault(error: ObjectError) -> Fault:
    """A delete marker that stands there is told in headers:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html.
    """
    members = dict(error.members)
    marker = members.pop("marker", None)
    told = [("x-amz-delete-marker", "true"), ("x-amz-version-id", str(marker))] if marker else []
    told += [("Allow", "DELETE")] if error.status == 405 else []
    return Fault(error.code, error.message, status=error.status, members=members, headers=told)


_ALL: dict[str, Callable[[Call, Caller, dict[str, Any]], Awaitable[Any]]] = {
    "CreateBucket": buckets.create_bucket,
    "DeleteBucket": buckets.delete_bucket,
    "DeleteObject": delete_object,
    "DeleteObjects": delete_objects,
    "GetBucketLocation": buckets.get_bucket_location,
    "GetObject": get_object,
    "HeadBucket": buckets.head_bucket,
    "HeadObject": head_object,
    "ListBuckets": buckets.list_buckets,
    "ListMultipartUploads": listing.list_multipart_uploads,
    "ListObjectVersions": listing.list_object_versions,
    "ListObjects": listing.list_objects,
    "ListObjectsV2": listing.list_objects_v2,
    "PutObject": put_object,
    "CopyObject": copy.copy_object,
    "UploadPartCopy": copy.upload_part_copy,
    "CreateMultipartUpload": multipart.create_multipart_upload,
    "UploadPart": multipart.upload_part,
    "CompleteMultipartUpload": multipart.complete_multipart_upload,
    "AbortMultipartUpload": multipart.abort_multipart_upload,
    "ListParts": multipart.list_parts,
    "PutBucketPolicy": policy.put_policy,
    "GetBucketPolicy": policy.get_policy,
    "DeleteBucketPolicy": policy.delete_policy,
    "GetBucketPolicyStatus": policy.get_policy_status,
    "PutBucketNotificationConfiguration": notification.put_notification,
    "GetBucketNotificationConfiguration": notification.get_notification,
    "PutBucketLifecycleConfiguration": lifecycle.put_lifecycle,
    "GetBucketLifecycleConfiguration": lifecycle.get_lifecycle,
    **SETTINGS,
    **OBJECT_SETTINGS,
}

OPERATIONS = {name: worded(name, operation) for name, operation in _ALL.items()}
