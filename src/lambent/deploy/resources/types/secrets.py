"""Secrets, parameters and keys."""

import json
from typing import Any

from lambent.deploy.resources.kind import Do, Kind, Subject, put, reads

_RANDOM = "GenerateSecretString"


@reads("SecretString", _RANDOM)
def _secret(subject: Subject) -> str | None:
    said = subject.properties.get(_RANDOM)
    if said is None:
        return subject.properties.get("SecretString")
    password = str(subject.answers.get("RandomPassword", ""))
    if not said.get("GenerateStringKey"):
        return password
    return json.dumps({**json.loads(said.get("SecretStringTemplate") or "{}"), said["GenerateStringKey"]: password})


@reads("SecretString", _RANDOM)
def _changed_secret(subject: Subject) -> str | None:
    """A secret that is given otherwise, or is to be made otherwise."""
    return _secret(subject) if {"SecretString", _RANDOM} & subject.changed else None


@reads("Tags")
def _key_tags(subject: Subject) -> list[dict[str, str]] | None:
    found = [{"TagKey": one["Key"], "TagValue": one["Value"]} for one in subject.properties.get("Tags") or []]
    return found or None


def _random(name: str) -> Any:
    return f"${_RANDOM}.{name}"


_PASSWORD = Do(
    "secretsmanager:GetRandomPassword",
    {
        name: _random(name)
        for name in (
            *("PasswordLength", "ExcludeCharacters", "ExcludeNumbers", "ExcludePunctuation", "ExcludeUppercase"),
            *("ExcludeLowercase", "IncludeSpace", "RequireEachIncludedType"),
        )
    },
    on=(_RANDOM,),
)


def _rotates(subject: Subject) -> bool:
    return str(subject.properties.get("EnableKeyRotation", "")).lower() == "true"


def _parameter_arn(subject: Subject) -> str:
    """A name that is a path brings the slash itself."""
    scope = subject.owner.scope
    return f"arn:aws:ssm:{scope.region}:{scope.account}:parameter/{subject.name.removeprefix('/')}"


_ROTATE = Do(
    "kms:EnableKeyRotation",
    {"KeyId": "$id", "RotationPeriodInDays": "$RotationPeriodInDays"},
    each=reads("EnableKeyRotation")(lambda one: [1] * _rotates(one)),
)


def _disabled(subject: Subject) -> bool:
    return str(subject.properties.get("Enabled", True)).lower() == "false"


_ENABLE = Do(
    "kms:EnableKey",
    {"KeyId": "$id"},
    each=reads("Enabled")(lambda one: [1] * (one.former.get("Enabled") is not None and not _disabled(one))),
)
_DISABLE = Do("kms:DisableKey", {"KeyId": "$id"}, each=reads("Enabled")(lambda one: [1] * _disabled(one)))

KINDS = {
    "AWS::SecretsManager::Secret": Kind(
        name="Name",
        length=256,
        create=(
            _PASSWORD,
            Do("secretsmanager:CreateSecret", {"Name": "$name", "SecretString": _secret}, fit=True),
        ),
        made=1,
        update=(
            _PASSWORD,
            Do(
                "secretsmanager:UpdateSecret",
                {
                    "SecretId": "$id",
                    "Description": "$Description",
                    "KmsKeyId": "$KmsKeyId",
                    "SecretString": _changed_secret,
                },
                on=("Description", "KmsKeyId", "SecretString", _RANDOM),
            ),
        ),
        empty={"Description": "", "KmsKeyId": "alias/aws/secretsmanager"},
        quiet=(_RANDOM, "SecretString"),
        delete=(Do("secretsmanager:DeleteSecret", {"SecretId": "$id", "ForceDeleteWithoutRecovery": True}),),
        id="@ARN",
        attributes={"Id": "{id}"},
        tags="Tags",
        tag=Do("secretsmanager:TagResource", {"SecretId": "$id", "Tags": "$Tags"}),
        untag=Do("secretsmanager:UntagResource", {"SecretId": "$id", "TagKeys": "@removed"}),
    ),
    "AWS::SecretsManager::ResourcePolicy": put(
        Do("secretsmanager:PutResourcePolicy", fit=True),
        delete=(Do("secretsmanager:DeleteResourcePolicy", {"SecretId": "$SecretId"}),),
        id="{SecretId}",
        attributes={"Id": "{id}"},
    ),
    "AWS::SecretsManager::RotationSchedule": put(
        Do("secretsmanager:RotateSecret", {"RotateImmediately": "$RotateImmediatelyOnUpdate"}, fit=True),
        delete=(Do("secretsmanager:CancelRotateSecret", {"SecretId": "$SecretId"}, fine=("ResourceNotFound",)),),
        id="{SecretId}",
        attributes={"Id": "{id}"},
        quiet=("RotateImmediatelyOnUpdate",),
    ),
    "AWS::SSM::Parameter": Kind(
        name="Name",
        length=1000,
        create=(Do("ssm:PutParameter", {"Name": "$name"}, fit=True),),
        update=(
            Do("ssm:PutParameter", {"Name": "$name", "Overwrite": True, "Tags": None}, fit=True, without=("Tags",)),
        ),
        delete=(Do("ssm:DeleteParameter", {"Name": "$name"}),),
        attributes={"Arn": _parameter_arn, "Type": "{Type}", "Value": "{Value}"},
        tags="Tags",
        tag=Do("ssm:AddTagsToResource", {"ResourceType": "Parameter", "ResourceId": "$name", "Tags": "$Tags"}),
        untag=Do(
            "ssm:RemoveTagsFromResource",
            {"ResourceType": "Parameter", "ResourceId": "$name", "TagKeys": "@removed"},
        ),
        empty={"Description": "", "AllowedPattern": ""},
    ),
    "AWS::KMS::Key": Kind(
        create=(
            Do("kms:CreateKey", {"Policy": "$KeyPolicy", "Tags": _key_tags}, fit=True, without=("Tags",)),
            _ROTATE,
            _DISABLE,
        ),
        update=(
            _ENABLE,
            Do(
                "kms:PutKeyPolicy",
                {"KeyId": "$id", "PolicyName": "default", "Policy": "$KeyPolicy"},
                on=("KeyPolicy",),
            ),
            Do("kms:UpdateKeyDescription", {"KeyId": "$id", "Description": "$Description"}, on=("Description",)),
            _ROTATE,
            Do("kms:DisableKeyRotation", {"KeyId": "$id"}, each=lambda one: [1] * (not _rotates(one))),
            _DISABLE,
        ),
        empty={"Description": "", "EnableKeyRotation": False, "Enabled": True},
        quiet=("BypassPolicyLockoutSafetyCheck", "PendingWindowInDays"),
        delete=(Do("kms:ScheduleKeyDeletion", {"KeyId": "$id", "PendingWindowInDays": "$PendingWindowInDays"}),),
        id="@KeyMetadata.KeyId",
        attributes={"Arn": "arn:aws:kms:{region}:{account}:key/{id}", "KeyId": "{id}"},
        tags="Tags",
        tag=Do("kms:TagResource", {"KeyId": "$id", "Tags": _key_tags}),
        untag=Do("kms:UntagResource", {"KeyId": "$id", "TagKeys": "@removed"}),
    ),
    "AWS::KMS::Alias": Kind(
        create=(Do("kms:CreateAlias", fit=True),),
        update=(Do("kms:UpdateAlias", fit=True),),
        delete=(Do("kms:DeleteAlias", {"AliasName": "$AliasName"}),),
        id="{AliasName}",
    ),
}
