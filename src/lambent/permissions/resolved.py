"""What a request alone does not tell of what it is about: the key behind an alias, the whole ARN of a secret, the path
of a role, the API of a connection; and the keys with which something is kept.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html (policies name the key, and
`kms:RequestAlias` its alias), https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
(ARNs of secrets), https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (`kms:ViaService`),
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.model.scope import Scope
from lambent.permissions.attached import MANAGED
from lambent.permissions.encrypted import Encrypted, on_behalf
from lambent.permissions.identities import Ask
from lambent.permissions.parameters import SUFFIX
from lambent.permissions.requests import Right

CONNECTIONS = "execute-api:ManageConnections"
BATCH = "secretsmanager:BatchGetSecretValue"
OF_DEPLOYMENTS = frozenset(
    {"codedeploy:BatchGetDeployments", "codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"}
)
"""Actions on a deployment group for which a deployment's id is sent (in `DEPLOYMENT`)."""
DEPLOYMENT = "=DeploymentId"
RUN_TASKS = frozenset({"ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "ecs:UpdateService"})
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html ("Run a task":
roles of a task are passed with it)"""
VIA = "kms:viaservice"
MOVES = frozenset({"kms:UpdateAlias", "kms:DeleteAlias"})
ANY = "*/*"
"""The API and stage of a connection that nobody knows."""
KEPT = 4_096
CHANGING = re.compile(
    "^(?!.*(Item|Message|Record|Object|Events|Data|Segments|Visibility))(Create|Delete|Update|Put|Set|Add|Remove"
    "|Restore|Rotate|Cancel|Enable|Disable|Schedule|Tag|Untag|Replicate|Execute|Associate|Disassociate|Verify|St(art|op)StreamEncryption)"
)
"""How the names of operations begin after which what was asked may be another."""
Params = Mapping[str, Any]


class Resolved:
    """`ask` asks the services; `holds` tells whether one can hold anything at all; `stage_of` answers API/STAGE
    of a WebSocket API's connection by its id, once whoever has them says so."""

    def __init__(self, ask: Ask, holds: Callable[[str], bool] = lambda _service: True) -> None:
        self.ask = ask
        self._holds = holds
        self.stage_of: Callable[[Scope, str], str] = lambda _scope, _connection: ANY
        self._known: dict[str, str] = {}
        self._encrypted = Encrypted(ask, self.find, holds)

    def changed(self, operation: str) -> None:
        """An operation was carried out."""
        if CHANGING.search(operation):
            self._known.clear()

    async def all_of(self, needed: list[Right], params: Params, scope: Scope) -> list[Right]:
        """What a request with these parameters needs, and what stands behind that."""
        needed = needed + [more for one in needed for more in await self.secrets_behind(one, scope)]
        known = [await self.right(one, scope) for one in needed]
        known = [await self._in_context(one, known[0], scope) for one in known]
        behind = [more for one in known for more in await self.keys_behind(one, params, scope)]
        for one in known:
            found = [*await self.roles_behind(one, scope), *await self.key_of_alias(one, scope)]
            behind += [await self.right(more, scope) for more in found]
        return [*known, *behind]

    async def right(self, right: Right, scope: Scope) -> Right:
        """The right with the ARN of what is called by another name in it."""
        if VIA in right.keys and f":{MANAGED}" in right.resource:
            return right  # one of AWS's own keys, which is nobody's to ask for
        for way in _WAYS:
            if way.action.match(right.action) and way.resource.search(right.resource) and self._holds(way.service):
                return await self._named(way, right, scope)
        if right.action == CONNECTIONS:
            stage = self.stage_of(scope, right.params["ConnectionId"])
            return replace(right, resource=right.resource.replace(ANY, stage, 1))
        if right.action.startswith("ses:Send") and "@" in right.resource and self._holds("ses"):
            return replace(right, resource=await self._sender(right.resource, scope))
        if right.action in OF_DEPLOYMENTS and isinstance(right.params.get(DEPLOYMENT), str):
            return replace(right, resource=await self._group_of(right.params[DEPLOYMENT], scope) or right.resource)
        return right

    async def _sender(self, arn: str, scope: Scope) -> str:
        """The identity that lets an address send: itself, or its domain where only that was verified.

        Source: https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
        """
        place, _, address = arn.partition(":identity/")
        asked = {"Identities": [address, address.rpartition("@")[2]]}
        known = await self.find(
            f"{arn} verified", scope, "ses", "GetIdentityVerificationAttributes", asked,
            lambda said: max(said.get("VerificationAttributes", {}), key=len, default=""),
        )  # fmt: skip
        return f"{place}:identity/{known or address}"

    async def _group_of(self, deployment: str, scope: Scope) -> str:
        """The ARN of the deployment group of a deployment of CodeDeploy, "" if there is none."""
        said = await self.ask("codedeploy", "GetDeployment", {"deploymentId": deployment}, scope) or {}
        found = said.get("deploymentInfo")
        if not found:
            return ""
        group = f"{found['applicationName']}/{found['deploymentGroupName']}"
        return f"arn:aws:codedeploy:{scope.region}:{scope.account}:deploymentgroup:{group}"

    async def _named(self, way: "_Way", right: Right, scope: Scope) -> Right:
        fields = right.resource.split(":", 5)
        owner = Scope(right.account or scope.account, fields[3] or scope.region)
        operation, asked = way.asks(right.resource)
        arn = await self.find(right.resource, owner, way.service, operation, asked, way.read)
        if not arn:
            return right
        alias = {"kms:requestalias": right.resource.rpartition(":")[2]} if ":alias/" in right.resource else {}
        return replace(right, resource=arn, keys={**right.keys, **alias})

    async def _in_context(self, right: Right, first: Right, scope: Scope) -> Right:
        """What a service is to ask of a key that a request names, with what it encrypts."""
        if not right.action.startswith("kms:") or first.action.startswith("kms:"):
            return right
        owner = Scope(right.account, scope.region)
        key = await self._encrypted.called(right.resource, owner)
        return replace(right, resource=key, keys=right.keys | on_behalf(first, scope))

    async def keys_behind(self, right: Right, params: Params, scope: Scope) -> list[Right]:
        """What is needed of the keys of KMS with which what a right is about is kept."""
        found = await self._encrypted.behind(right, params, scope)
        return [await self.right(one, scope) for one in found]

    async def secrets_behind(self, right: Right, scope: Scope) -> list[Right]:
        """The secrets that a batch finds by what they look like: each has to be one that may be read."""
        asked = {"Filters": right.params.get("Filters")}
        if right.action != BATCH or not asked["Filters"]:
            return []
        found: list[str] = []
        while True:
            said = await self.ask("secretsmanager", "ListSecrets", asked, scope) or {}
            found += [one["ARN"] for one in said.get("SecretList", ())]
            if not said.get("NextToken"):
                return [Right("secretsmanager:GetSecretValue", arn, scope.account) for arn in found]
            asked = {**asked, "NextToken": said["NextToken"]}

    async def key_of_alias(self, right: Right, scope: Scope) -> list[Right]:
        """The key that an alias is taken from: who moves or deletes the alias needs the right on that, too.

        Source: https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
        """
        if right.action not in MOVES or ":alias/" not in right.resource or not self._holds("kms"):
            return []
        owner = Scope(right.account or scope.account, scope.region)
        key = await self.find(
            f"{right.resource} key", owner, "kms", "DescribeKey", {"KeyId": right.resource}, _arn_of_key
        )
        return [replace(right, resource=key)] if key else []

    async def roles_behind(self, right: Right, scope: Scope) -> list[Right]:
        """The roles that tasks of ECS get by their definition."""
        named = right.params.get("taskDefinition")
        if right.action not in RUN_TASKS or not named or not self._holds("ecs"):
            return []
        said = await self.ask("ecs", "DescribeTaskDefinition", {"taskDefinition": named}, scope) or {}
        found = said.get("taskDefinition") or {}
        roles = [str(found[name]) for name in ("taskRoleArn", "executionRoleArn") if found.get(name)]
        to = {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}
        return [Right("iam:PassRole", role, role.split(":")[4], dict(to)) for role in roles if role.startswith("arn:")]

    async def find(
        self, arn: str, scope: Scope, service: str, operation: str, asked: Params, read: Callable[[Params], str]
    ) -> str:
        """What an operation says, as `read` reads it; "" for an error. Asked again after a change."""
        if arn not in self._known:
            said = await self.ask(service, operation, asked, scope)
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[arn] = read(said) if said is not None else ""
        return self._known[arn]


def _arn_of_key(said: Mapping[str, Any]) -> str:
    return str(said.get("KeyMetadata", {}).get("Arn", ""))


@dataclass(frozen=True, slots=True)
class _Way:
    """How what a request calls by a name is found: of which actions and resources, and what is asked of whom."""

    action: re.Pattern[str]
    resource: re.Pattern[str]
    service: str
    asks: Callable[[str], tuple[str, dict[str, Any]]]
    read: Callable[[Params], str]


def _secret(arn: str) -> tuple[str, dict[str, Any]]:
    named = arn.partition(":secret:")[2].removesuffix(SUFFIX) if arn.endswith(SUFFIX) else arn
    return "DescribeSecret", {"SecretId": named}


def _of_iam(arn: str) -> tuple[str, dict[str, Any]]:
    kind, _, name = arn.split(":", 5)[5].partition("/")
    return f"Get{kind.capitalize()}", {f"{kind.capitalize()}Name": name}


def _arn_of_one(said: Params) -> str:
    return str(next((one["Arn"] for one in said.values() if isinstance(one, Mapping) and "Arn" in one), ""))


_WAYS = (
    _Way(
        re.compile("kms:(?!(Create|Update|Delete)Alias)"), re.compile(":alias/"), "kms",
        lambda arn: ("DescribeKey", {"KeyId": arn}), _arn_of_key,
    ),
    _Way(
        re.compile("secretsmanager:(?!CreateSecret)"), re.compile(":secret:"), "secretsmanager",
        _secret, lambda said: str(said.get("ARN", "")),
    ),
    _Way(re.compile("iam:(?!Create|PassRole)"), re.compile(r":(role|user|group)/[^/]+$"), "iam", _of_iam, _arn_of_one),
)  # fmt: skip
