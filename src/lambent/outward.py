"""Where this server's own processes may connect to when a request names the place: a registry, a subscriber, a webhook.

The rule is that of a function's own way out, and closer: no address of this machine, nothing link-local, private,
shared or reserved, unless the setting `reach` lists it. It is asked about the address of each connection as that is
made, so that neither a name that resolves to something else by then nor a redirect leads around it.
"""

import errno
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOCALHOST = ("127.0.0.0/8", "::1/128")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 translators have them (RFC 6052, section 2.1)."""
_PLACE = re.compile(r"\[(?P<six>[0-9A-Fa-f:./]+)\](?::(?P<port6>\d{1,5}))?|(?P<host>[^:\s]+)(?::(?P<port>\d{1,5}))?")
_DISCARD = 9


class OutOfReach(PermissionError):
    """The address may not be connected to; the text names it."""

    def __init__(self, host: str) -> None:
        text = f"{host} belongs to this machine or a network around it, which the setting reach does not list"
        super().__init__(errno.EACCES, text)


@dataclass(frozen=True, slots=True)
class Listed:
    """An exception: a network, and one port of it or all."""

    network: Network
    port: int | None = None

    def __str__(self) -> str:
        """As `read` takes it."""
        host = f"[{self.network}]" if self.network.version == 6 else str(self.network)
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Reach:
    """The rule, with the exceptions that the user made."""

    listed: tuple[Listed, ...] = ()

    def __str__(self) -> str:
        """The exceptions as a variable has them."""
        return ",".join(map(str, self.listed))

    def check(self, host: str, port: int) -> None:
        """Raises OutOfReach for an address (no name) that may not be connected to."""
        if not self.permits(host, port):
            raise OutOfReach(host)

    def socket_for(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for what getaddrinfo answered, as aiohttp's connectors ask for one. Raises OutOfReach."""
        family, kind, protocol, _, address = info
        self.check(str(address[0]), int(address[1]))
        return socket.socket(family, kind, protocol)

    def permits(self, host: str, port: int) -> bool:
        """Whether an address may be connected to; a name may not."""
        try:
            address = _plain(ipaddress.ip_address(host.partition("%")[0]))
        except ValueError:
            return False
        for one in self.listed:
            if one.port in (None, port) and address.version == one.network.version and address in one.network:
                return True
        return address.is_global and not address.is_multicast and not _is_own(address)


NOTHING_MORE = Reach()
"""Without exceptions."""


def read(texts: Iterable[str]) -> Reach:
    """The exceptions as they are written: `10.0.0.0/8`, `127.0.0.1:5000`, `[::1]:5000`, `localhost:80`.

    Raises ValueError.
    """
    return Reach(tuple(listed for text in texts for listed in _listed(text.strip())))


def _listed(text: str) -> Iterable[Listed]:
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    found = _PLACE.fullmatch(text)
    host = (found["six"] or found["host"]) if found else text
    port = (found["port6"] or found["port"]) if found else None
    if port is not None and not 0 < int(port) < 1 << 16:
        raise ValueError(f"{text}: there is no such port")
    try:
        networks = [ipaddress.ip_network(one) for one in (LOCALHOST if host == "localhost" else (host,))]
    except ValueError:
        raise ValueError(f"{text}: an address or a network is needed, as in 127.0.0.1:5000 or 10.0.0.0/8") from None
    return [Listed(network, int(port) if port else None) for network in networks]


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _is_own(address: Address) -> bool:
    """Whether this machine has that address: then its packets would come from there. Nothing is sent."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((str(address), _DISCARD))
            return bool(asking.getsockname()[0] == str(address))
    except OSError:
        return False
