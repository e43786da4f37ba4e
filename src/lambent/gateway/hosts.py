"""Which names this platform answers to: a page of the web that made its own name lead here (DNS rebinding) has another.

A loopback name or address is taken with any port, since that of a forwarded port is the forwarder's.
"""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

OWN = (
    *("localhost", "*.localhost", "*-127.0.0.1", "*.127.0.0.1"),
    *("*.amazonaws.com", "*.amazonaws.com.cn", "*.on.aws", "*.api.aws"),
)
"""Loopback (RFC 6761, section 6.3), with the word that SDKs put before the endpoint's for some operations
(`sync-127.0.0.1`: no browser takes a name that ends in a number, https://url.spec.whatwg.org/#host-parsing), and the
names of AWS's endpoints, for machines on which they lead here.

Source of the latter: https://docs.aws.amazon.com/general/latest/gr/rande.html, and for function URLs
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html.
"""
SITES = frozenset({"lambda-url", "execute-api"})
"""The second label of the host names at which something of the user's is served."""
BALANCER = "elb"
"""The third label of a load balancer's name, as in `my-balancer-1234567890.us-east-1.elb.amazonaws.com`."""
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(?::[0-9]{1,5})?")
_REMEMBERED = 256


class Site(NamedTuple):
    """Something of the user's that has a host name: what kind, which one, in which region ("": not said)."""

    kind: str
    id: str
    region: str


class Hosts:
    """The platform's own names, and `more` of the user's: each a name, or "*." before one for all that end so."""

    def __init__(self, more: Sequence[str] = (), *, addresses: bool = False) -> None:
        """`addresses`: any address is a name of this platform, which listens on others than the loopback."""
        self._addresses = addresses
        patterns = [name.lower() for name in (*OWN, *more)]
        self._names = frozenset(pattern for pattern in patterns if not pattern.startswith("*"))
        self._endings = tuple(pattern[1:] for pattern in patterns if pattern.startswith("*"))
        self._known: set[str] = set()
        self._endpoints: set[str] = set()

    def is_own(self, host: str | None) -> bool:
        """Whether a Host header names this platform. Browsers always send one; what comes without is none's page."""
        if host is None or host in self._known:
            return True
        if not self._find(host):
            return False
        if len(self._known) < _REMEMBERED:
            self._known.add(host)
        return True

    def is_endpoint(self, host: str | None) -> bool:
        """Whether a Host header names the endpoint of AWS's APIs, and no site of the user's."""
        return host is None or host in self._endpoints or self._is_endpoint(host)

    def _is_endpoint(self, host: str) -> bool:
        if not self.is_own(host) or site_of(host) is not None:
            return False
        if len(self._endpoints) < _REMEMBERED:
            self._endpoints.add(host)
        return True

    def _find(self, host: str) -> bool:
        name = name_of(host)
        if name is None:
            return False
        return name in self._names or name.endswith(self._endings) or self._is_address(name)

    def _is_address(self, name: str) -> bool:
        try:
            address = ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return self._addresses or address.is_loopback


@lru_cache(_REMEMBERED)
def name_of(host: str) -> str | None:
    """The name or address in a Host header, in lower case and without its port; None when it has no such form."""
    found = _HOST.fullmatch(host.lower())
    return found[1] if found else None


@lru_cache(_REMEMBERED)
def site_of(host: str | None) -> Site | None:
    """The site that a host name is of, as `ID.lambda-url.REGION.on.aws`; None for a name of an AWS endpoint.

    What the names end with does not matter: they may be AWS's own, `localhost`, or names of the user's.
    """
    labels = (name_of(host or "") or "").split(".")
    if len(labels) < 3:
        return None
    if labels[1] in SITES:
        return Site(labels[1], labels[0], labels[2])
    if len(labels) > 3 and labels[2] == BALANCER:
        return Site(BALANCER, labels[0], labels[1])
    return None
