"""A port of this machine for each listener of each load balancer: a free one, and the same again after a restart.

It is remembered by account, region, name of the balancer, protocol and port of the listener, with what it was last open
for: that is listened on again at once, and who asks before the neighbour has told what there is waits for it. Only the
loopback address is listened on, as for the endpoint itself.
"""

import asyncio
import functools
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.gateway.hosts import Site
from lambent.gateway.sites import BALANCER
from lambent.http_events import alb
from lambent.http_events.alb import Balancer, Rule
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.store.errors import StoreError
from lambent.store.resources import Resource, Resources
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

KIND = "load-balancer-port"
NOT_OPENED = "load-balancer-port"
"""The finding's code."""

EACH, ALL = 50, 400
"""Ports of one account, and of all: each is a descriptor of the server's. AWS has 50 listeners a load balancer
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html)."""

Chain = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Ports:
    """What it takes to open one: `chain` makes what answers there (the site, which other host names lead to it, the
    listener's ARN); `serve` accepts on a socket, `forget` closes it again. `tls` is None where HTTPS is not spoken."""

    resources: Resources
    host: str
    chain: Callable[[Site, Callable[[str], bool], str], Chain]
    serve: Callable[[socket.socket, Chain, ssl.SSLContext | None], Awaitable[asyncio.Server]]
    forget: Callable[[asyncio.Server], None]
    report: Callable[[Finding], None]
    new_id: Callable[[], str]
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Open:
    """One that is open. `balancer` is replaced as it changes."""

    balancer: Balancer
    port: int
    server: asyncio.Server


class BalancerPorts:
    """All of them; an account has `each` at most."""

    def __init__(self, ports: Ports, each: int = EACH) -> None:
        self._ports = ports
        self._each = each
        self._open: dict[str, Open] = {}

    async def resume(self) -> None:
        """Open those that were open when the last server ended."""
        for resource in self._ports.resources.of_kind(KIND):
            if resource.document.get("listener"):
                await self._begin(_remembered(resource))

    async def follow(self, scope: Scope, balancers: Sequence[Balancer]) -> None:
        """The listeners of a scope are these now."""
        wanted = {one.listener: one for one in balancers if one.listener}
        for listener, open_ in list(self._open.items()):
            if _scope(open_.balancer) == scope and not _is_same(open_.balancer, wanted.get(listener)):
                self._ports.forget(self._open.pop(listener).server)
                await self._remember(_place(open_.balancer), {"port": open_.port})
        for listener, balancer in wanted.items():
            if listener in self._open:
                self._open[listener].balancer = balancer
                await self._remember(_place(balancer), _memory(self._open[listener]))
            else:
                await self._begin(balancer)

    def document(self) -> dict[str, Any]:
        """For the page: what is open."""
        return {"listeners": [_shown(one, self._ports.host) for one in self._open.values()]}

    async def _begin(self, balancer: Balancer) -> None:
        secure = balancer.protocol == "HTTPS"
        if balancer.protocol not in ("HTTP", "HTTPS"):
            return  # a network load balancer's: functions are no targets of those
        if secure and self._ports.tls is None:
            self._tell(balancer, "it speaks HTTPS", "Start the server with --tls.")
            return
        if not self._has_room(balancer.account):
            hint = "Its name leads to it still. Delete listeners that nobody needs."
            self._tell(balancer, f"an account has {self._each} open at most, all together {ALL}", hint)
            return
        try:
            listening = await self._bound(balancer)
        except OSError as error:
            self._tell(balancer, str(error), "")
            return
        site = Site(BALANCER, balancer.label, balancer.region)
        named = functools.partial(self._is_named, balancer.listener)
        chain = self._ports.chain(site, named, balancer.listener)
        port = listening.getsockname()[1]
        server = await self._ports.serve(listening, chain, self._ports.tls if secure else None)
        self._open[balancer.listener] = Open(balancer, port, server)
        await self._remember(_place(balancer), _memory(self._open[balancer.listener]))

    def _has_room(self, account: str) -> bool:
        of_account = sum(one.balancer.account == account for one in self._open.values())
        return of_account < self._each and len(self._open) < ALL

    def _is_named(self, listener: str, host: str) -> bool:
        found = self._open.get(listener)
        return found is not None and alb.is_named(found.balancer, host)

    async def _bound(self, balancer: Balancer) -> socket.socket:
        """The port that it had; a free one when that is taken or it had none. Raises OSError."""
        place = _place(balancer)
        known = self._ports.resources.get(*place)
        if known is not None:
            try:
                return self._bind(int(known.document["port"]))
            except OSError:
                log.warning("%s: its port %s is in use, it has another now", balancer.listener, known.document["port"])
        return self._bind(0)

    async def _remember(self, place: tuple[str, Scope, str, str], document: dict[str, Any]) -> None:
        """Write that down, unless it stands there. What can't be written is a port that may be another next time."""
        known = self._ports.resources.get(*place)
        if known is None or known.document != document:
            try:
                await self._ports.resources.put(Resource(*place, self._ports.new_id(), document))
            except StoreError as error:
                log.warning("the port of %s is not written down: %s", place[2], error)

    def _bind(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._ports.host else socket.AF_INET
        return socket.create_server((self._ports.host, port), family=family, backlog=1024)

    def _tell(self, balancer: Balancer, why: str, hint: str) -> None:
        text = f"{balancer.protocol} port {balancer.port} has no port of this machine: {why}."
        self._ports.report(Finding(NOT_OPENED, balancer.listener, text, hint))


def _memory(one: Open) -> dict[str, Any]:
    """What is written down of one that is open."""
    balancer = one.balancer
    own = {"listener": balancer.listener, "balancer": balancer.arn, "label": balancer.label}
    return {"port": one.port, **own, "names": alb.names(balancer)}


def _remembered(resource: Resource) -> Balancer:
    """That again, as far as its port needs it: what it does the neighbour says later."""
    said, scope = resource.document, resource.scope
    protocol, _, port = resource.name.partition(":")
    rules = [Rule([{"Field": "host-header", "Values": said["names"]}], [])]
    own = {"label": said["label"], "listener": said["listener"]}
    return Balancer(said["balancer"], scope.account, scope.region, int(port), protocol, rules, **own)


def _scope(balancer: Balancer) -> Scope:
    return Scope(balancer.account, balancer.region)


def _place(balancer: Balancer) -> tuple[str, Scope, str, str]:
    name = balancer.arn.split("/")[-2]
    return KIND, _scope(balancer), name, f"{balancer.protocol}:{balancer.port}"


def _is_same(before: Balancer, now: Balancer | None) -> bool:
    """Whether the port stays: it is the same listener's, and speaks as before."""
    return now is not None and (before.port, before.protocol) == (now.port, now.protocol)


def _shown(one: Open, host: str) -> dict[str, Any]:
    at = f"[{host}]" if ":" in host else host
    return {
        "listener": one.balancer.listener,
        "load_balancer": one.balancer.arn,
        "protocol": one.balancer.protocol,
        "port": one.balancer.port,
        "url": f"{one.balancer.protocol.lower()}://{at}:{one.port}/",
    }
