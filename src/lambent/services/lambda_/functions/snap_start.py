"""SnapStart: which functions may ask for it, and the status that is shown.

Taking the snapshot is part of making a version ready; where none can be taken, that reports it.
Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

import re
from collections.abc import Mapping
from typing import Any

from lambent.model.function import LATEST
from lambent.services.lambda_ import faults

_RUNTIMES = re.compile(r"java(?P<java>\d+)|python3\.(?P<python>\d+)|dotnet(?P<dotnet>\d+)")
_SINCE = {"java": 11, "python": 12, "dotnet": 8}
_TMP_MB = 512


def wanted(configuration: Mapping[str, Any]) -> bool:
    """Whether versions of a function are to start from snapshots."""
    return bool(configuration["SnapStart"]["ApplyOn"] == "PublishedVersions")


def check(configuration: Mapping[str, Any]) -> None:
    """Raise Fault where SnapStart goes with nothing else that was asked for."""
    if not wanted(configuration):
        return
    if configuration["PackageType"] == "Image":
        # Text as publicly reported by callers of AWS.
        raise faults.invalid("ContainerImage is not supported for SnapStart enabled functions.")
    runtime = configuration["Runtime"]
    if not _supported(runtime):
        # Text as publicly reported by callers of AWS.
        raise faults.invalid(f"{runtime} is not supported for SnapStart enabled functions.")
    if configuration["EphemeralStorage"]["Size"] > _TMP_MB:
        # Wording of our own.
        raise faults.invalid(f"Ephemeral storage over {_TMP_MB} MB is not supported for SnapStart enabled functions.")
    if configuration.get("FileSystemConfigs"):
        # Wording of our own.
        raise faults.invalid("EFS is not supported for SnapStart enabled functions.")


def _supported(runtime: str) -> bool:
    match = _RUNTIMES.fullmatch(runtime)
    if match is None:
        return False
    return any(number and int(number) >= _SINCE[family] for family, number in match.groupdict().items())


def optimised(configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the status that AWS shows: On for a version that is Active, else Off."""
    on = wanted(configuration) and configuration["Version"] != LATEST and configuration["State"] == "Active"
    status = {"OptimizationStatus": "On" if on else "Off"}
    return configuration | {"SnapStart": configuration["SnapStart"] | status}
