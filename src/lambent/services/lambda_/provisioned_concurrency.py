"""Provisioned concurrency configs: which version or alias, how much at most, and what is answered.

put ──> IN_PROGRESS ──allocated──> READY
              └─────────failed───> FAILED
"""

import enum
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import concurrency, faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import ALIAS, find_qualified, is_alias, version_of
from lambent.store.errors import RecordChanged
from lambent.store.resources import Resource

_log = logging.getLogger(__name__)


class Status(enum.StrEnum):
    """Where a config is in its life, in AWS's words."""

    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"


class Event(enum.Enum):
    """What moves it on."""

    ALLOCATED = "allocated"
    FAILURE = "failure"


TRANSITIONS = {
    (Status.IN_PROGRESS, Event.ALLOCATED): Status.READY,
    (Status.IN_PROGRESS, Event.FAILURE): Status.FAILED,
}

NOT_ALLOCATED = {"AllocatedProvisionedConcurrentExecutions": 0, "AvailableProvisionedConcurrentExecutions": 0}


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


def _check_overlap(env: LambdaEnv, ref: FunctionRef) -> None:
    """A version and an alias of it can't both have a config. Source of the rule: developer guide,
    "Configuring provisioned concurrency"; of the texts: reports of users of CloudFormation."""
    configs = {config.name for config in concurrency.provisioned(env, ref.scope, ref.name)}
    if is_alias(ref.version):
        if version_of(env, ref.scope, ref.name, ref.version) in configs:
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


async def settle(env: LambdaEnv, config: Resource) -> None:
    """What follows an accepted put: IN_PROGRESS becomes READY. A later put has a settling of its own."""
    status = TRANSITIONS.get((Status(config.document["Status"]), Event.ALLOCATED))
    if status is None:
        return
    places = concurrency.requested(config)
    document = config.document | {
        "AllocatedProvisionedConcurrentExecutions": places,
        "AvailableProvisionedConcurrentExecutions": places,
        "Status": status.value,
    }
    try:
        await env.resources.replace(config, config.changed(env.new_id(), document))
    except RecordChanged:
        _log.debug("%s:%s changed before it was ready", config.parent, config.name)


def resume(env: LambdaEnv) -> None:
    """At the start: finish what was under way when the last server ended."""
    for resource in env.resources:
        if resource.kind == concurrency.PROVISIONED and resource.document["Status"] == Status.IN_PROGRESS:
            env.spawn(settle(env, resource))
