"""What Lambent's own pages say and do."""

import dataclasses
import errno
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lambent import __version__
from lambent.dispatch.concurrency_samples import Sampler
from lambent.dispatch.pools import Pools
from lambent.dispatch.provisioned import Provisioned
from lambent.environments.debugging import Debugging
from lambent.environments.environment import Environment
from lambent.environments.live_folders import LiveFolders
from lambent.events.sources.sources import Sources
from lambent.gateway.debug import Asked, Begun
from lambent.model.scope import DEFAULT_ACCOUNT, DEFAULT_REGION, Caller, Scope, checked_scope
from lambent.observe.metrics import Metrics
from lambent.runtimes import interpreters, table
from lambent.runtimes.debugging import NoDebugger
from lambent.runtimes.installs import ClientError
from lambent.sandbox import probe
from lambent.server import confined
from lambent.server.base import Base, new_id
from lambent.server.machine import Machine
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.stored_only import MAPPING
from lambent.services.lambda_.invoking import payload as payloads
from lambent.services.lambda_.invoking.invoke import invocation_of
from lambent.services.lambda_.lookup import running_version
from lambent.settings import Settings, cache_dir, user_name
from lambent.store.open import Store


async def begin_debugging(env: LambdaEnv, debugging: Debugging, asked: Asked) -> Begun:
    """Begin an invocation under a debugger. Raises Fault."""
    caller = Caller(asked.scope, new_id())
    body = payloads.checked(asked.payload)
    target = running_version(env, caller, asked.function, asked.qualifier)
    try:
        session = await debugging.begin(target.function, invocation_of(env, caller, target, body, None), asked.port)
    except (NoDebugger, ClientError, interpreters.InterpreterMissing, table.RuntimeUnsupported) as error:
        raise faults.invalid(str(error)) from error
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had ({error.strerror})"
        raise faults.invalid(f"port {asked.port} on 127.0.0.1 {why}: choose another with --debug") from error
    return Begun(session, caller.request_id, target.function.version)


def metrics_document(sampler: Sampler, metrics: Metrics) -> dict[str, Any]:
    """The page of metrics, up to now."""
    sampler.read()
    return metrics.document()


def mappings_document(store: Store, sources: Sources) -> dict[str, Any]:
    """The page of event source mappings: what each says, and how it goes."""
    members = ("UUID", "State", "EventSourceArn", "FunctionArn")
    found = []
    for mapping in store.resources:
        if mapping.kind == MAPPING:
            shown = mapping.document["shown"]
            said = {name: shown[name] for name in members if name in shown}
            found.append(said | {"Account": mapping.scope.account} | sources.document(mapping.name))
    return {"mappings": found}


async def recycle_all(those: Sequence[Pools | Provisioned], scope: Scope | None = None, name: str = "") -> int:
    """End environments everywhere; answers how many."""
    return sum([await pools.recycle_now(scope, name) for pools in those])


async def lives_document(those: Sequence[Pools], now: Callable[[], float], asked: Mapping[str, str]) -> dict[str, Any]:
    """The page of environments: of a function, or without one of all of an account and region, in the order of their
    start. Raises ValueError for others."""
    try:
        scope, name = checked_scope(asked["account"], asked["region"]), asked.get("function", "")
    except KeyError as missing:
        raise ValueError(f"{missing} is needed") from None
    found = [life.document() for pools in those for life in pools.lives() if life.is_of(scope, name)]
    return {"now": now(), "environments": sorted(found, key=lambda one: one["phases"][0][0])}


async def resting_document(those: Sequence[Pools], asked: Mapping[str, str]) -> dict[str, Any]:
    """The page of environments that have nothing to do, of an account and region. Raises ValueError for others."""
    scope = checked_scope(asked.get("account", DEFAULT_ACCOUNT), asked.get("region", DEFAULT_REGION))
    all_of = [one for pools in those for one in pools.environments() if one.function.scope == scope]
    resting = [one for one in map(Environment.at_rest, all_of) if one is not None]
    for file in (file for one in resting for file in one["files"]):
        file |= {"written": file["written"] * 1000, "read": file["read"] * 1000}
    return {"environments": resting}


def set_live(store: Store, live: LiveFolders, pools: Pools, scope: Scope, name: str, folder: Path | None) -> bool:
    """Run a function from a folder, or from its package again; False when there is no such function."""
    record = store.functions.current(scope, name)
    if record is None:
        return False
    if folder is None:
        live.drop(record.running)
    else:
        live.put(record.running, folder)
    pools.retire(scope, name)
    return True


def able_now(abilities: probe.Abilities, base: Base) -> probe.Abilities:
    """What this machine can do, with what the host found of the way out."""
    return dataclasses.replace(
        abilities,
        outbound_problem=base.host.outbound_problem,
        users_problem=base.host.users_problem or abilities.users_problem,
        counts_apart=base.host.counts_apart and abilities.counts_apart,
    )


def health_report(
    settings: Settings,
    base: Base,
    machine: Machine,
    pools: Sequence[Pools],
) -> dict[str, Any]:
    """What runs here, and what this machine can promise."""
    level = base.host.level
    now = able_now(machine.abilities, base)
    promises = confined.promises(now, level)
    return {
        "version": __version__,
        "endpoint": base.url,
        "user": user_name(),
        "data_dir": str(settings.data_dir),
        "cache_dir": str(cache_dir(os.environ)),
        "profile": settings.profile,
        "isolation": {"level": level.value, "promises": promises},
        "interpreters": {version: one.full_version for version, one in machine.interpreters.items()},
        "runtime_map": dict(settings.runtime_map),
        "neighbour": base.neighbour.status(),
        "environments": sum(len(some.environments()) for some in pools),
    }
