"""A listening port that leads to one site and nothing else, whatever the path: a load balancer's listener.

Pages of any origin may ask, as everywhere at a site; a page that made its own name lead here (DNS rebinding) may not:
what is asked for by a name is answered when that is the platform's own, or one that the site's user gave it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from lambent.gateway import hosts, sites
from lambent.gateway.chain import Gateway, load
from lambent.gateway.exchange import Exchange
from lambent.gateway.hosts import Site
from lambent.wire.http import Request, Response


def chain(
    gateway: Gateway, site: Site, is_named: Callable[[str], bool], listener: str
) -> Callable[[Request], Awaitable[Response]]:
    """What answers on the port of a listener's ARN. `is_named` tells of a name whether the user gave it."""

    async def known_host(gateway: Gateway, exchange: Exchange) -> None:
        host = exchange.request.headers.get("host")
        if not gateway.guard.hosts.is_own(host) and not is_named(hosts.name_of(host or "") or ""):
            gateway.guard.check_host(host)

    async def serve(gateway: Gateway, exchange: Exchange) -> Response:
        request = exchange.request
        if sites.loads(request):
            await load(request)
        asked = sites.asked(request, (site, request.path, ""), exchange.request_id)
        return await gateway.sites.serve(replace(asked, listener=listener))

    steps = (known_host, serve)
    return lambda request: gateway.walk(request, steps)
