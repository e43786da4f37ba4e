"""Ports of this machine for listeners of load balancers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lambent.gateway.hosts import Site
from lambent.http_events.alb import Balancer, Rule
from lambent.model.finding import Finding
from lambent.model.scope import Scope
from lambent.server.balancer_ports import EACH, BalancerPorts, Ports
from lambent.store.open import Store, open_store
from lambent.wire.http import Request, Response

SCOPE = Scope("000000000000", "us-east-1")
ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/"


@asynccontextmanager
async def opened_store(folder: Path) -> AsyncIterator[Store]:
    store = await open_store(folder)
    yield store
    await store.close()


def balancer(life: str, port: int = 80, protocol: str = "HTTP", host: str = "") -> Balancer:
    """A listener of `web`; a moto that has lost it gives another ARN."""
    conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}] if host else ()
    rules = [Rule(conditions, [])]
    of = SCOPE.account, SCOPE.region
    return Balancer(ARN + life, *of, port, protocol, rules, {}, "web-1", f"listener/{life}/{port}")


class Opened:
    """What `BalancerPorts` opens, without a gateway."""

    def __init__(self, store: Store, each: int = EACH) -> None:
        self.findings: list[Finding] = []
        self.named: dict[str, Callable[[str], bool]] = {}
        self.servers: list[asyncio.Server] = []
        about = store.resources, "127.0.0.1", self._chain, self._serve, self._forget, self.findings.append
        self.ports = BalancerPorts(Ports(*about, lambda: "id"), each)

    def _chain(self, site: Site, is_named: Callable[[str], bool], listener: str) -> Any:
        assert site == ("elb", "web-1", "us-east-1")
        self.named[listener] = is_named

        async def answer(_request: Request) -> Response:
            return Response(200)

        return answer

    async def _serve(self, listening: socket.socket, _chain: Any, _tls: Any) -> asyncio.Server:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, sock=listening)
        self.servers.append(server)
        return server

    def _forget(self, server: asyncio.Server) -> None:
        server.close()
        self.servers.remove(server)

    def shown(self) -> dict[int, str]:
        return {one["port"]: one["url"] for one in self.ports.document()["listeners"]}

    async def close(self) -> None:
        await self.ports.follow(SCOPE, [])
        assert self.servers == []


def test_a_listener_has_the_same_port_in_every_life_unless_another_has_taken_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened_store(tmp_path) as store:
            first = Opened(store)
            await first.ports.follow(SCOPE, [balancer("a"), balancer("a", 8080)])
            urls = first.shown()
            assert len(set(urls.values())) == len(urls) == 2
            await first.ports.follow(Scope("1", "us-east-1"), [])
            await first.ports.follow(SCOPE, [balancer("a"), balancer("a", 8080)])
            assert first.shown() == urls
            await first.close()
        async with opened_store(tmp_path) as store:
            second = Opened(store)
            taken = socket.create_server(("127.0.0.1", int(urls[80].rstrip("/").rpartition(":")[2])))
            await second.ports.follow(SCOPE, [balancer("b"), balancer("b", 8080)])
            assert second.shown()[8080] == urls[8080]
            assert second.shown()[80] != urls[80]
            taken.close()
            await second.close()

    asyncio.run(run())


def test_what_was_open_is_open_again_before_anybody_says_what_is_there(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened_store(tmp_path) as store:
            first = Opened(store)
            await first.ports.follow(SCOPE, [balancer("a", host="a.example.com"), balancer("a", 8080)])
            await first.ports.follow(SCOPE, [balancer("a", host="b.example.com")])
            urls = first.shown()
            for server in first.servers:
                server.close()
        async with opened_store(tmp_path) as store:
            second = Opened(store)
            await second.ports.resume()
            assert second.shown() == urls
            assert [second.named["listener/a/80"](f"{one}.example.com") for one in "ab"] == [False, True]
            await second.ports.follow(SCOPE, [balancer("a")])
            assert (second.shown(), len(second.servers)) == (urls, 1)
            await second.close()

    asyncio.run(run())


def test_what_changes_or_goes_is_closed_and_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened_store(tmp_path) as store:
            opened = Opened(store)
            await opened.ports.follow(SCOPE, [balancer("a", 443, "HTTPS"), balancer("a", 53, "UDP")])
            assert opened.shown() == {}
            assert [(one.code, one.hint) for one in opened.findings] == [
                ("load-balancer-port", "Start the server with --tls.")
            ]
            await opened.ports.follow(SCOPE, [balancer("a")])
            assert list(opened.shown()) == [80]
            await opened.close()

    asyncio.run(run())


def test_the_names_of_the_rules_lead_there_and_no_others(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened_store(tmp_path) as store:
            opened = Opened(store)
            await opened.ports.follow(SCOPE, [balancer("a", host="*.example.com")])
            is_named = opened.named["listener/a/80"]
            assert [is_named(name) for name in ("app.example.com", "evil.test", "")] == [True, False, False]
            for pattern in ("*", "*.com", "*evil*"):
                await opened.ports.follow(SCOPE, [balancer("a", host=pattern)])
                assert not is_named("evil.com"), pattern
            await opened.close()

    asyncio.run(run())


def test_an_account_has_so_many_ports_and_no_more(tmp_path: Path) -> None:
    """Each is a descriptor of the server's, and a function may make listeners."""

    async def run() -> None:
        async with opened_store(tmp_path) as store:
            opened = Opened(store, each=2)
            await opened.ports.follow(SCOPE, [balancer("a", port) for port in (80, 81, 82)])
            assert len(opened.shown()) == 2
            assert "2 open at most" in opened.findings[0].message
            await opened.ports.follow(SCOPE, [balancer("a", port) for port in (81, 82)])
            assert sorted(opened.shown()) == [81, 82]
            await opened.close()

    asyncio.run(run())
