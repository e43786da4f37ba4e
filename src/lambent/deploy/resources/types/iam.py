"""Roles, policies, users, groups and instance profiles."""

from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, added, put, reads, removed

GONE = ("NoSuchEntity",)


def _who(what: str) -> tuple[Do, ...]:
    """What a role, user or group has beside itself: attached and inline policies, in any change."""
    who = {f"{what}Name": "$name"}
    put = {**who, "PolicyName": "@item.PolicyName", "PolicyDocument": "@item.PolicyDocument"}
    return (
        Do(f"iam:Detach{what}Policy", {**who, "PolicyArn": "@item"}, each=removed("ManagedPolicyArns"), fine=GONE),
        Do(f"iam:Attach{what}Policy", {**who, "PolicyArn": "@item"}, each=added("ManagedPolicyArns")),
        Do(f"iam:Delete{what}Policy", {**who, "PolicyName": "@item.PolicyName"},
           each=removed("Policies", "PolicyName"), fine=GONE),
        Do(f"iam:Put{what}Policy", put, each=added("Policies")),
    )  # fmt: skip


def _boundary(what: str) -> Do:
    who = {f"{what}Name": "$name"}
    return Do(
        f"iam:Put{what}PermissionsBoundary",
        {**who, "PermissionsBoundary": "$PermissionsBoundary"},
        on=("PermissionsBoundary",),
        gone=Do(f"iam:Delete{what}PermissionsBoundary", who),
    )


def _strip(what: str) -> tuple[Do, ...]:
    """What must be gone before a role, user or group can be deleted."""
    who = {f"{what}Name": "$name"}
    small = what.lower()
    return (
        Do(f"iam:ListAttached{what}Policies", who),
        Do(f"iam:Detach{what}Policy", {**who, "PolicyArn": "@item.PolicyArn"}, each="@AttachedPolicies", fine=GONE),
        Do(f"iam:List{what}Policies", who),
        Do(f"iam:Delete{what}Policy", {**who, "PolicyName": "@item"}, each="@PolicyNames", fine=GONE),
        Do(f"iam:Delete{what}", {f"{what}Name": "$name"}, fine=(f"no {small} at all",)),
    )


def _inline(what: str, verb: str, each: Any) -> Do:
    params = {f"{what}Name": "@item", "PolicyName": "$PolicyName"}
    if verb == "Put":
        params["PolicyDocument"] = "$PolicyDocument"
    return Do(f"iam:{verb}{what}Policy", params, each=each, fine=GONE if verb == "Delete" else ())


def _all(name: str) -> Any:
    return reads(name)(lambda subject: list(subject.properties.get(name) or []))


_PUT = tuple(_inline(what, "Put", _all(f"{what}s")) for what in ("Role", "User", "Group"))
_TAKE = tuple(_inline(what, "Delete", removed(f"{what}s")) for what in ("Role", "User", "Group"))
_DROP = tuple(_inline(what, "Delete", _all(f"{what}s")) for what in ("Role", "User", "Group"))


def _attach(what: str) -> tuple[Do, ...]:
    each = f"{what}s"
    return (
        Do(f"iam:Detach{what}Policy", {f"{what}Name": "@item", "PolicyArn": "$id"}, each=removed(each), fine=GONE),
        Do(f"iam:Attach{what}Policy", {f"{what}Name": "@item", "PolicyArn": "$id"}, each=added(each)),
    )


_ATTACH = (*_attach("Role"), *_attach("User"), *_attach("Group"))
_DETACH = tuple(
    Do(f"iam:Detach{what}Policy", {f"{what}Name": "@item", "PolicyArn": "$id"}, each=f"${what}s", fine=GONE)
    for what in ("Role", "User", "Group")
)
_NEW_VERSION = (
    Do("iam:ListPolicyVersions", {"PolicyArn": "$id"}, anew=True),
    Do(
        "iam:DeletePolicyVersion",
        {"PolicyArn": "$id", "VersionId": "@item.VersionId"},
        each="@Versions[?!IsDefaultVersion]",
    ),
)

_PASSWORD = {
    "UserName": "$name",
    "Password": "$LoginProfile.Password",
    "PasswordResetRequired": "$LoginProfile.PasswordResetRequired",
}


@reads("LoginProfile")
def _had_password(subject: Subject) -> list[int]:
    """A new one is made in place of the old one."""
    return [1] * ("LoginProfile" in subject.changed and "LoginProfile" in subject.former)


KINDS = {
    "AWS::IAM::Role": Kind(
        name="RoleName",
        create=(
            Do("iam:CreateRole", {"RoleName": "$name"}, fit=True, without=("Policies", "ManagedPolicyArns")),
            *_who("Role"),
        ),
        update=(
            Do(
                "iam:UpdateAssumeRolePolicy",
                {"RoleName": "$name", "PolicyDocument": "$AssumeRolePolicyDocument"},
                on=("AssumeRolePolicyDocument",),
            ),
            Do("iam:UpdateRole", {"RoleName": "$name"}, fit=True, on=("Description", "MaxSessionDuration")),
            _boundary("Role"),
            *_who("Role"),
        ),
        empty={"Description": "", "MaxSessionDuration": 3600},
        delete=(
            Do("iam:ListInstanceProfilesForRole", {"RoleName": "$name"}),
            *_strip("Role"),
        ),
        id="{name}",
        attributes={"Arn": "@Role.Arn", "RoleId": "@Role.RoleId"},
        read=Do("iam:GetRole", {"RoleName": "$name"}),
        tags="Tags",
        tag=Do("iam:TagRole", {"RoleName": "$name", "Tags": "$Tags"}),
        untag=Do("iam:UntagRole", {"RoleName": "$name", "TagKeys": "@removed"}),
        takes=("PermissionsBoundary",),
    ),
    "AWS::IAM::Policy": Kind(
        create=_PUT,
        update=(*_TAKE, *_PUT),
        delete=_DROP,
        replace=("PolicyName",),
        takes=("PolicyName", "PolicyDocument"),
        attributes={"Id": "{id}"},
    ),
    "AWS::IAM::RolePolicy": put(
        Do("iam:PutRolePolicy", fit=True),
        delete=(Do("iam:DeleteRolePolicy", fit=True),),
        id="{PolicyName}|{RoleName}",
    ),
    "AWS::IAM::UserPolicy": put(
        Do("iam:PutUserPolicy", fit=True),
        delete=(Do("iam:DeleteUserPolicy", fit=True),),
        id="{PolicyName}|{UserName}",
    ),
    "AWS::IAM::GroupPolicy": put(
        Do("iam:PutGroupPolicy", fit=True),
        delete=(Do("iam:DeleteGroupPolicy", fit=True),),
        id="{PolicyName}|{GroupName}",
    ),
    "AWS::IAM::UserToGroupAddition": Kind(
        create=(Do("iam:AddUserToGroup", {"GroupName": "$GroupName", "UserName": "@item"}, each=added("Users")),),
        update=(
            Do("iam:RemoveUserFromGroup", {"GroupName": "$GroupName", "UserName": "@item"}, each=removed("Users")),
            Do("iam:AddUserToGroup", {"GroupName": "$GroupName", "UserName": "@item"}, each=added("Users")),
        ),
        delete=(
            Do(
                "iam:RemoveUserFromGroup",
                {"GroupName": "$GroupName", "UserName": "@item"},
                each=_all("Users"),
                fine=GONE,
            ),
        ),
        replace=("GroupName",),
        attributes={"Id": "{id}"},
    ),
    "AWS::IAM::ManagedPolicy": Kind(
        name="ManagedPolicyName",
        length=128,
        create=(Do("iam:CreatePolicy", {"PolicyName": "$name"}, fit=True), *_ATTACH),
        update=(
            *_NEW_VERSION,
            Do(
                "iam:CreatePolicyVersion",
                {"PolicyArn": "$id", "PolicyDocument": "$PolicyDocument", "SetAsDefault": True},
                on=("PolicyDocument",),
            ),
            *_ATTACH,
        ),
        delete=(*_DETACH, *_NEW_VERSION, Do("iam:DeletePolicy", {"PolicyArn": "$id"})),
        id="@Policy.Arn",
        attributes={
            "PolicyArn": "{id}",
            "PolicyId": "@Policy.PolicyId",
            "IsAttachable": "@Policy.IsAttachable",
            "DefaultVersionId": "@PolicyVersion.VersionId || Policy.DefaultVersionId",
        },
    ),
    "AWS::IAM::User": Kind(
        name="UserName",
        create=(
            Do("iam:CreateUser", {"UserName": "$name"}, fit=True),
            *_who("User"),
            Do("iam:CreateLoginProfile", _PASSWORD, on=("LoginProfile",)),
            Do("iam:AddUserToGroup", {"UserName": "$name", "GroupName": "@item"}, each=added("Groups")),
        ),
        update=(
            Do("iam:UpdateUser", {"UserName": "$name", "NewPath": "$Path"}, on=("Path",)),
            Do("iam:DeleteLoginProfile", {"UserName": "$name"}, each=_had_password, fine=("NoSuchEntity",)),
            Do("iam:CreateLoginProfile", _PASSWORD, on=("LoginProfile",)),
            _boundary("User"),
            *_who("User"),
            Do("iam:RemoveUserFromGroup", {"UserName": "$name", "GroupName": "@item"}, each=removed("Groups")),
            Do("iam:AddUserToGroup", {"UserName": "$name", "GroupName": "@item"}, each=added("Groups")),
        ),
        empty={"Path": "/"},
        delete=(
            Do("iam:ListGroupsForUser", {"UserName": "$name"}),
            Do("iam:RemoveUserFromGroup", {"UserName": "$name", "GroupName": "@item.GroupName"}, each="@Groups"),
            Do("iam:DeleteLoginProfile", {"UserName": "$name"}, on=("LoginProfile",), fine=("NoSuchEntity",)),
            *_strip("User"),
        ),
        attributes={"Arn": "@User.Arn"},
        read=Do("iam:GetUser", {"UserName": "$name"}),
        tags="Tags",
        tag=Do("iam:TagUser", {"UserName": "$name", "Tags": "$Tags"}),
        untag=Do("iam:UntagUser", {"UserName": "$name", "TagKeys": "@removed"}),
    ),
    "AWS::IAM::Group": Kind(
        name="GroupName",
        length=128,
        create=(Do("iam:CreateGroup", {"GroupName": "$name"}, fit=True), *_who("Group")),
        update=(Do("iam:UpdateGroup", {"GroupName": "$name", "NewPath": "$Path"}, on=("Path",)), *_who("Group")),
        empty={"Path": "/"},
        delete=_strip("Group"),
        attributes={"Arn": "@Group.Arn"},
        read=Do("iam:GetGroup", {"GroupName": "$name"}),
    ),
    "AWS::IAM::AccessKey": Kind(
        create=(Do("iam:CreateAccessKey", fit=True),),
        update=(Do("iam:UpdateAccessKey", {"AccessKeyId": "$id"}, fit=True, on=("Status",)),),
        delete=(Do("iam:DeleteAccessKey", {"AccessKeyId": "$id", "UserName": "$UserName"}),),
        id="@AccessKey.AccessKeyId",
        attributes={"Id": "{id}", "SecretAccessKey": "@AccessKey.SecretAccessKey"},
    ),
    "AWS::IAM::InstanceProfile": Kind(
        name="InstanceProfileName",
        length=128,
        create=(
            Do("iam:CreateInstanceProfile", {"InstanceProfileName": "$name"}, fit=True),
            Do(
                "iam:AddRoleToInstanceProfile",
                {"InstanceProfileName": "$name", "RoleName": "@item"},
                each=added("Roles"),
            ),
        ),
        update=(
            Do(
                "iam:RemoveRoleFromInstanceProfile",
                {"InstanceProfileName": "$name", "RoleName": "@item"},
                each=removed("Roles"),
            ),
            Do(
                "iam:AddRoleToInstanceProfile",
                {"InstanceProfileName": "$name", "RoleName": "@item"},
                each=added("Roles"),
            ),
        ),
        delete=(
            Do(
                "iam:RemoveRoleFromInstanceProfile",
                {"InstanceProfileName": "$name", "RoleName": "@item"},
                each="$Roles",
                fine=GONE,
            ),
            Do("iam:DeleteInstanceProfile", {"InstanceProfileName": "$name"}),
        ),
        attributes={"Arn": "@InstanceProfile.Arn"},
        read=Do("iam:GetInstanceProfile", {"InstanceProfileName": "$name"}),
    ),
}
