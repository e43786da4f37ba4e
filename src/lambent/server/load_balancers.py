"""Load balancers: the neighbour's configuration, the door, a port for each listener, health checks."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lambent.gateway import site_ports
from lambent.gateway.exchange import Here
from lambent.gateway.hosts import Site
from lambent.http_events.alb import Balancer
from lambent.model import names
from lambent.model.door import Door
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller, Scope
from lambent.server import balancer_ports
from lambent.server.balancer_ports import BalancerPorts
from lambent.server.balancer_reading import Reader, parsed
from lambent.server.balancers import Balancers
from lambent.server.base import Base, Doors, new_id
from lambent.server.here import here
from lambent.server.running import Running
from lambent.services.elbv2 import health, operations
from lambent.services.elbv2.door import BalancerDoor, Ports
from lambent.services.elbv2.health import HealthChecks
from lambent.services.elbv2.service import SERVICE
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.invoking import called
from lambent.services.lambda_.invoking.invoke import new_trace_id
from lambent.store.open import Store
from lambent.wire.http import Request, Response
from lambent.wire.site import Serve


@dataclass(frozen=True, slots=True)
class LoadBalancers:
    """What the gateway is given: `serve` is the door, `here` the operations that are answered here. `resume` opens the
    ports of what was there before the server's start."""

    balancers: Balancers
    ports: BalancerPorts
    resume: Callable[[], Awaitable[None]]
    serve: Serve
    here: dict[str, Here]


def open_load_balancers(
    stack: AsyncExitStack, store: Store, base: Base, env: LambdaEnv, running: Running
) -> LoadBalancers:
    """Nothing is read before somebody makes or asks for one, or `resume` is called."""
    call = functools.partial(called.call, env)
    checks = HealthChecks(base.clock, call, base.background.spawn, new_id)
    stack.callback(checks.close)
    ports = BalancerPorts(_ports(store, base, env, running.doors))

    async def told(scope: Scope, found: Sequence[Balancer]) -> None:
        checks.watch(scope, {arn: one.groups[arn] for one in found for arn in one.targets if arn in one.groups})
        await ports.follow(scope, found)

    reader = Reader(base.neighbour)
    balancers = Balancers(reader.read, told, base.background.spawn)
    door = BalancerDoor(Ports(balancers.find, base.clock, call, new_trace_id, env.report, env.chance))
    work = operations.ElbEnv(
        _forward(base, balancers), parsed, balancers.used, checks, reader.targets, functools.partial(_permitted, env)
    )

    async def resume() -> None:
        await ports.resume()
        balancers.resume({one.scope for one in store.resources.of_kind(balancer_ports.KIND)})

    return LoadBalancers(balancers, ports, resume, door.serve, here(SERVICE, work))


def _permitted(env: LambdaEnv, caller: Caller, group: str, function: str) -> bool:
    try:
        said = names.parse(function)
    except names.MalformedName:
        return False
    scope = Scope(said.account or caller.scope.account, said.region or caller.scope.region)
    door = Door(health.SERVICE, group, caller.scope.account, caller.scope.region)
    return called.permitted(env, door, FunctionRef(scope, said.name, said.qualifier))


def _forward(base: Base, balancers: Balancers) -> Callable[[Request, Caller], Awaitable[Response]]:
    async def forward(request: Request, caller: Caller) -> Response:
        response = await base.neighbour.forward(request, caller, SERVICE.name)
        balancers.saw(SERVICE.name, request, caller)
        return response

    return forward


def _ports(store: Store, base: Base, env: LambdaEnv, doors: Doors) -> balancer_ports.Ports:
    def chain(site: Site, is_named: Callable[[str], bool], listener: str) -> balancer_ports.Chain:
        return site_ports.chain(doors.gateway, site, is_named, listener)

    return balancer_ports.Ports(
        resources=store.resources,
        host=base.door.getsockname()[0],
        chain=chain,
        serve=doors.serve_site,
        forget=doors.forget,
        report=env.report,
        new_id=new_id,
        tls=base.secure.context if base.secure is not None else None,
    )
