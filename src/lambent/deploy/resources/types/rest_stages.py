"""Deployments and stages of REST APIs. What CreateStage and CreateDeployment do not take is patched afterwards.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-stage.html,
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambent.deploy.resources.calls import NotMade
from lambent.deploy.resources.kind import Do, Kind, Subject, reads
from lambent.deploy.resources.patching import patched
from lambent.deploy.resources.texts import as_text
from lambent.deploy.resources.types.apis import REST, tagged

Properties = Mapping[str, Any]
Patch = dict[str, str]

SIMPLE = {
    "DeploymentId": "/deploymentId",
    "Description": "/description",
    "TracingEnabled": "/tracingEnabled",
    "CacheClusterEnabled": "/cacheClusterEnabled",
    "CacheClusterSize": "/cacheClusterSize",
    "DocumentationVersion": "/documentationVersion",
    "ClientCertificateId": "/clientCertificateId",
}
REMOVED = {"Description": "", "ClientCertificateId": "", "TracingEnabled": "false", "CacheClusterEnabled": "false"}
"""What a member is when its property is removed; the others stay."""
SETTINGS = {
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}
CANARY = {
    "DeploymentId": "/canarySettings/deploymentId",
    "PercentTraffic": "/canarySettings/percentTraffic",
    "UseStageCache": "/canarySettings/useStageCache",
}
LOGS = {"DestinationArn": "/accessLogSettings/destinationArn", "Format": "/accessLogSettings/format"}
UNBUILT = ("Tags",)
"""Members of a deployment's StageDescription that nothing is made of."""


def stage_patches(now: Properties, before: Properties) -> list[Patch]:
    """What makes a stage of the properties `now` of one of the properties `before`."""
    return [
        *_simple(now, before),
        *_map("/variables", now.get("Variables"), before.get("Variables")),
        *_whole("/canarySettings", CANARY, now.get("CanarySetting"), before.get("CanarySetting")),
        *_whole("/accessLogSettings", LOGS, now.get("AccessLogSetting"), before.get("AccessLogSetting")),
        *_methods(now, before),
    ]


def _simple(now: Properties, before: Properties) -> Iterator[Patch]:
    for name, path in SIMPLE.items():
        said = as_text(now[name]) if name in now else REMOVED.get(name)
        if now.get(name) != before.get(name) and said is not None:
            yield _replace(path, said)


def _map(path: str, now: Properties | None, before: Properties | None) -> Iterator[Patch]:
    now, before = now or {}, before or {}
    for name, value in now.items():
        if before.get(name) != value:
            yield _replace(f"{path}/{name}", as_text(value))
    for name in before:
        if name not in now:
            yield {"op": "remove", "path": f"{path}/{name}"}


def _whole(path: str, members: Mapping[str, str], now: Properties | None, before: Properties | None) -> Iterator[Patch]:
    """A structure that is removed as a whole."""
    if now is None:
        if before is not None:
            yield {"op": "remove", "path": path}
        return
    before = before or {}
    for name, where in members.items():
        if name in now and now[name] != before.get(name):
            yield _replace(where, as_text(now[name]))
    overrides = "StageVariableOverrides"
    yield from _map(f"{path}/stageVariableOverrides", now.get(overrides), before.get(overrides))


def _methods(now: Properties, before: Properties) -> Iterator[Patch]:
    """MethodSettings, by path and method."""
    settings, former = (
        {_head(one): one for one in said.get("MethodSettings") or []} for said in (now, before)
    )  # fmt: skip
    for head in former:
        if head not in settings:
            yield {"op": "remove", "path": head}
    for head, one in settings.items():
        for name, path in SETTINGS.items():
            if name in one and one[name] != former.get(head, {}).get(name):
                yield _replace(f"{head}/{path}", as_text(one[name]))


def _head(setting: Properties) -> str:
    where = str(setting.get("ResourcePath", "/*"))
    where = "*" if where == "/*" else where.replace("~", "~0").replace("/", "~1")
    return f"/{where}/{setting.get('HttpMethod', '*')}"


def _replace(path: str, value: str) -> Patch:
    return {"op": "replace", "path": path, "value": value}


def _described(subject: Subject) -> Properties:
    """A deployment's StageDescription as a stage has it: settings beside the methods' are those of all methods. Raises
    NotMade."""
    said = dict(subject.properties.get("StageDescription") or {})
    left = [name for name in UNBUILT if name in said]
    if left:
        raise NotMade(f"Lambent does not support {', '.join(left)} of a StageDescription yet: make it a stage.")
    everywhere = {name: said.pop(name) for name in SETTINGS if name in said}
    if everywhere:
        said["MethodSettings"] = [everywhere, *(said.get("MethodSettings") or [])]
    return said


def _if_any(found: Callable[[Subject], list[Patch]], *names: str) -> Any:
    """The patches as the one item of a call that is made for each, none without any."""
    return reads(*names)(lambda subject: [patch] if (patch := found(subject)) else [])


def _own_stage(subject: Subject) -> list[Any]:
    """The stage that a deployment has made with itself, if it still serves that deployment: it goes with it."""
    own = subject.properties.get("StageName")
    return [one for one in subject.answers.get("item") or [] if own and one["stageName"] == own]


PARTS = ("Variables", "CanarySetting", "AccessLogSetting", "MethodSettings", "ClientCertificateId")
LATER = ("AccessLogSetting", "MethodSettings", "ClientCertificateId")
"""What CreateStage does not take."""
_STAGE = {**REST, "stageName": "$StageName"}
_PATCHED = {**_STAGE, "patchOperations": "@item"}
_AT_FIRST = _if_any(
    lambda one: stage_patches({name: one.properties[name] for name in LATER if name in one.properties}, {}), *LATER
)
_DESCRIPTION = _if_any(lambda one: stage_patches(_described(one), {}), "StageDescription")

KINDS = {
    "AWS::ApiGateway::Deployment": Kind(
        create=(
            Do(
                "apigateway:CreateDeployment",
                {
                    **_STAGE,
                    "description": "$Description",
                    "canarySettings": "$DeploymentCanarySettings",
                },
            ),
            Do("apigateway:UpdateStage", _PATCHED, each=_DESCRIPTION),
        ),
        update=(
            patched("apigateway:UpdateDeployment", {**REST, "deploymentId": "$id"}, ("Description", "/description")),
            Do("apigateway:UpdateStage", _PATCHED, each=_DESCRIPTION),
        ),
        delete=(
            Do("apigateway:GetStages", {**REST, "deploymentId": "$id"}, on=("StageName",)),
            Do("apigateway:DeleteStage", {**REST, "stageName": "@item.stageName"}, each=_own_stage),
            Do("apigateway:DeleteDeployment", {**REST, "deploymentId": "$id"}),
        ),
        id="@id",
        attributes={"DeploymentId": "{id}"},
    ),
    "AWS::ApiGateway::Stage": Kind(
        create=(
            Do("apigateway:CreateStage", {"canarySettings": "$CanarySetting"}, fit=True),
            Do("apigateway:UpdateStage", _PATCHED, each=_AT_FIRST),
        ),
        update=(
            Do(
                "apigateway:UpdateStage",
                _PATCHED,
                each=_if_any(lambda one: stage_patches(one.properties, one.former), *SIMPLE, *PARTS),
            ),
        ),
        delete=(Do("apigateway:DeleteStage", _STAGE),),
        id="{StageName}",
        **tagged("restapis/{RestApiId}/stages/{StageName}"),
    ),
}
