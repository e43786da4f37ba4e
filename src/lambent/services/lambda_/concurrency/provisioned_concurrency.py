"""Provisioned concurrency configs: which version or alias, how much at most, and what is answered.

What is stored is what was asked for; how far it is, is known where environments are started (`env.allocation`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.engine.allocation import INIT_FAILURE, Status
from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases.routing import weights_of
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import ALIAS, find_qualified, is_alias, version_of
from lambent.store.resources import Resource

REQUESTED = "RequestedProvisionedConcurrentExecutions"
UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
_SNAP_START = "Provisioned Concurrency is not supported for SnapStart enabled functions."
"""Wording of our own, after what AWS says of other settings."""


def meant(env: LambdaEnv, scope: Scope, params: Mapping[str, Any], refusal: str) -> FunctionRef:
    """The version or alias of a request. Raises Fault: `refusal` for $LATEST, 404 for what is not there."""
    ref = refer(scope, params["FunctionName"], params["Qualifier"])
    if ref.version == LATEST:
        raise faults.invalid(refusal)
    find_qualified(env, ref)
    return ref


def find(env: LambdaEnv, ref: FunctionRef) -> Resource | None:
    """The config of a version or alias."""
    return env.resources.get(concurrency.PROVISIONED, ref.scope, ref.name, ref.version)


def check(env: LambdaEnv, ref: FunctionRef, wanted: int) -> None:
    """Raise Fault for more than the function has reserved or the account can spare."""
    _check_versions(env, ref)
    _check_overlap(env, ref)
    others = sum(
        concurrency.requested(config)
        for config in concurrency.provisioned(env, ref.scope, ref.name)
        if config.name != ref.version
    )
    reserved = concurrency.reserved(env, ref.scope, ref.name)
    if reserved is not None:
        if others + wanted > reserved:
            raise faults.invalid(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution "
                "for function"
            )
        return
    left = concurrency.unreserved(env, ref.scope, besides=ref.name) - others
    if wanted > left:
        raise faults.untyped(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{left}]."
        )
    if left - wanted < env.limits.unreserved_minimum:
        raise faults.untyped(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{env.limits.unreserved_minimum}]."
        )


def _check_versions(env: LambdaEnv, ref: FunctionRef) -> None:
    alias = env.resources.get(ALIAS, ref.scope, ref.name, ref.version) if is_alias(ref.version) else None
    if alias is not None and weights_of(alias.document):
        # Text as publicly reported by callers of AWS.
        raise faults.invalid("Alias with weights can not be used with Provisioned Concurrency")
    version = version_of(env, ref.scope, ref.name, ref.version)
    if version is not None and not concurrency.can_be_provisioned(env, ref.scope, ref.name, version):
        raise faults.invalid(UNPUBLISHED if version == LATEST else _SNAP_START)


def _check_overlap(env: LambdaEnv, ref: FunctionRef) -> None:
    """A version and an alias of it can't both have a config. Source of the rule: developer guide,
    "Configuring provisioned concurrency"; of the texts: reports of users of CloudFormation."""
    configs = {config.name for config in concurrency.provisioned(env, ref.scope, ref.name)}
    if is_alias(ref.version):
        version = version_of(env, ref.scope, ref.name, ref.version)
        aliases = env.resources.children(ALIAS, ref.scope, ref.name)
        others = {one.name for one in aliases if one.document["FunctionVersion"] == version} - {ref.version}
        if version in configs or others & configs:
            raise faults.conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        return
    for alias in env.resources.children(ALIAS, ref.scope, ref.name):
        if alias.name in configs and alias.document["FunctionVersion"] == ref.version:
            raise faults.conflict("Version is pointed by a Provisioned Concurrency alias")


def stamp(now: float) -> str:
    """LastModified, of `now` in seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def answer(env: LambdaEnv, config: Resource) -> dict[str, Any]:
    """What is shown of a config: what was asked for, and how far it is."""
    wanted, scope, name = concurrency.requested(config), config.scope, config.parent
    shares = concurrency.shares(env, config)
    refusal = next((_refusal(version) for version in shares if not _startable(env, config, version)), None)
    states = [(env.allocation(scope, name, version), share) for version, share in shares.items() if share]
    if refusal is None and any(state.failed for state, _ in states):
        refusal = INIT_FAILURE
    available = sum(min(state.there, share) for state, share in states)
    ready = bool(states) and all(state.ready for state, _ in states)
    status = Status.FAILED if refusal else Status.READY if ready else Status.IN_PROGRESS
    return {
        REQUESTED: wanted,
        # One that has ended and is being replaced is still allocated.
        "AllocatedProvisionedConcurrentExecutions": wanted if status is Status.READY else available,
        "AvailableProvisionedConcurrentExecutions": available,
        "Status": status.value,
        **({"StatusReason": refusal} if refusal else {}),
        "LastModified": config.document["LastModified"],
    }


def _startable(env: LambdaEnv, config: Resource, version: str) -> bool:
    return concurrency.can_be_provisioned(env, config.scope, config.parent, version)


def _refusal(version: str) -> str:
    """Why nothing can be started: the alias was pointed elsewhere after it was given its config."""
    return UNPUBLISHED if version == LATEST else _SNAP_START
