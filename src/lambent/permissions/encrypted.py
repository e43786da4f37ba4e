"""What a request needs of the key of KMS with which something is kept: a queue, a topic, a stream, a table, an object,
a secret, a parameter. The service asks KMS in the caller's name: the caller's policies and the key's both count.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html and
https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.model.scope import Scope
from lambent.permissions.attached import MANAGED, queue_url
from lambent.permissions.identities import Ask
from lambent.permissions.requests import Keys, Right, of_service

Params = Mapping[str, Any]
Find = Callable[[str, Scope, str, str, Params, Callable[[Params], str]], Awaitable[str]]
"""What an operation says, as `Resolved.find` keeps it."""
WRITES, READS = ("kms:GenerateDataKey",), ("kms:Decrypt",)
BOTH = (*WRITES, *READS)
ITEMS = ("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
STATEMENTS = ("PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")
ENCRYPTED: Mapping[str, tuple[str, ...]] = {
    "sqs:SendMessage": BOTH,
    "sqs:ReceiveMessage": READS,
    "sns:Publish": BOTH,
    "kinesis:PutRecord": WRITES,
    "kinesis:PutRecords": WRITES,
    "kinesis:GetRecords": READS,
    "kinesis:SubscribeToShard": READS,
    **{f"dynamodb:{one}": READS for one in (*ITEMS, *STATEMENTS, "ConditionCheckItem", "GetRecords")},
    "s3:PutObject": WRITES,
    "s3:GetObject": READS,
    "s3:GetObjectVersion": READS,
    "secretsmanager:GetSecretValue": READS,
    "secretsmanager:PutSecretValue": BOTH,
    "secretsmanager:UpdateSecret": BOTH,
    "ssm:GetParameter": READS,
    "ssm:GetParameters": READS,
    "ssm:GetParametersByPath": READS,
    "ssm:GetParameterHistory": READS,
}
"""Action -> what it needs of the key. Every item of a table is read and written with the table's own key, which is
decrypted for it."""
OF_SERVICES = frozenset({"sns", "sqs"})
"""Services that others send to, which may not use AWS's own keys."""
_CONTEXTS = {
    "sns": "aws:sns:topicArn",
    "secretsmanager": "SecretARN",
    "ssm": "PARAMETER_ARN",
    "lambda": "aws:lambda:FunctionArn",
}
"""Service -> what it calls the ARN of what it keeps, in the context of its encryption; others say aws:SERVICE:arn."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """`ask` asks the services, `find` keeps what they say; `holds` tells whether one can hold anything at all."""

    ask: Ask
    find: Find
    holds: Callable[[str], bool]

    async def behind(self, right: Right, params: Params, scope: Scope) -> list[Right]:
        """What one right of a request with these parameters needs of keys; AWS's own are called by their aliases."""
        actions, service = ENCRYPTED.get(right.action, ()), right.action.partition(":")[0]
        by_name = service not in ("ssm", "s3") and "*" in right.resource
        if not actions or by_name or not (self.holds("kms") or service in OF_SERVICES):
            return []
        owner = Scope(right.account or scope.account, scope.region)
        if service == "ssm":
            kept = await self._parameters(right, params, owner)
        else:
            kept = {right.resource: await self._key(service, right, params, owner)}
            actions = BOTH if right.action == "s3:PutObject" and params.get("UploadId") else actions
        found = [(replace(right, resource=one), await self.called(key, owner)) for one, key in kept.items() if key]
        return [
            Right(action, key, key.split(":")[4], on_behalf(one, scope), about=right.resource)
            for one, key in found
            for action in actions
        ]

    async def called(self, key: str, owner: Scope) -> str:
        """The ARN of a key; of one of AWS's own, its alias's."""
        arn = key if key.startswith("arn:") else _arn(key, owner)
        if ":key/" not in arn or not self.holds("kms"):
            return arn
        alias = await self.find(f"{arn} of AWS", owner, "kms", "ListAliases", {"KeyId": arn}, _alias_of_aws)
        return _arn(alias, owner) if alias else arn

    async def _key(self, service: str, right: Right, params: Params, owner: Scope) -> str:
        if service == "s3":
            return await self._of_object(right, params, owner)
        if service == "secretsmanager" and params.get("KmsKeyId"):
            return ""  # that one is asked for, and no other
        operation, asks, read = _WAYS[service]
        return await self.find(f"{right.resource} encrypted", owner, service, operation, asks(right.resource), read)

    async def _of_object(self, right: Right, params: Params, owner: Scope) -> str:
        bucket, _, key = right.resource.rpartition(":")[2].partition("/")
        if "*" in bucket:
            return ""
        if right.action != "s3:PutObject" and "*" not in key:
            version = {"VersionId": params["VersionId"]} if params.get("VersionId") else {}
            said = await self.ask("s3", "HeadObject", {"Bucket": bucket, "Key": key} | version, owner)
            return str((said or {}).get("SSEKMSKeyId", ""))
        if params.get("ServerSideEncryption"):
            return ""  # it says with what, and the key that it names is asked for
        asked = {"Bucket": bucket}
        return await self.find(f"{bucket} encrypted", owner, "s3", "GetBucketEncryption", asked, _key_of_bucket)

    async def _parameters(self, right: Right, params: Params, owner: Scope) -> dict[str, str]:
        """The parameters that a request decrypts, and their keys."""
        if not params.get("WithDecryption"):
            return {}
        place, _, name = right.resource.partition(":parameter")
        names = {"Key": "Name", "Option": "Equals", "Values": [name, name.removeprefix("/")]}
        if right.action == "ssm:GetParametersByPath":
            depth = "Recursive" if params.get("Recursive") else "OneLevel"
            names = {"Key": "Path", "Option": depth, "Values": [name]}
        found: dict[str, str] = {}
        token = ""
        while True:
            asked = {"ParameterFilters": [names]} | ({"NextToken": token} if token else {})
            place_kept = f"{right.resource} {names['Option']} {token}"
            said = await self.find(place_kept, owner, "ssm", "DescribeParameters", asked, _keys_of_parameters)
            keys, token = json.loads(said or '[{}, ""]')
            found |= {f"{place}:parameter/{name.removeprefix('/')}": key for name, key in keys.items()}
            if not token:
                return found


def _keys_of_parameters(said: Params) -> str:
    keys = {str(one["Name"]): str(one.get("KeyId") or "") for one in said.get("Parameters", ())}
    return json.dumps([keys, str(said.get("NextToken") or "")])


def _table(arn: str) -> dict[str, Any]:
    return {"TableName": arn.rpartition(":table/")[2].partition("/")[0]}


_WAYS: Mapping[str, tuple[str, Callable[[str], dict[str, Any]], Callable[[Params], str]]] = {
    "sqs": (
        "GetQueueAttributes",
        lambda arn: {"QueueUrl": queue_url(arn.split(":", 5)), "AttributeNames": ["KmsMasterKeyId"]},
        lambda said: str(said.get("Attributes", {}).get("KmsMasterKeyId", "")),
    ),
    "sns": (
        "GetTopicAttributes",
        lambda arn: {"TopicArn": arn},
        lambda said: str(said.get("Attributes", {}).get("KmsMasterKeyId", "")),
    ),
    "kinesis": (
        "DescribeStreamSummary",
        lambda arn: {"StreamARN": arn.partition("/consumer/")[0]},
        lambda said: str(said.get("StreamDescriptionSummary", {}).get("KeyId") or ""),
    ),
    "dynamodb": (
        "DescribeTable",
        _table,
        lambda said: str(said.get("Table", {}).get("SSEDescription", {}).get("KMSMasterKeyArn") or ""),
    ),
    "secretsmanager": (
        "DescribeSecret",
        lambda arn: {"SecretId": arn},
        lambda said: str(said.get("KmsKeyId") or ""),
    ),
}
"""Service -> how it is asked with which key something is kept."""


def _arn(key: str, owner: Scope) -> str:
    return f"arn:aws:kms:{owner.region}:{owner.account}:{key if key.startswith('alias/') else f'key/{key}'}"


def _alias_of_aws(said: Params) -> str:
    names = (str(one.get("AliasName")) for one in said.get("Aliases", ()))
    return next((name for name in names if name.startswith(MANAGED)), "")


def _key_of_bucket(said: Params) -> str:
    rules = said.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    return next(
        (str(one.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") or "") for one in rules), ""
    )


def on_behalf(right: Right, scope: Scope) -> Keys:
    """The keys of a service's request to KMS in the caller's name. It encrypts with the ARN of what it keeps.

    Sources: https://docs.aws.amazon.com/kms/latest/developerguide/services-s3.html#s3-encryption-context,
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-data-encryption.html and
    https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html#dynamodb-encryption-context
    """
    service = right.action.partition(":")[0]
    context = {_CONTEXTS.get(service, f"aws:{service}:arn"): right.resource}
    if service == "dynamodb":
        table = right.resource.rpartition(":table/")[2].partition("/")[0]
        context = {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": right.account or scope.account}
    pairs: Keys = {f"kms:encryptioncontext:{name.lower()}": value for name, value in context.items()}
    return of_service(service, scope.region) | pairs | {"kms:encryptioncontextkeys": tuple(context)}
