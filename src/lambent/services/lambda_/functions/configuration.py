"""What a function's configuration is made of: defaults, checks, and the answers that show it.

The checks here are those that AWS answers with InvalidParameterValueException; what the service model says is
checked before an operation is called.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from lambent.model.function import LATEST
from lambent.model.limits import Limits
from lambent.model.names import FunctionRef, function_arn
from lambent.model.reserved_variables import RESERVED
from lambent.services.lambda_ import faults
from lambent.services.lambda_.functions import snap_start
from lambent.services.lambda_.functions.lifecycle import STATE_MEMBERS
from lambent.services.lambda_.functions.references import Asked
from lambent.services.lambda_.timestamp import iso
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
        "VpcConfig",
        "DeadLetterConfig",
        "TracingConfig",
        "KMSKeyArn",
        "Layers",
        "FileSystemConfigs",
        "ImageConfig",
        "SnapStart",
    }
)
"""What create and update of the configuration have in common. `stored_settings` tells which have no effect yet."""

_UNCONFIGURABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)
_PLAIN = ("Role", "Handler", "Description", "Timeout", "MemorySize")
_ROLE = re.compile(r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/.+")
_NOT_LISTED = STATE_MEMBERS | {"RuntimeVersionConfig"}


def fresh(ref: FunctionRef, limits: Limits, package_type: str, architectures: Sequence[str]) -> dict[str, Any]:
    """The configuration of a function for which nothing else was said."""
    return {
        "FunctionName": ref.name,
        "Description": "",
        "Timeout": limits.timeout_default,
        "MemorySize": limits.memory_default_mb,
        "Version": LATEST,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": package_type,
        "Architectures": list(architectures),
        "EphemeralStorage": {"Size": limits.tmp_default_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{ref.name}"},
    }


def apply(base: Mapping[str, Any], params: Mapping[str, Any], asked: Asked, region: str) -> dict[str, Any]:
    """`base` with the settings that were sent, and what was looked up for them."""
    said = dict(base) | {member: params[member] for member in _PLAIN if member in params}
    if params.get("Runtime"):
        said |= runtime(params["Runtime"], said["Architectures"], region)
    if "EphemeralStorage" in params:
        said["EphemeralStorage"] = {"Size": params["EphemeralStorage"]["Size"]}
    if "LoggingConfig" in params:
        said["LoggingConfig"] = _logging(said["LoggingConfig"], params["LoggingConfig"])
    if asked.vpc is not None:
        said["VpcConfig"] = asked.vpc
    for member, change in _REPLACED.items():
        if member in params and params[member] != _NO_CHANGE.get(member):
            said = _put(said, _SHOWN_AS.get(member, member), change(params[member]))
    if asked.layers is not None:
        said = _put(said, "Layers", [{"Arn": use.arn, "CodeSize": use.size} for use in asked.layers])
    return said


def _put(said: dict[str, Any], member: str, value: Any) -> dict[str, Any]:
    """`said` with a member, or without it when it is empty, as AWS shows it."""
    rest = {name: old for name, old in said.items() if name != member}
    return rest | {member: value} if value else rest


def _variables(sent: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"Variables": dict(sent["Variables"])} if sent.get("Variables") is not None else None


def _image_config(sent: Mapping[str, Any]) -> dict[str, Any] | None:
    kept = {member: value for member, value in sent.items() if value}
    return {"ImageConfig": kept} if kept else None


_REPLACED: dict[str, Callable[[Any], Any]] = {
    "Environment": _variables,
    "DeadLetterConfig": lambda sent: dict(sent) if sent.get("TargetArn") else None,
    "TracingConfig": lambda sent: {"Mode": sent.get("Mode", "PassThrough")},
    "KMSKeyArn": lambda sent: sent,
    "FileSystemConfigs": lambda sent: [dict(one) for one in sent],
    "ImageConfig": _image_config,
    "SnapStart": lambda sent: {"ApplyOn": sent.get("ApplyOn", "None"), "OptimizationStatus": "Off"},
}
"""Settings that are replaced as a whole, and gone when what was sent is empty."""

_NO_CHANGE: dict[str, dict[str, Any]] = {"DeadLetterConfig": {}}
"""What leaves a setting as it is, as recorded: only an empty TargetArn takes the queue away."""

_SHOWN_AS = {"ImageConfig": "ImageConfigResponse"}


def modified(base: Mapping[str, Any], now: float) -> dict[str, Any]:
    """`base`, changed at `now` (seconds since 1970)."""
    return dict(base) | {"LastModified": iso(now)}


def runtime(identifier: str, architectures: Sequence[str], region: str) -> dict[str, Any]:
    """The runtime and an ARN for its version: stable for a runtime and architecture, as there is one version here."""
    version = hashlib.sha256(f"{identifier} {architectures[0]}".encode()).hexdigest()
    return {
        "Runtime": identifier,
        "RuntimeVersionConfig": {"RuntimeVersionArn": f"arn:aws:lambda:{region}::runtime:{version}"},
    }


def with_architectures(base: Mapping[str, Any], architectures: Sequence[str], region: str) -> dict[str, Any]:
    """`base` for another architecture, whose runtime is another version."""
    said = dict(base) | {"Architectures": list(architectures)}
    return said | (runtime(said["Runtime"], architectures, region) if "Runtime" in said else {})


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
    _check_environment(params.get("Environment", {}).get("Variables") or {}, limits)
    _check_dead_letters(params.get("DeadLetterConfig", {}).get("TargetArn") or "")


def check_whole(said: Mapping[str, Any], machine: str) -> None:
    """Raise Fault for settings that don't go together, of a configuration as it would become."""
    snap_start.check(said)
    _check_architecture(said, machine)
    if said.get("FileSystemConfigs") and not said.get("VpcConfig", {}).get("SubnetIds"):
        # Text as publicly reported by callers of AWS.
        raise faults.invalid(
            "Function must be configured to execute in a VPC to reference access point "
            f"{said['FileSystemConfigs'][0]['Arn']}. "
            "Please update the function configuration to include VPC subnets and security groups."
        )


def _check_architecture(said: Mapping[str, Any], machine: str) -> None:
    """Interpreted code runs on any machine; a bootstrap or an image is made for one."""
    asked = list(said["Architectures"])
    native = said["PackageType"] == "Image" or said["Runtime"].startswith(("provided", "go"))
    if asked != [machine] and native:
        raise faults.unsupported(f"Architectures {asked} on this {machine} machine")


def _check_dead_letters(target: str) -> None:
    if target and target.split(":")[2] not in ("sqs", "sns"):
        # Wording of our own.
        raise faults.invalid(f"The target of a DeadLetterConfig must be an SQS queue or an SNS topic: {target}")


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


STACKS = "aws:cloudformation:"
"""What a stack's tags begin with; they don't count."""


def check_tags(tags: Mapping[str, str], limits: Limits, own: bool = False) -> None:
    """Raise Fault for more tags than a resource may have, and for AWS's own keys, which `own` callers may give.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html (tag restrictions).
    """
    given = [key for key in tags if not key.startswith(STACKS)]
    if len(given) > limits.tags:
        raise faults.invalid("Number of tags exceeds resource tag limit.")
    if not own and any(key.lower().startswith("aws:") for key in tags):
        # Wording of our own: no recorded answer shows it.
        raise faults.invalid("Tag keys that start with aws: are reserved for AWS.")


def answer(record: FunctionRecord, qualifier: str | None = None) -> dict[str, Any]:
    """FunctionConfiguration as Get, Create and Update answer it; the ARN qualified if it was asked for so."""
    return record.configuration | {"FunctionArn": function_arn(record.scope, record.name, qualifier)}


def listed(record: FunctionRecord, qualifier: str | None = None) -> dict[str, Any]:
    """FunctionConfiguration as List answers it: without states and the runtime's version."""
    return {member: value for member, value in answer(record, qualifier).items() if member not in _NOT_LISTED}
