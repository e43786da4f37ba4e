"""The router: a network namespace between the sandboxes of one server and the way out.

    sandbox ── veth ── router ── uplink ── wherever that leads

It keeps sandboxes apart and away from link-local addresses, and holds the name server's sockets, which the server
answers. Whose uplink it is (`nat`, `user_mode`), it does not know.
"""

# ruff: noqa: PTH123
# (paths are strings here, as everywhere below the server)

from __future__ import annotations

import errno
import os
import socket

from .firewall import (
    ACCEPT,
    DROP,
    FILTER,
    FORWARD,
    INPUT,
    TCP,
    UDP,
    Chain,
    Firewall,
    comes_from,
    goes_to,
    is_answer,
    is_to,
    is_to_port,
    refuse,
    verdict,
)
from .kernel import CLONE_NEWNET, CallError, setns, unshare
from .netlink import Routes, open_namespace
from .system import NAMESERVER

BLOCKED = (("169.254.0.0", 16), ("127.0.0.0", 8), ("224.0.0.0", 4), ("240.0.0.0", 4))
"""Link-local (cloud metadata services among them), loopback, multicast, reserved."""
BLOCK_BITS = 20
"""The sandboxes' addresses: 2,048 pairs, the first for the router itself."""
PAIRS = 1 << (31 - BLOCK_BITS)
UPLINK = "up"
"""The interface to the outside."""
TABLE = "lambent-router"
BACKLOG = 128
_FIRST_INDEX = 100


class Router:
    """The network namespace that it is made in. The process is there again after every call."""

    def __init__(self) -> None:
        self.namespace = open_namespace()
        self.routes = Routes()
        self._firewall = Firewall()
        self._block = 0
        self._mtu = 0
        self._own, self._gateway = ("", 0), ""
        self._count = 0
        self._used = {0}

    def set_up(
        self, block: int, own: tuple[str, int], gateway: str, refused: list[bytes], chains: list[Chain], mtu: int = 0
    ) -> None:
        """Be ready for sandboxes, whose addresses are those of `block` (a number). Raises OSError.

        `own` is the uplink's address and its prefix's length; packets that match a rule of `refused` go nowhere, with
        an answer to their sender; `chains` are added to the router's table.
        """
        self._block, self._mtu = block, mtu
        self._own, self._gateway = own, gateway
        for setting in ("ipv4/ip_forward", "ipv4/conf/all/rp_filter", "ipv6/conf/default/disable_ipv6"):
            write_setting(f"/proc/sys/net/{setting}", "1")
        write_setting("/proc/sys/net/ipv4/icmp_ratelimit", "0")  # who is refused shall be told, every time
        self.routes.set_up(1)
        self.routes.add_address(1, NAMESERVER, 32)
        self.set_up_uplink()
        for network, bits in BLOCKED:
            self.routes.add_route(network, bits)
        names = [is_to(NAMESERVER) + is_to_port(kind, 53) + verdict(ACCEPT) for kind in (UDP, TCP)]
        out = goes_to(UPLINK) + verdict(ACCEPT)
        back = comes_from(UPLINK) + is_answer() + verdict(ACCEPT)
        between = comes_from(UPLINK, equal=False) + refuse()
        self._firewall.replace(
            TABLE,
            [
                ("input", "filter", INPUT, FILTER, DROP, [*names, between]),
                (
                    "forward",
                    "filter",
                    FORWARD,
                    FILTER,
                    DROP,
                    [*(rule + refuse() for rule in refused), out, back, between],
                ),
                *chains,
            ],
        )

    def set_up_uplink(self) -> None:
        """Also when there is another interface in its place. Raises OSError."""
        write_setting(f"/proc/sys/net/ipv6/conf/{UPLINK}/disable_ipv6", "1")
        uplink = socket.if_nametoindex(UPLINK)
        self.routes.set_up(uplink, self._mtu)
        self.routes.add_address(uplink, *self._own)
        self.routes.add_default_route(self._gateway)

    def name_sockets(self) -> list[socket.socket]:
        """Datagram and listening socket of the name server."""
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        datagrams.bind((NAMESERVER, 53))
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        listener.bind((NAMESERVER, 53))
        listener.listen(BACKLOG)
        return [datagrams, listener]

    def make_slot(self) -> tuple[int, int]:
        """A new network namespace, connected: its number and a descriptor. Raises CallError."""
        unshare(CLONE_NEWNET)
        try:
            namespace = open_namespace()
            return self._connect_this(namespace), namespace
        finally:
            setns(self.namespace, CLONE_NEWNET)

    def connect(self, namespace: int) -> int:
        """Connect a namespace that is there already; the slot's number. Closes the descriptor. Raises CallError."""
        setns(namespace, CLONE_NEWNET)
        try:
            number = self._connect_this(namespace)
        finally:
            setns(self.namespace, CLONE_NEWNET)
        os.close(namespace)
        return number

    def free(self, number: int) -> None:
        """The slot's sandbox is gone."""
        self._used.discard(number)

    def _connect_this(self, namespace: int) -> int:
        """The namespace that this process is in. Closes the descriptor when it fails."""
        try:
            number = self._next_number()
            write_setting("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
            self._add_veth(number, namespace)
        except OSError:
            os.close(namespace)
            raise
        return number

    def _add_veth(self, number: int, namespace: int) -> None:
        self._count += 1
        index = _FIRST_INDEX + self._count
        near, far = self._address(2 * number), self._address(2 * number + 1)
        slot = Routes()
        try:
            self.routes.add_veth(f"s{self._count}", index, "eth0", 2, namespace, self._mtu)
            self.routes.add_address(index, near, 31)
            slot.set_up(1)
            slot.set_up(2)
            slot.add_address(2, far, 31)
            slot.add_default_route(near)
        except OSError:
            self.free(number)
            raise
        finally:
            slot.close()

    def _next_number(self) -> int:
        """Round and round: the kernel may take a moment to remove what used a number before."""
        if len(self._used) == PAIRS:
            raise CallError(errno.EADDRNOTAVAIL, "choose a slot")
        number = self._count
        while number % PAIRS in self._used:
            number += 1
        self._used.add(number % PAIRS)
        return number % PAIRS

    def _address(self, number: int) -> str:
        return dotted(self._block + number)


def slot_of(address: str) -> int:
    """The number of the slot whose sandbox has an address, an IPv4 one as text: blocks begin at a multiple of their
    size. No sandbox can send with another one's (rp_filter)."""
    return int.from_bytes(socket.inet_aton(address), "big") % (2 * PAIRS) // 2


def dotted(address: int) -> str:
    """An IPv4 address as text."""
    return socket.inet_ntoa(address.to_bytes(4, "big"))


def write_setting(path: str, value: str, *, must: bool = False) -> None:
    """A setting; without `must` it may be missing: a kernel without IPv6, say. Raises OSError if it must be there."""
    try:
        with open(path, "w") as file:
            file.write(value)
    except OSError:
        if must:
            raise
