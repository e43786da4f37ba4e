"""What the Resource Groups Tagging API needs beside its own actions: the right of each resource's service to tag it.

Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
("Minimum permissions")
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.permissions import reference

SERVICE = "resourcegroupstaggingapi"
_NAMES = {
    "TagResources": ("TagResource", "AddTagsToResource", "AddTags", "CreateTags", "TagQueue", "PutBucketTagging"),
    "UntagResources": (
        *("UntagResource", "RemoveTagsFromResource", "RemoveTags", "DeleteTags", "UntagQueue", "PutBucketTagging"),
    ),
}
"""What services call it; the first that one has counts."""
_OTHERS = {"firehose": ("TagDeliveryStream", "UntagDeliveryStream"), "s3": ("PutBucketTagging", "PutBucketTagging")}


def needed(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions, and the resources that they are about."""
    if service != SERVICE or operation not in _NAMES:
        return
    for arn in params.get("ResourceARNList") or ():
        prefix = str(arn).split(":")[2] if str(arn).count(":") > 4 else ""
        if prefix:
            yield f"{prefix}:{_action(prefix, operation, str(arn))}", str(arn)


def _action(prefix: str, operation: str, arn: str) -> str:
    takes = operation == "UntagResources"
    if prefix == "iam":  # each kind has its own
        kind = arn.split(":", 5)[5].partition("/")[0]
        return f"{'Untag' if takes else 'Tag'}{kind.capitalize()}"
    known = (reference.service(prefix) or {"actions": {}})["actions"]
    names = _OTHERS[prefix][takes : takes + 1] if prefix in _OTHERS else _NAMES[operation]
    return next((one for one in names if one in known), names[0])
