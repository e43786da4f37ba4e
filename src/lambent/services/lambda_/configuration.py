"""What a function's configuration is made of: defaults, checks, and the answers that show it.

The checks here are those that AWS answers with InvalidParameterValueException; what the service model says is
checked before an operation is called.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from lambent.model.function import LATEST
from lambent.model.limits import Limits
from lambent.model.names import FunctionRef, function_arn
from lambent.services.lambda_ import faults
from lambent.services.lambda_.lifecycle import STATE_MEMBERS
from lambent.store.blobs import Blob
from lambent.store.record import FunctionRecord

SETTINGS = frozenset(
    {
        "Role",
        "Handler",
        "Description",
        "Timeout",
        "MemorySize",
        "Runtime",
        "Environment",
        "EphemeralStorage",
        "LoggingConfig",
    }
)
"""What create and update of the configuration have in common and Lambent acts on."""

RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Variables that only the runtime sets. Source: developer guide, configuration-envvars."""

_UNCONFIGURABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)
_PLAIN = ("Role", "Handler", "Description", "Timeout", "MemorySize")
_ROLE = re.compile(r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/.+")
_NOT_LISTED = STATE_MEMBERS | {"RuntimeVersionConfig"}


def fresh(ref: FunctionRef, limits: Limits, architecture: str) -> dict[str, Any]:
    """The configuration of a function for which nothing was said."""
    return {
        "FunctionName": ref.name,
        "Description": "",
        "Timeout": limits.timeout_default,
        "MemorySize": limits.memory_default_mb,
        "Version": LATEST,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": [architecture],
        "EphemeralStorage": {"Size": limits.tmp_default_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{ref.name}"},
    }


def apply(base: Mapping[str, Any], params: Mapping[str, Any], region: str) -> dict[str, Any]:
    """`base` with the settings that were sent."""
    said = dict(base) | {member: params[member] for member in _PLAIN if member in params}
    if "Runtime" in params:
        said |= _runtime(params["Runtime"], region)
    if "EphemeralStorage" in params:
        said["EphemeralStorage"] = {"Size": params["EphemeralStorage"]["Size"]}
    if "LoggingConfig" in params:
        said["LoggingConfig"] = _logging(said["LoggingConfig"], params["LoggingConfig"])
    if "Environment" in params:
        said.pop("Environment", None)
        variables = params["Environment"].get("Variables")
        if variables is not None:
            said["Environment"] = {"Variables": dict(variables)}
    return said


def with_code(base: Mapping[str, Any], blob: Blob) -> dict[str, Any]:
    """`base` with another package."""
    digest = base64.b64encode(bytes.fromhex(blob.digest)).decode()
    return dict(base) | {"CodeSha256": digest, "CodeSize": blob.size}


def modified(base: Mapping[str, Any], now: float) -> dict[str, Any]:
    """`base`, changed at `now` (seconds since 1970)."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return dict(base) | {"LastModified": f"{stamp}+0000"}


def _runtime(identifier: str, region: str) -> dict[str, Any]:
    """The runtime and an ARN for its version: stable for a runtime, as there is one version of it here."""
    version = hashlib.sha256(identifier.encode()).hexdigest()
    return {
        "Runtime": identifier,
        "RuntimeVersionConfig": {"RuntimeVersionArn": f"arn:aws:lambda:{region}::runtime:{version}"},
    }


def _logging(old: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Merge; levels exist in JSON format only, with INFO by default, and go when the format becomes Text."""
    merged = dict(old) | dict(sent)
    levels = ("ApplicationLogLevel", "SystemLogLevel")
    if merged["LogFormat"] == "JSON":
        return dict.fromkeys(levels, "INFO") | merged
    if any(level in sent for level in levels):
        # Wording of our own.
        raise faults.invalid("ApplicationLogLevel and SystemLogLevel need LogFormat JSON.")
    return {member: value for member, value in merged.items() if member not in levels}


def check(params: Mapping[str, Any], limits: Limits) -> None:
    """Raise Fault for a setting over a quota, a reserved variable, a role that can't be one."""
    if (role := params.get("Role")) is not None and not _ROLE.fullmatch(role):
        raise faults.invalid("The role defined for the function cannot be assumed by Lambda.")
    _check_maximum(params.get("Timeout"), "timeout", limits.timeout_max)
    _check_maximum(params.get("MemorySize"), "memorySize", limits.memory_max_mb)
    storage = params.get("EphemeralStorage", {})
    _check_maximum(storage.get("Size"), "ephemeralStorage.size", limits.tmp_max_mb)
    _check_environment(params.get("Environment", {}).get("Variables") or {}, limits)


def _check_maximum(value: int | None, member: str, maximum: int) -> None:
    if value is not None and value > maximum:
        raise faults.over_maximum(value, member, maximum, what="value")


def _check_environment(variables: Mapping[str, str], limits: Limits) -> None:
    reserved = [key for key in variables if key in RESERVED]
    if reserved:
        raise faults.invalid(
            f"{_UNCONFIGURABLE}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = orjson.dumps(dict(variables))
    if len(measured) > limits.environment:
        raise faults.invalid(f"{_UNCONFIGURABLE}exceeded the 4KB limit. String measured: {measured.decode()}")


def check_tags(tags: Mapping[str, str], limits: Limits) -> None:
    """Raise Fault for more tags than a function may have."""
    if len(tags) > limits.tags:
        raise faults.invalid("Number of tags exceeds resource tag limit.")


def answer(record: FunctionRecord, qualifier: str | None = None) -> dict[str, Any]:
    """FunctionConfiguration as Get, Create and Update answer it; the ARN qualified if it was asked for so."""
    return record.configuration | {"FunctionArn": function_arn(record.scope, record.name, qualifier)}


def listed(record: FunctionRecord, qualifier: str | None = None) -> dict[str, Any]:
    """FunctionConfiguration as List answers it: without states and the runtime's version."""
    return {member: value for member, value in answer(record, qualifier).items() if member not in _NOT_LISTED}
