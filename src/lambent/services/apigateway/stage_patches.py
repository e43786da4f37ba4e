"""Patches of a stage: its own members, and the settings of methods (`/~1pets/GET/throttling/rateLimit`).

Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch.
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


def patch_stage(shape: Shape, document: Document, operations: Sequence[Document]) -> Document:
    """A copy of the stage, changed. Raises 400."""
    new = copy.deepcopy(document)
    for operation in operations:
        path = str(operation.get("path") or "")
        first = patching.pointer(path)[:1]
        if first and first[0] not in STAGE.patched:
            _setting(shape, new, operation, path)
        else:
            _own(shape, new, operation)
    return new


def _own(shape: Shape, stage: Document, operation: Document) -> None:
    segments = patching.pointer(str(operation["path"]))
    if segments == ["canarySettings"] and operation.get("op") == "remove":
        stage.pop("canarySettings", None)
        return
    if segments == ["accessLogSettings"] and operation.get("op") == "remove":
        stage.pop("accessLogSettings", None)
        return
    patching.apply(shape, stage, operation, STAGE.patched)
    canary = stage.get("canarySettings")
    if canary is not None:
        canary.setdefault("percentTraffic", 0.0)
        canary.setdefault("useStageCache", False)
        canary.setdefault("deploymentId", stage["deploymentId"])
        if not 0 <= canary["percentTraffic"] <= 100:
            raise faults.bad_request("Percent traffic must be between 0.0 and 100.0")
    logs = stage.get("accessLogSettings")
    if logs and "destinationArn" in logs:
        logs["destinationArn"] = str(logs["destinationArn"]).removesuffix(":*")


def _setting(shape: Shape, stage: Document, operation: Document, path: str) -> None:
    """A path's last two parts are the setting, the one before is the method, the rest the path of the resource."""
    parts = path.split("/")[1:]
    settings, op = stage.setdefault("methodSettings", {}), operation.get("op")
    if op == "remove" and len(parts) >= 2 and "/".join(parts[-2:]) not in SETTINGS:
        settings.pop(method_key(parts), None)
        return
    member = SETTINGS.get("/".join(parts[-2:]))
    if member is None or len(parts) < 4:
        known = ", ".join(f"/{name}" for name in STAGE.patched) + ", /{resourcePath}/{httpMethod}/{setting}"
        raise faults.bad_request(f"Invalid patch path  '{path}' specified for op '{op}'. Must be one of: [{known}]")
    setting = settings.setdefault(method_key(parts[:-2]), dict(DEFAULTS))
    if op == "remove":
        setting.pop(member, None)
        return
    member_shape = shape.members["methodSettings"].value.members[member]
    setting[member] = patching.read(member_shape, operation.get("value"))
    if member == "loggingLevel" and setting[member] not in LEVELS:
        raise faults.bad_request(f"Invalid logging level specified. Must be one of: [{', '.join(LEVELS)}]")


def method_key(parts: Sequence[str]) -> str:
    """The key in `methodSettings`: the path without its first slash, and the method."""
    path = "/".join(parts[:-1]).replace("~1", "/").replace("~0", "~").lstrip("/")
    return f"{path}/{parts[-1]}"
