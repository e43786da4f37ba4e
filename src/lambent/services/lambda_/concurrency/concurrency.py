"""What functions have reserved of the account's concurrency, and what that leaves for the others."""

from collections import Counter

from lambent.engine.allocation import split
from lambent.model.function import LATEST
from lambent.model.names import FunctionRef
from lambent.model.scope import Scope
from lambent.services.lambda_ import faults
from lambent.services.lambda_.aliases.routing import weights_of
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import snap_start
from lambent.services.lambda_.lookup import refer
from lambent.services.lambda_.qualifiers import ALIAS, is_alias, version_of
from lambent.store.record import FunctionRecord
from lambent.store.resources import Resource

RESERVED = "concurrency"
PROVISIONED = "provisioned-concurrency"


def unqualified(env: LambdaEnv, scope: Scope, name: str, shown: str | None = None) -> FunctionRecord:
    """The function that a name without qualifier means. The 404 shows the ARN with the qualifier `shown`."""
    ref = refer(scope, name)
    if ref.qualifier:
        raise faults.functions_only()
    record = env.functions.current(scope, ref.name)
    if record is None:
        raise faults.function_not_found(FunctionRef(scope, ref.name, shown).arn)
    return record


def reserved(env: LambdaEnv, scope: Scope, name: str) -> int | None:
    """What a function has reserved, None for nothing."""
    resource = env.resources.get(RESERVED, scope, "", name)
    return None if resource is None else int(resource.document["ReservedConcurrentExecutions"])


def provisioned(env: LambdaEnv, scope: Scope, name: str) -> list[Resource]:
    """The provisioned concurrency configs of a function."""
    return env.resources.children(PROVISIONED, scope, name)


def requested(config: Resource) -> int:
    """How many environments a config asks for."""
    return int(config.document["RequestedProvisionedConcurrentExecutions"])


def unreserved(env: LambdaEnv, scope: Scope, besides: str = "") -> int:
    """What the account has left when all reservations, but that of the function `besides`, are taken off."""
    taken: Counter[str] = Counter()
    for config in env.resources.all(PROVISIONED, scope):
        taken[config.parent] += requested(config)
    for reservation in env.resources.all(RESERVED, scope):
        taken[reservation.name] = int(reservation.document["ReservedConcurrentExecutions"])
    return env.limits.concurrency - sum(places for name, places in taken.items() if name != besides)


def refresh(env: LambdaEnv, scope: Scope, name: str) -> None:
    """Let what is stored of a function take effect; to be called after it, or an alias of it, has changed."""
    places: Counter[str] = Counter()
    for config in provisioned(env, scope, name):
        for version, share in shares(env, config).items():
            if can_be_provisioned(env, scope, name, version):
                places[version] += share
    env.limit_concurrency(scope, name, reserved(env, scope, name), places)


def shares(env: LambdaEnv, config: Resource) -> dict[str, int]:
    """Of which versions a config provisions how many: of an alias with two versions by their weights."""
    version = version_of(env, config.scope, config.parent, config.name)
    if version is None:
        return {}
    alias = env.resources.get(ALIAS, config.scope, config.parent, config.name) if is_alias(config.name) else None
    return split(requested(config), version, {} if alias is None else weights_of(alias.document))


def can_be_provisioned(env: LambdaEnv, scope: Scope, name: str, version: str) -> bool:
    """Whether environments of a version can be started ahead: published ones without SnapStart."""
    record = None if version == LATEST else env.functions.current(scope, name, version)
    return record is not None and not snap_start.wanted(record.configuration)


def resume(env: LambdaEnv) -> None:
    """At the start: let everything that is stored take effect."""
    names = {(one.scope, one.function) for one in env.resources if one.kind in (RESERVED, PROVISIONED)}
    for scope, name in names:
        refresh(env, scope, name)
