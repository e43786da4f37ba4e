"""What a request alone does not tell of what it is about: the key behind an alias, the partition keys of a table's
items, the API of a connection.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html (policies name the key, and
`kms:RequestAlias` its alias) and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html (`dynamodb:LeadingKeys`),
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lambent.engine.authorisation.document import Policy
from lambent.model.scope import Scope
from lambent.permissions.identities import Ask
from lambent.permissions.requests import Right

CONNECTIONS = "execute-api:ManageConnections"
ANY = "*/*"
"""The API and stage of a connection that nobody knows."""
LEADING = "dynamodb:leadingkeys"
KEPT = 4_096
CHANGING = re.compile("(Create|Delete|Update)(Alias|Table)$|(Set|Create|Delete)Queue|(Put|Delete)BucketEncryption")
OF_ALIASES = frozenset({"kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"})
ENCRYPTED: Mapping[str, tuple[str, ...]] = {
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
}
"""Action -> what it needs of the key: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms"""
_EQUALS = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")

Params = Mapping[str, Any]


class Resolved:
    """`ask` asks the services; `holds` tells whether one can hold anything at all; `stage_of` answers API/STAGE
    of a WebSocket API's connection by its id, once whoever has them says so."""

    def __init__(self, ask: Ask, holds: Callable[[str], bool] = lambda _service: True) -> None:
        self._ask = ask
        self._holds = holds
        self.stage_of: Callable[[Scope, str], str] = lambda _scope, _connection: ANY
        self._known: dict[str, str] = {}

    def changed(self, operation: str) -> None:
        """An operation was carried out."""
        if CHANGING.search(operation):
            self._known.clear()

    async def right(self, right: Right, params: Params, policies: Iterable[Policy], scope: Scope) -> Right:
        """The right with what stands behind its resource, as far as it counts for `policies` or at all."""
        if right.action.startswith("kms:") and ":alias/" in right.resource and right.action not in OF_ALIASES:
            return await self._of_key(right, scope)
        if right.action.startswith("dynamodb:") and ":table/" in right.resource and _mentions(policies, LEADING):
            return await self._of_items(right, params, scope)
        if right.action == CONNECTIONS:
            return replace(right, resource=right.resource.replace(ANY, self.stage_of(scope, params["ConnectionId"]), 1))
        return right

    async def keys_behind(self, right: Right, params: Params, scope: Scope) -> list[Right]:
        """What is needed of the key of KMS with which a queue or a bucket keeps what is in it; none of AWS's own keys,
        which everybody of the account may use through the service."""
        actions = ENCRYPTED.get(right.action, ())
        if not actions or not self._holds("kms") or params.get("ServerSideEncryption") or "*" in right.resource:
            return []
        owner = Scope(right.account or scope.account, scope.region)
        key = await (self._of_queue if right.action.startswith("sqs:") else self._of_object)(right, params, owner)
        if not key or key.partition("alias/")[2].startswith("aws/"):
            return []
        arn = key if key.startswith("arn:") else _key_arn(key, owner)
        return [Right(action, arn, arn.split(":")[4], right.keys) for action in actions]

    async def _of_queue(self, right: Right, _params: Params, owner: Scope) -> str:
        url = f"http://127.0.0.1/{owner.account}/{right.resource.rpartition(':')[2]}"
        asked = {"QueueUrl": url, "AttributeNames": ["KmsMasterKeyId"]}
        return await self._find(
            right.resource, owner, "sqs", "GetQueueAttributes", asked,
            lambda said: str(said.get("Attributes", {}).get("KmsMasterKeyId", "")),
        )  # fmt: skip

    async def _of_object(self, right: Right, params: Params, owner: Scope) -> str:
        bucket, _, key = right.resource.rpartition(":")[2].partition("/")
        if right.action in ("s3:GetObject", "s3:GetObjectVersion"):
            version = {"VersionId": params["VersionId"]} if params.get("VersionId") else {}
            said = await self._ask("s3", "HeadObject", {"Bucket": bucket, "Key": key} | version, owner)
            return str((said or {}).get("SSEKMSKeyId", ""))
        return await self._find(
            f"{bucket} encrypted", owner, "s3", "GetBucketEncryption", {"Bucket": bucket}, _key_of_bucket
        )

    async def _of_key(self, right: Right, scope: Scope) -> Right:
        alias = right.resource
        key = await self._find(alias, scope, "kms", "DescribeKey", {"KeyId": alias}, _arn_of_key)
        if not key:
            return right
        return replace(right, resource=key, keys={**right.keys, "kms:requestalias": alias.rpartition(":")[2]})

    async def _of_items(self, right: Right, params: Params, scope: Scope) -> Right:
        table = right.resource.partition(":table/")[2].partition("/")[0]
        arn = f"{right.resource.partition(':table/')[0]}:table/{table}"
        name = await self._find(arn, scope, "dynamodb", "DescribeTable", {"TableName": table}, _partition_key)
        values = tuple(dict.fromkeys(leading(params, table, name))) if name else ()
        return replace(right, keys={**right.keys, LEADING: values}) if values else right

    async def _find(
        self, arn: str, scope: Scope, service: str, operation: str, asked: Params, read: Callable[[Params], str]
    ) -> str:
        if arn not in self._known:
            said = await self._ask(service, operation, asked, scope)
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[arn] = read(said) if said is not None else ""
        return self._known[arn]


def leading(params: Params, table: str, name: str) -> Iterator[str]:
    """The values of the partition key `name` that a request to a table names, as conditions have them."""
    for item in _items(params, table):
        if isinstance(item, Mapping) and isinstance(item.get(name), Mapping):
            yield _text(item[name])
    names, values = params.get("ExpressionAttributeNames") or {}, params.get("ExpressionAttributeValues") or {}
    for said, value in _EQUALS.findall(params.get("KeyConditionExpression") or ""):
        if names.get(said, said) == name and isinstance(values.get(value), Mapping):
            yield _text(values[value])
    for value in ((params.get("KeyConditions") or {}).get(name) or {}).get("AttributeValueList", ()):
        yield _text(value)


def _items(params: Params, table: str) -> Iterator[Any]:
    """Keys and items, wherever an operation has them."""
    yield from (params.get("Key"), params.get("Item"))
    asked = (params.get("RequestItems") or {}).get(table) or ()
    if isinstance(asked, Mapping):  # BatchGetItem
        yield from asked.get("Keys", ())
    else:
        for one in asked:
            yield from ((one.get("PutRequest") or {}).get("Item"), (one.get("DeleteRequest") or {}).get("Key"))
    for one in params.get("TransactItems") or ():
        for said in one.values():
            if said.get("TableName", "").rpartition("/")[2] == table:
                yield from (said.get("Key"), said.get("Item"))


def _text(value: Mapping[str, Any]) -> str:
    kind, said = next(iter(value.items()), ("", ""))
    return base64.b64encode(said).decode("ascii") if kind == "B" and isinstance(said, bytes) else str(said)


def _mentions(policies: Iterable[Policy], key: str) -> bool:
    return any(
        condition.key.lower() == key
        for policy in policies
        for statement in policy.statements
        for condition in statement.conditions
    )


def _key_arn(key: str, owner: Scope) -> str:
    return f"arn:aws:kms:{owner.region}:{owner.account}:{key if key.startswith('alias/') else f'key/{key}'}"


def _key_of_bucket(said: Mapping[str, Any]) -> str:
    rules = said.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    return next(
        (str(one.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") or "") for one in rules), ""
    )


def _arn_of_key(said: Mapping[str, Any]) -> str:
    return str(said.get("KeyMetadata", {}).get("Arn", ""))


def _partition_key(said: Mapping[str, Any]) -> str:
    schema = said.get("Table", {}).get("KeySchema", ())
    return next((str(one["AttributeName"]) for one in schema if one.get("KeyType") == "HASH"), "")
