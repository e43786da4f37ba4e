"""File systems that functions mount, and groups of resources."""

import json
from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, Until, as_json, reads

_FILES = {"FileSystemId": "$id"}
_EVERYTHING = ["AWS::AllSupported"]


@reads("ResourceQuery")
def _query(subject: Subject) -> dict[str, Any] | None:
    """The query as the API has it, its inner part as text; one of a stack that names none is of its own stack."""
    said = subject.properties.get("ResourceQuery")
    if not said:
        return None
    inner = said.get("Query")
    if inner is None:
        inner = {"ResourceTypeFilters": _EVERYTHING, "StackIdentifier": subject.owner.arn}
    return {"Type": said["Type"], "Query": json.dumps(inner)}


_SETTINGS = (
    Do(
        "efs:PutFileSystemPolicy",
        {**_FILES, "Policy": as_json("FileSystemPolicy")},
        on=("FileSystemPolicy",),
        gone=Do("efs:DeleteFileSystemPolicy", _FILES),
    ),
    Do(
        "efs:PutLifecycleConfiguration",
        {**_FILES, "LifecyclePolicies": "$LifecyclePolicies"},
        on=("LifecyclePolicies",),
    ),
    Do("efs:PutBackupPolicy", {**_FILES, "BackupPolicy": "$BackupPolicy"}, on=("BackupPolicy",)),
)
KINDS = {
    "AWS::EFS::FileSystem": Kind(
        create=(
            Do(
                "efs:CreateFileSystem",
                {"CreationToken": "{stack}-{logical}-{name}", "Tags": "$FileSystemTags"},
                fit=True,
            ),
            *_SETTINGS,
        ),
        update=(
            Do("efs:UpdateFileSystem", _FILES, fit=True, on=("ProvisionedThroughputInMibps", "ThroughputMode")),
            *_SETTINGS,
        ),
        empty={"BackupPolicy": {"Status": "DISABLED"}, "LifecyclePolicies": [], "ThroughputMode": "bursting"},
        tag=Do("efs:TagResource", {"ResourceId": "$id", "Tags": "$FileSystemTags"}),
        untag=Do("efs:UntagResource", {"ResourceId": "$id", "TagKeys": "@removed"}),
        tags="FileSystemTags",
        delete=(Do("efs:DeleteFileSystem", _FILES),),
        ready=Until(Do("efs:DescribeFileSystems", _FILES), "FileSystems[0].LifeCycleState", ("available",)),
        id="@FileSystemId",
        attributes={"Arn": "@FileSystemArn", "FileSystemId": "{id}"},
    ),
    "AWS::EFS::MountTarget": Kind(
        create=(Do("efs:CreateMountTarget", fit=True),),
        update=(
            Do(
                "efs:ModifyMountTargetSecurityGroups",
                {"MountTargetId": "$id", "SecurityGroups": "$SecurityGroups"},
                on=("SecurityGroups",),
            ),
        ),
        delete=(Do("efs:DeleteMountTarget", {"MountTargetId": "$id"}),),
        id="@MountTargetId",
        attributes={"Id": "{id}", "IpAddress": "@IpAddress"},
    ),
    "AWS::EFS::AccessPoint": Kind(
        create=(
            Do(
                "efs:CreateAccessPoint",
                {"ClientToken": "{stack}-{logical}-{name}", "Tags": "$AccessPointTags"},
                fit=True,
            ),
        ),
        delete=(Do("efs:DeleteAccessPoint", {"AccessPointId": "$id"}),),
        id="@AccessPointId",
        attributes={"Arn": "@AccessPointArn", "AccessPointId": "{id}"},
    ),
    "AWS::ResourceGroups::Group": Kind(
        create=(
            Do(
                "resource-groups:CreateGroup",
                {"Name": "$Name", "ResourceQuery": _query},
                fit=True,
            ),
        ),
        update=(
            Do("resource-groups:UpdateGroup", {"GroupName": "$id", "Description": "$Description"}, on=("Description",)),
            Do(
                "resource-groups:UpdateGroupQuery", {"GroupName": "$id", "ResourceQuery": _query}, on=("ResourceQuery",)
            ),
        ),
        delete=(Do("resource-groups:DeleteGroup", {"GroupName": "$id"}),),
        id="{Name}",
        attributes={"Arn": "@Group.GroupArn"},
    ),
}
