"""Code signing configs, and which function has which.

No signature can be verified here. As AWS does with a package that nobody trusted has signed, one is deployed under the
policy Warn (and a finding says so), and refused under Enforce.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.timestamp import iso
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

KIND = "code-signing-config"
ATTACHED = "function-code-signing"
PAGE_MAX = 10_000
"""Entries of a page. Source: API reference, ListCodeSigningConfigs."""

_ID_DIGITS = 17
_POLICY = "UntrustedArtifactOnDeployment"
_SETTINGS = ("Description", "AllowedPublishers", "CodeSigningPolicies")
_SIGNATURE = "META-INF/aws_signer_signature_v1.0.SF"
"""What AWS Signer adds to a package that it signs."""


def new_id(uuid: str) -> str:
    """The id of a config, of a UUID's digits."""
    return f"csc-{uuid.replace('-', '')[-_ID_DIGITS:]}"


def arn_of(scope: Scope, config_id: str) -> str:
    """The ARN of a config."""
    return f"arn:aws:lambda:{scope.region}:{scope.account}:code-signing-config:{config_id}"


def find(env: LambdaEnv, scope: Scope, arn: str) -> Resource | None:
    """The config of an ARN, None if there is none in the scope."""
    config_id = arn.rpartition(":")[2]
    config = env.resources.get(KIND, scope, "", config_id)
    return config if config is not None and arn == arn_of(scope, config_id) else None


def require(env: LambdaEnv, scope: Scope, arn: str) -> Resource:
    """The config of an ARN. Raises 404 as the operations on configs do: without `Type`, as recorded."""
    config = find(env, scope, arn)
    if config is None:
        text = f"The Lambda code signing configuration {arn} can not be found."
        raise Fault("ResourceNotFoundException", text, members={"Type": None})
    return config


def require_for_function(env: LambdaEnv, scope: Scope, arn: str) -> Resource:
    """The config of an ARN. Raises 404 as the operations on functions do."""
    config = find(env, scope, arn)
    if config is None:
        raise Fault(
            "CodeSigningConfigNotFoundException",
            "The code signing configuration cannot be found. "
            f"Check that the provided configuration is not deleted: {arn}.",
            members={"Type": "User"},
        )
    return config


def applied(said: Mapping[str, Any], params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """A config's members with those that were sent."""
    sent = {member: params[member] for member in _SETTINGS if member in params}
    if not sent and "LastModified" in said:
        return dict(said)
    policies = {_POLICY: "Warn"} | said.get("CodeSigningPolicies", {}) | sent.get("CodeSigningPolicies", {})
    return dict(said) | sent | {"CodeSigningPolicies": policies, "LastModified": iso(now)}


def shown(config: Resource) -> dict[str, Any]:
    """CodeSigningConfig."""
    members: dict[str, Any] = config.document["shown"]
    return members


def attachment(scope: Scope, function: str, arn: str, revision: str) -> Resource:
    """What is stored of a function that has a config; it goes with the function."""
    return Resource(ATTACHED, scope, function, "", revision, {"CodeSigningConfigArn": arn}, function)


def config_of(env: LambdaEnv, scope: Scope, function: str) -> str | None:
    """The ARN of the config that a function has."""
    attached = env.resources.get(ATTACHED, scope, function, "")
    return None if attached is None else str(attached.document["CodeSigningConfigArn"])


def functions_with(env: LambdaEnv, scope: Scope, arn: str) -> list[str]:
    """The names of the functions that have a config, in order."""
    attached = env.resources.all(ATTACHED, scope)
    return [one.function for one in attached if one.document["CodeSigningConfigArn"] == arn]


@asynccontextmanager
async def attaching(env: LambdaEnv, record: FunctionRecord, arn: str | None) -> AsyncIterator[Resource | None]:
    """What is to be stored with a new function; its config stays as long as the block lasts. Raises 404."""
    if not arn:
        yield None
        return
    async with env.versions_lock:
        require_for_function(env, record.scope, arn)
        yield attachment(record.scope, record.name, arn, env.new_id())


def check_deployment(env: LambdaEnv, record: FunctionRecord, arn: str | None, packages: Sequence[str]) -> None:
    """Raise Fault if the config `arn` of a function forbids to deploy packages (digests of unpacked ones).

    To be called before a function's code or layers change. The text is as publicly reported by callers of AWS.
    """
    if not arn:
        return
    refuse_image(record)
    config = require_for_function(env, record.scope, arn)
    if shown(config)["CodeSigningPolicies"][_POLICY] != "Enforce":
        return
    if any(_signed(env, digest) for digest in packages):
        raise faults.unsupported("A signed package under the code signing policy Enforce")
    raise Fault(
        "CodeVerificationFailedException",
        "Lambda cannot deploy the function. The function or layer might be signed using a signature that the client "
        f"is not configured to accept. Check the provided signature for {record.name}.",
        members={"Type": "User"},
    )


def refuse_image(record: FunctionRecord) -> None:
    """Raise 400 for a function from an image. Text as publicly reported by callers of AWS."""
    if record.configuration["PackageType"] == "Image":
        raise faults.invalid("Code signing is not supported for functions created with container images.")


def _signed(env: LambdaEnv, digest: str) -> bool:
    folder = env.blobs.unpacked(digest)
    if folder is None or (folder / _SIGNATURE).parent.is_symlink():  # a link of a package is never followed here
        return False
    return (folder / _SIGNATURE).is_symlink() or (folder / _SIGNATURE).exists()
