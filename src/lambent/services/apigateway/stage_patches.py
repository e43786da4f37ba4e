"""Patches of a stage: its own members, and the settings of methods (`/~1pets/GET/throttling/rateLimit`).

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch; the texts are AWS's.
"""

import copy
from collections.abc import Sequence
from typing import Any

from botocore.model import Shape

from lambent.services.apigateway import faults, patching
from lambent.services.apigateway.kinds import STAGE

Document = dict[str, Any]
SETTINGS = {
    "metrics/enabled": "metricsEnabled",
    "logging/loglevel": "loggingLevel",
    "logging/dataTrace": "dataTraceEnabled",
    "throttling/burstLimit": "throttlingBurstLimit",
    "throttling/rateLimit": "throttlingRateLimit",
    "caching/enabled": "cachingEnabled",
    "caching/ttlInSeconds": "cacheTtlInSeconds",
    "caching/dataEncrypted": "cacheDataEncrypted",
    "caching/requireAuthorizationForCacheControl": "requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy": "unauthorizedCacheControlHeaderStrategy",
}
"""The end of a path -> the member of MethodSetting."""
DEFAULTS = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
LEVELS = ("OFF", "ERROR", "INFO")
CANARY = ("percentTraffic", "deploymentId", "stageVariableOverrides", "useStageCache")
PROMOTED = {
    "/canarySettings/deploymentId": "/deploymentId",
    "/canarySettings/stageVariableOverrides": "/variables",
}
"""What a copy may take of a canary, and what it becomes."""


def _told(method: str, between: str) -> tuple[str, ...]:
    """The settings of methods as AWS lists them: it forgets commas where it lists throttles."""
    throttles = (f"{method}/{end}" for end in ("throttling/burstLimit", "throttling/rateLimit", "caching/ttlInSeconds"))
    others = (
        "caching/enabled", "caching/dataEncrypted", "caching/requireAuthorizationForCacheControl",
        "caching/unauthorizedCacheControlHeaderStrategy",
    )  # fmt: skip
    first = tuple(f"{method}/{end}" for end in ("metrics/enabled", "logging/dataTrace", "logging/loglevel"))
    return (*first, between.join(throttles), *(f"{method}/{end}" for end in others))


_TOLD = (
    "/deploymentId", "/description", "/cacheClusterEnabled", "/cacheClusterSize", "/clientCertificateId",
    "/accessLogSettings", "/accessLogSettings/destinationArn", "/accessLogSettings/format",
    *_told("/{resourcePath}/{httpMethod}", ""), *_told("/*/*", " "), "/variables/{variable_name}", "/tracingEnabled",
)  # fmt: skip


def patch_stage(shape: Shape, document: Document, operations: Sequence[Document]) -> Document:
    """A copy of the stage, changed. Raises 400."""
    new = copy.deepcopy(document)
    for operation in operations:
        path, op = str(operation.get("path") or ""), operation.get("op")
        first = (patching.pointer(path) or [""])[0]
        if op == "copy":
            _promote(new, path, str(operation.get("from")))
        elif first == "canarySettings":
            _canary(shape, new, operation, path)
        elif first in STAGE.patched.members:
            _own(shape, new, operation)
        else:
            _setting(shape, new, operation, path)
    return new


def _own(shape: Shape, stage: Document, operation: Document) -> None:
    if patching.pointer(str(operation["path"])) == ["accessLogSettings"] and operation.get("op") == "remove":
        stage.pop("accessLogSettings", None)
        return
    patching.apply(shape, stage, operation, STAGE.patched)
    logs = stage.get("accessLogSettings")
    if logs and "destinationArn" in logs:
        logs["destinationArn"] = str(logs["destinationArn"]).removesuffix(":*")


def _promote(stage: Document, path: str, source: str) -> None:
    """What the canary has becomes the stage's. Raises 400."""
    if path not in PROMOTED.values() or source not in PROMOTED:
        raise faults.bad_request(
            f"Invalid copy operation with path: {path} and from {source}. Valid copy:path are "
            f"[{', '.join(PROMOTED.values())}] and valid copy:from are [{', '.join(PROMOTED)}]"
        )
    canary = stage.get("canarySettings")
    if not canary:
        raise faults.bad_request("Promotion not available. Canary does not exist.")
    if path == "/deploymentId":
        stage["deploymentId"] = canary["deploymentId"]
    else:
        stage["variables"] = (stage.get("variables") or {}) | (canary.get("stageVariableOverrides") or {})


def _canary(shape: Shape, stage: Document, operation: Document, path: str) -> None:
    """A path of the canary's. Raises 400."""
    op = operation.get("op")
    if path == "/canarySettings" and op == "remove":
        stage.pop("canarySettings", None)
        return
    parts = patching.pointer(path)[1:]
    known = bool(parts) and parts[0] in CANARY
    if op != "replace" and not (op == "remove" and len(parts) == 2):
        raise faults.bad_request(f"Invalid {op} operation with path: {path}" if known else _unset(op, path.lstrip("/")))
    if not known:
        raise _no_path(path)
    patching.apply(shape, stage, operation, STAGE.patched)
    canary = {"percentTraffic": 0.0, "useStageCache": False, "deploymentId": stage["deploymentId"]}
    stage["canarySettings"] = canary | stage["canarySettings"]
    if not 0 <= stage["canarySettings"]["percentTraffic"] <= 100:
        raise faults.bad_request("Percent traffic must be between 0.0 and 100.0")


def _setting(shape: Shape, stage: Document, operation: Document, path: str) -> None:
    """A path's last two parts are the setting, the one before is the method, the rest the path of the resource."""
    parts = path.split("/")[1:]
    settings, op = stage.setdefault("methodSettings", {}), operation.get("op")
    if op == "remove" and len(parts) >= 2 and "/".join(parts[-2:]) not in SETTINGS:
        if settings.pop(method_key(parts), None) is None:
            raise faults.bad_request(_unset(op, method_key(parts)))
        return
    member = SETTINGS.get("/".join(parts[-2:]))
    if member is None or len(parts) < 4:
        raise _no_path(path)
    setting = settings.setdefault(method_key(parts[:-2]), dict(DEFAULTS))
    if op == "remove":
        setting.pop(member, None)
        return
    member_shape = shape.members["methodSettings"].value.members[member]
    setting[member] = patching.read(member_shape, operation.get("value"))
    if member == "loggingLevel" and setting[member] not in LEVELS:
        raise faults.bad_request(f"Invalid logging level specified. Must be one of: [{', '.join(LEVELS)}]")


def _unset(op: str | None, name: str) -> str:
    return f"Cannot {op} method setting {name} because there is no method setting for this method "


def _no_path(path: str) -> Exception:
    return faults.bad_request(f"Invalid method setting path: {path}. Must be one of: [{', '.join(_TOLD)}]")


def method_key(parts: Sequence[str]) -> str:
    """The key in `methodSettings`: the path without its first slash, and the method."""
    path = "/".join(parts[:-1]).replace("~1", "/").replace("~0", "~").lstrip("/")
    return f"{path}/{parts[-1]}"
