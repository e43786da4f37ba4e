"""The short road of sites that can answer without a task: function URLs by host name, as the short road of Invoke
goes beside the chain. What a door does not take on it goes through the chain, which asks the same door.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from lambent.gateway import sites
from lambent.gateway.hosts import Hosts, Site, site_of
from lambent.gateway.listener import Respond, Short
from lambent.gateway.sites import Take
from lambent.wire.http import Request

REMEMBERED = 256
MARK = ".lambda-url."


@dataclass(frozen=True, slots=True)
class ShortRoads:
    """`invoke` is asked first, which is what most requests are. `take` is the door of function URLs."""

    invoke: Short
    take: Take
    hosts: Hosts
    new_id: Callable[[], str]
    _sites: dict[str, Site] = field(default_factory=dict)

    def __call__(self, request: Request, respond: Respond) -> bool:
        if self.invoke(request, respond):
            return True
        host = request.headers.get("host", "")
        if MARK not in host or request.file is not None:
            return False
        site = self._sites.get(host) or self._found(host)
        return site is not None and self.take(sites.asked(request, (site, request.path, ""), self.new_id()), respond)

    def _found(self, host: str) -> Site | None:
        """The site of a name of the platform's."""
        site = site_of(host) if self.hosts.is_own(host) else None
        if site is None or site.kind != sites.URL:
            return None
        if len(self._sites) < REMEMBERED:
            self._sites[host] = site
        return site
