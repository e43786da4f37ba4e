"""The way out by root's means: the host forwards what sandboxes send, under its own address (NAT).

    router ── veth ── the host ── wherever the host's routes lead

On the host there is one interface and one table of rules; both go when this process ends, however it ends: the
interface with the router's namespace, the table with its socket. What of the host's settings is changed is changed back
when the server closes its socket or dies.
"""

# ruff: noqa: PTH108, PTH110, PTH123
# (paths are strings here, as everywhere below the server)

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

from .firewall import (
    ACCEPT,
    DROP,
    FILTER,
    FORWARD,
    MANGLE,
    POSTROUTING,
    PREROUTING,
    SOURCE_NAT,
    Chain,
    Firewall,
    comes_from,
    goes_to,
    is_answer,
    is_from,
    is_to_this_host,
    masquerade,
    refuse,
    verdict,
)
from .kernel import CLONE_NEWNET, CallError, setns, unshare
from .netlink import Routes, open_namespace
from .router import BLOCK_BITS, UPLINK, Router, dotted, write_setting

RANGE, RANGE_BITS = 0xC6120000, 15
"""198.18.0.0/15 is for testing networks (RFC 2544): nobody routes it. A server takes one block of it."""
ANY_OF_OURS = "lb*"
TABLE = "lambent-"
CLOSED = "closed"
"""The chain that says that the host did not forward before, and keeps everyone else from using that it does now."""
FORWARDING = "/proc/sys/net/ipv4/ip_forward"


class Nat:
    """Everything of one server. This process is in the host's namespace until `open`, in the router's after it."""

    def __init__(self, owner: str, marker: str, *, dry: bool) -> None:
        self.notes: list[str] = []
        """What of the host may be in the way."""
        self.handed: list[int] = []
        self._name = f"lb{owner}"[:15]
        self._table = f"{TABLE}{owner}"
        self._marker = marker
        self._dry = dry
        self._closed = _marked(marker)
        self._block = 0
        self._host = open_namespace()
        self._routes = Routes()
        self._firewall = Firewall()

    def open(self) -> Router:
        """Make the router. Raises OSError. If `dry`, only to see whether it can be done: the host forwards nothing."""
        self._routes.remove(self._name)
        self._firewall.remove(self._table)
        unshare(CLONE_NEWNET)
        router = Router()
        self._connect(router)
        router.set_up(self._block, (dotted(self._block + 1), 31), dotted(self._block), [], [])
        setns(self._host, CLONE_NEWNET)
        self._set_up_host()
        setns(router.namespace, CLONE_NEWNET)
        return router

    def close(self) -> None:
        """Change back what was changed, unless another server needs it still."""
        try:
            self._firewall.remove(self._table)
            setns(self._host, CLONE_NEWNET)
            if self._closed and not self._dry and not self._other_tables():
                write_setting(FORWARDING, "0")
            if not self._dry and os.path.exists(self._marker):
                os.unlink(self._marker)
            self._routes.remove(self._name)
        except OSError:  # what can't be undone here, the end of this process undoes, or the next start
            return

    def _connect(self, router: Router) -> None:
        """The pair between host and router, on the first block of addresses that nobody uses."""
        self._routes.add_veth(self._name, 0, UPLINK, 0, router.namespace)
        setns(self._host, CLONE_NEWNET)
        index = socket.if_nametoindex(self._name)
        setns(router.namespace, CLONE_NEWNET)
        for block in free_blocks(self._routes.networks()):
            self._block = block
            self._routes.add_address(index, dotted(block), 31)
            try:
                self._routes.add_route(dotted(block), BLOCK_BITS, dotted(block + 1))
            except CallError as failed:
                if failed.errno != errno.EEXIST:  # taken by another server just now
                    raise
            else:
                return
        raise CallError(errno.EADDRINUSE, "choose addresses", "198.18.0.0/15")

    def _set_up_host(self) -> None:
        write_setting(f"/proc/sys/net/ipv6/conf/{self._name}/disable_ipv6", "1")
        others = self._other_tables()
        forwards = _read(FORWARDING) == "1"
        self._closed = self._closed or not forwards or any(chain == CLOSED for _, chain, *_ in others)
        self._firewall.replace(self._table, self._chains())
        if self._dry:
            if not forwards and not os.access(FORWARDING, os.W_OK):
                raise CallError(errno.EACCES, "write", FORWARDING)
            return
        if self._closed:
            write_setting(self._marker, _boot(), must=True)
        if not forwards:
            write_setting(FORWARDING, "1", must=True)

    def _chains(self) -> list[Chain]:
        mine, name = comes_from(self._name), self._name
        source = is_from(dotted(self._block), BLOCK_BITS)
        forward = [
            mine + goes_to(ANY_OF_OURS) + refuse(),
            goes_to(name) + is_answer() + verdict(ACCEPT),
            goes_to(name) + verdict(DROP),
        ]
        chains = [
            ("prerouting", "filter", PREROUTING, MANGLE, ACCEPT, [mine + is_to_this_host() + refuse()]),
            ("forward", "filter", FORWARD, FILTER, ACCEPT, forward),
            ("postrouting", "nat", POSTROUTING, SOURCE_NAT, ACCEPT, [source + masquerade()]),
        ]
        if self._closed:
            neither = comes_from(ANY_OF_OURS, equal=False) + goes_to(ANY_OF_OURS, equal=False)
            chains.append((CLOSED, "filter", FORWARD, FILTER, ACCEPT, [neither + verdict(DROP)]))
        return chains

    def _other_tables(self) -> list[tuple[str, str, int, int]]:
        """Base chains of other servers' tables; a stranger's that drops what it does not know is noted."""
        found = []
        for table, chain, hook, policy in self._firewall.chains():
            if table.startswith(TABLE):
                found.append((table, chain, hook, policy))
            elif hook == FORWARD and policy == DROP:
                self.notes.append(f"chain {chain} of the host's firewall table {table} drops forwarded packets")
        return found


def free_blocks(networks: list[tuple[int, int]]) -> Iterator[int]:
    """First addresses of the blocks that no route leads to."""
    for block in range(RANGE, RANGE + (1 << (32 - RANGE_BITS)), 1 << (32 - BLOCK_BITS)):
        if not any(_overlap(block, BLOCK_BITS, address, bits) for address, bits in networks):
            yield block


def _overlap(one: int, one_bits: int, other: int, other_bits: int) -> bool:
    shift = 32 - min(one_bits, other_bits)
    return one >> shift == other >> shift


def _marked(marker: str) -> bool:
    """Whether the host forwards because of an earlier run that could not change it back, since it was started."""
    try:
        return _read(marker) == _boot()
    except OSError:
        return False


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id")


def _read(path: str) -> str:
    with open(path) as file:
        return file.read().strip()
