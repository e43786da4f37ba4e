"""Reservations, provisioned environments and what scales them."""

import functools
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from lambent.dispatch.autoscaling import Autoscaler
from lambent.dispatch.provisioned import Provisioned
from lambent.engine.concurrency import Concurrency
from lambent.gateway.exchange import Here
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.server.base import Base, new_id
from lambent.server.here import here
from lambent.services.application_autoscaling import provisioning
from lambent.services.application_autoscaling.env import AutoscalingEnv
from lambent.services.application_autoscaling.service import SERVICE
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.open import Store


def plan_concurrency(
    store: Store,
    places: Concurrency,
    ahead: Provisioned,
    scope: Scope,
    name: str,
    reserved: int | None,
    provisioned: Mapping[str, int],
) -> None:
    """What a function has reserved, and how many environments of its versions are started ahead."""
    places.plan(scope, name, reserved, provisioned)
    records = [(store.functions.current(scope, name, version), count) for version, count in provisioned.items()]
    ahead.plan(scope, name, [(record.running, count) for record, count in records if record is not None])


def make_autoscaler(env: LambdaEnv, base: Base, report: Callable[[Finding], None]) -> Autoscaler:
    """What scales provisioned concurrency from minute to minute."""

    async def awaited(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            base.clock.ended()

    def under_way(work: Coroutine[Any, Any, None]) -> None:
        base.clock.began()
        base.background.spawn(awaited(work))

    return Autoscaler(
        env.resources,
        base.clock.wall,
        new_id,
        functools.partial(provisioning.spread, env),
        functools.partial(provisioning.provision, env),
        under_way,
        report,
    )


def scaling_service(env: LambdaEnv, scaler: Autoscaler) -> dict[str, Here]:
    """Application Auto Scaling."""
    ports = AutoscalingEnv(
        env.resources,
        env.clock,
        env.new_id,
        functools.partial(provisioning.capacity, env),
        functools.partial(provisioning.provision, env),
        scaler.activities,
    )
    return here(SERVICE, ports)
