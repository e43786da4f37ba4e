"""The policies of resources: a queue's, a topic's, a key's, a bucket's, a function's.

Asked of the service itself, wherever it is answered, and kept until one of its policies changes.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine.authorisation import document
from lambent.engine.authorisation.document import Policy
from lambent.model.scope import Scope
from lambent.permissions.identities import Ask, loaded

KEPT = 4_096
CHANGING = re.compile(
    "^(?!Get|List|Describe).*(Policy|Permission)|(Set|Put|Modify).*Attributes"
    "|(Create|Delete)(Queue|Topic|Bucket|Function|Secret|Key|Table|Alias|Stream|EventBus)$"
)
"""How the names of operations look after which a resource's policy may be another."""
MANAGED = "alias/aws/"
"""How the names of AWS's own keys begin."""
ALWAYS = frozenset({"kms"})
"""Services whose resources only their own policy opens: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"""

THROUGH = ("Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "CreateGrant", "DescribeKey")
"""What everybody of an account may have done with its services' own keys, by the service."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a policy is asked for: the operation, its parameters from the ARN's fields, and where it is in the answer."""

    service: str
    operation: str
    params: Callable[[list[str]], dict[str, Any]]
    read: Callable[[dict[str, Any]], Any]


def queue_url(arn: list[str]) -> str:
    """A URL of a queue, by its ARN's fields."""
    return f"http://127.0.0.1/{arn[4]}/{arn[5]}"


def _queue(arn: list[str]) -> dict[str, Any]:
    return {"QueueUrl": queue_url(arn), "AttributeNames": ["Policy"]}


def _function(arn: list[str]) -> dict[str, Any]:
    name, _, qualifier = arn[5].removeprefix("function:").partition(":")
    return {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})


def _layer(arn: list[str]) -> dict[str, Any]:
    _, name, version = (arn[5] + "::").split(":")[:3]
    return {"LayerName": name, "VersionNumber": int(version) if version.isdecimal() else 0}


_WAYS: Mapping[str, _Way] = {
    "sqs": _Way("sqs", "GetQueueAttributes", _queue, lambda said: said.get("Attributes", {}).get("Policy")),
    "sns": _Way(
        "sns",
        "GetTopicAttributes",
        lambda arn: {"TopicArn": ":".join(arn)},
        lambda said: said.get("Attributes", {}).get("Policy"),
    ),
    "s3": _Way(
        "s3", "GetBucketPolicy", lambda arn: {"Bucket": arn[5].partition("/")[0]}, lambda said: said.get("Policy")
    ),
    "kms": _Way(
        "kms",
        "GetKeyPolicy",
        lambda arn: {"KeyId": ":".join(arn), "PolicyName": "default"},
        lambda said: said["Policy"],
    ),
    "secretsmanager": _Way(
        "secretsmanager",
        "GetResourcePolicy",
        lambda arn: {"SecretId": ":".join(arn).removesuffix("-??????")},
        lambda said: said.get("ResourcePolicy"),
    ),
    "dynamodb": _Way(
        "dynamodb",
        "GetResourcePolicy",
        lambda arn: {"ResourceArn": ":".join([*arn[:5], "/".join(arn[5].split("/")[:2])])},
        lambda said: said.get("Policy"),
    ),
    "events": _Way(
        "events",
        "DescribeEventBus",
        lambda arn: {"Name": arn[5].removeprefix("event-bus/")},
        lambda said: said.get("Policy"),
    ),
    "lambda": _Way("lambda", "GetPolicy", _function, lambda said: said.get("Policy")),
}
_LAYER = _Way("lambda", "GetLayerVersionPolicy", _layer, lambda said: said.get("Policy"))


def _way(arn: list[str]) -> _Way | None:
    """How the policy of a resource is asked for, by its ARN's fields; None when nobody can say."""
    if len(arn) != 6:
        return None
    return _LAYER if arn[2] == "lambda" and arn[5].startswith("layer:") else _WAYS.get(arn[2])


def is_asked_of(arn: str) -> bool:
    """Whether the service of a resource can be asked for its policy."""
    return _way(arn.split(":", 5)) is not None


@functools.lru_cache(256)
def _of_managed(arn: str) -> Policy:
    """The policy of a key that AWS manages for a service, by its alias's ARN: no service may use another's, and none
    for itself.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key (its policy, as
    GetKeyPolicy shows it)
    """
    _, _, _, region, account, name = arn.split(":", 5)
    via = f"{name.removeprefix(MANAGED)}.{region}.amazonaws.com"
    within = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
    through = within | {
        "Action": [f"kms:{one}" for one in THROUGH],
        "Condition": {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": via}},
    }
    shown = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Resource": "*"}
    shown |= {"Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]}
    return document.read(f"the policy of {arn}", {"Version": "2012-10-17", "Statement": [through, shown]})


class Attached:
    """The policies of resources by ARN. `holds` tells whether a service can hold anything at all."""

    def __init__(self, ask: Ask, holds: Callable[[str], bool] = lambda _service: True) -> None:
        self._ask = ask
        self._holds = holds
        self._kept: dict[str, Policy | None] = {}
        self.revision = 0

    def changed(self, operation: str) -> None:
        """An operation was carried out."""
        if CHANGING.search(operation):
            self._kept.clear()
            self.revision += 1

    async def find(self, arn: str, scope: Scope) -> Policy | None:
        """The policy of a resource, None when it has none, or nobody can say."""
        fields = arn.split(":", 5)
        if len(fields) == 6 and fields[5].startswith(MANAGED):
            return _of_managed(arn)
        way = _way(fields)
        if way is None or not self._holds(way.service):
            return None
        shared = arn.partition("/")[0] if fields[2] == "s3" else arn
        if shared not in self._kept:
            owner = Scope(fields[4] or scope.account, fields[3] or scope.region)
            revision, said = self.revision, await self._ask(way.service, way.operation, way.params(fields), owner)
            text = way.read(said) if said is not None else None
            policy = document.read(f"the policy of {shared}", loaded(text)) if text else None
            if revision != self.revision:
                return policy
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[shared] = policy
        return self._kept[shared]
