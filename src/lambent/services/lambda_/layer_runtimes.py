"""The runtimes that layers may be said to fit."""

from collections.abc import Mapping
from typing import Any

from lambent.wire.fault import Fault

RUNTIMES = frozenset(
    {
        "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x",
        "nodejs14.x", "nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs26.x",
        "java8", "java8.al2", "java11", "java17", "java21", "java25", "java8.al2023", "java11.al2023",
        "java17.al2023",
        "python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10", "python3.11", "python3.12",
        "python3.13", "python3.14", "python3.15",
        "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "dotnet8", "dotnet10",
        "go1.x",
        "ruby2.5", "ruby2.7", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0",
        "provided", "provided.al2", "provided.al2023",
        "custom",
    }
)  # fmt: skip
"""Runtimes that a layer may be said to fit, deprecated ones too. Source: the enum `Runtime` of botocore's model."""

_TOLD = (
    "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, "
    "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, "
    "java11, dotnet6, nodejs18.x, provided.al2, java8.al2]"
)
"""The runtimes that AWS lists when it refuses one (https://github.com/aws-cloudformation/cfn-lint/issues/4427)."""


def check_runtimes(params: Mapping[str, Any]) -> None:
    """Raise 400 for a runtime that AWS never had, in CompatibleRuntimes or CompatibleRuntime."""
    sent = params.get("CompatibleRuntimes")
    if sent is not None and not RUNTIMES.issuperset(sent):
        raise _unknown_runtime(f"[{', '.join(sent)}]", "compatibleRuntimes")
    one = params.get("CompatibleRuntime")
    if one is not None and one not in RUNTIMES:
        raise _unknown_runtime(one, "compatibleRuntime")


def _unknown_runtime(value: str, member: str) -> Fault:
    return Fault(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: {_TOLD}",
        status=400,
    )
