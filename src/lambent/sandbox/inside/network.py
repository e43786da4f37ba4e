"""The network process: the way out for the sandboxes of one server, by root's means.

    sandbox ── veth ── router (a network namespace of our own) ── veth ── the host ── wherever the host's routes lead

The router keeps sandboxes apart and away from link-local addresses, and holds the name server's sockets, which the
server answers. On the host there is one interface and one table of rules; both go when this process ends, however it
ends: the interface with the router's namespace, the table with its socket. What of the host's settings is changed is
changed back when the server closes its socket or dies.
"""

# ruff: noqa: PTH108, PTH110, PTH123
# (paths are strings here, as everywhere below the server)

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any, NoReturn

from . import wire
from .firewall import (
    ACCEPT,
    DROP,
    FILTER,
    FORWARD,
    INPUT,
    MANGLE,
    POSTROUTING,
    PREROUTING,
    SOURCE_NAT,
    TCP,
    UDP,
    Firewall,
    comes_from,
    goes_to,
    is_answer,
    is_from,
    is_to,
    is_to_port,
    is_to_this_host,
    masquerade,
    refuse,
    verdict,
)
from .kernel import CLONE_NEWNET, CallError, set_name, setns, unshare
from .netlink import Routes, open_namespace
from .system import NAMESERVER

BLOCKED = (("169.254.0.0", 16), ("127.0.0.0", 8), ("224.0.0.0", 4), ("240.0.0.0", 4))
"""Link-local (cloud metadata services among them), loopback, multicast, reserved."""
RANGE, RANGE_BITS = 0xC6120000, 15
"""198.18.0.0/15 is for testing networks (RFC 2544): nobody routes it."""
BLOCK_BITS = 20
"""A server's part of it: 2,048 pairs of addresses, the first for the router itself."""
PAIRS = 1 << (31 - BLOCK_BITS)
UPLINK, ANY_OF_OURS = "up", "lb*"
TABLE = "lambent-"
CLOSED = "closed"
"""The chain that says that the host did not forward before, and keeps everyone else from using that it does now."""
OPEN, TRY, UNDO = "open", "try", "undo"
FORWARDING = "/proc/sys/net/ipv4/ip_forward"
BACKLOG = 128
_FIRST_INDEX = 100


def main(fd: int) -> NoReturn:
    """Serve until the server is gone.

    The first order is {"owner", "marker", "do"}, with "do" one of OPEN, TRY and UNDO; the others, after OPEN, are
    {"slots": count}, {"connect"} with a namespace, {"free": number}.
    """
    set_name("lambent-network")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=fd)
    first = wire.receive(control)
    if first is None:
        os._exit(0)
    network = _Network(first.body["owner"], first.body["marker"], dry=first.body["do"] == TRY)
    if first.body["do"] != UNDO:
        _run(control, network)
    network.close()
    os._exit(0)


def _run(control: socket.socket, network: _Network) -> None:
    try:
        network.open()
        sockets = network.name_sockets()
        wire.send(control, network.report(), [sock.fileno() for sock in sockets])
        for sock in sockets:
            sock.close()
        _serve(control, network)
    except OSError as failed:
        wire.tell(control, _failure(failed))


def _serve(control: socket.socket, network: _Network) -> None:
    while True:
        message = wire.receive(control)
        if message is None:
            return
        if "free" in message.body:
            network.free(message.body["free"])
        elif "connect" in message.body:
            _connect(control, network, message.fds[0])
        else:
            for _ in range(message.body["slots"]):
                _make_slot(control, network)


def _make_slot(control: socket.socket, network: _Network) -> None:
    try:
        number, namespace = network.make_slot()
    except OSError as failed:
        wire.tell(control, _failure(failed))
        return
    wire.send(control, {"slot": number}, [namespace])
    os.close(namespace)


def _connect(control: socket.socket, network: _Network, namespace: int) -> None:
    try:
        wire.send(control, {"connected": network.connect(namespace)})
    except CallError as failed:
        wire.tell(control, _failure(failed), process=1)  # of a connection, not of a slot


def _failure(failed: OSError) -> dict[str, Any]:
    """As `plan.StepFailed` has it."""
    failure = {"step": "network", "operation": getattr(failed, "operation", "network")}
    return {
        **failure,
        "path": str(failed.filename or ""),
        "errno": failed.errno or 0,
        "text": failed.strerror or str(failed),
    }


class _Network:
    """Everything of one server. This process is in the host's namespace until `open`, in the router's after it."""

    def __init__(self, owner: str, marker: str, *, dry: bool) -> None:
        self._name = f"lb{owner}"[:15]
        self._table = f"{TABLE}{owner}"
        self._marker = marker
        self._dry = dry
        self._closed = _marked(marker)
        self._count = 0
        self._used = {0}
        self._notes: list[str] = []
        self._host = open_namespace()
        self._routes = Routes()
        self._firewall = Firewall()

    def open(self) -> None:
        """Make the router. Raises OSError. If `dry`, only to see whether it can be done: the host forwards nothing."""
        self._routes.remove(self._name)
        self._firewall.remove(self._table)
        unshare(CLONE_NEWNET)
        self._router_namespace = open_namespace()
        self._router = Routes()
        self._inner = Firewall()
        self._connect()
        self._set_up_router()
        setns(self._host, CLONE_NEWNET)
        self._set_up_host()
        setns(self._router_namespace, CLONE_NEWNET)

    def _connect(self) -> None:
        """The pair between host and router, on the first block of addresses that nobody uses."""
        self._routes.add_veth(self._name, 0, UPLINK, 0, self._router_namespace)
        setns(self._host, CLONE_NEWNET)
        index = socket.if_nametoindex(self._name)
        setns(self._router_namespace, CLONE_NEWNET)
        for block in _free_blocks(self._routes.networks()):
            self._block = block
            self._routes.add_address(index, self._address(0), 31)
            try:
                self._routes.add_route(_dotted(block), BLOCK_BITS, self._address(1))
            except CallError as failed:
                if failed.errno != errno.EEXIST:  # taken by another server just now
                    raise
            else:
                return
        raise CallError(errno.EADDRINUSE, "choose addresses", "198.18.0.0/15")

    def _set_up_router(self) -> None:
        for setting in ("ipv4/ip_forward", "ipv4/conf/all/rp_filter", "ipv6/conf/default/disable_ipv6"):
            _write(f"/proc/sys/net/{setting}", "1")
        self._router.set_up(1)
        _write(f"/proc/sys/net/ipv6/conf/{UPLINK}/disable_ipv6", "1")
        uplink = socket.if_nametoindex(UPLINK)
        self._router.set_up(uplink)
        self._router.add_address(1, NAMESERVER, 32)
        self._router.add_address(uplink, self._address(1), 31)
        self._router.add_default_route(self._address(0))
        for network, bits in BLOCKED:
            self._router.add_route(network, bits)
        names = [is_to(NAMESERVER) + is_to_port(kind, 53) + verdict(ACCEPT) for kind in (UDP, TCP)]
        out = goes_to(UPLINK) + verdict(ACCEPT)
        back = comes_from(UPLINK) + is_answer() + verdict(ACCEPT)
        between = comes_from(UPLINK, equal=False) + refuse()
        self._inner.replace(
            TABLE + "router",
            [
                ("input", "filter", INPUT, FILTER, DROP, [*names, between]),
                ("forward", "filter", FORWARD, FILTER, DROP, [out, back, between]),
            ],
        )

    def _set_up_host(self) -> None:
        ours, name = verdict(ACCEPT), self._name
        _write(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "1")
        others = self._other_tables()
        forwards = _read(FORWARDING) == "1"
        self._closed = self._closed or not forwards or any(chain == CLOSED for _, chain, *_ in others)
        mine = comes_from(name)
        chains = [
            ("prerouting", "filter", PREROUTING, MANGLE, ACCEPT, [mine + is_to_this_host() + refuse()]),
            (
                "forward",
                "filter",
                FORWARD,
                FILTER,
                ACCEPT,
                [
                    mine + goes_to(ANY_OF_OURS) + refuse(),
                    goes_to(name) + is_answer() + ours,
                    goes_to(name) + verdict(DROP),
                ],
            ),
            (
                "postrouting",
                "nat",
                POSTROUTING,
                SOURCE_NAT,
                ACCEPT,
                [is_from(_dotted(self._block), BLOCK_BITS) + masquerade()],
            ),
        ]
        if self._closed:
            neither = comes_from(ANY_OF_OURS, equal=False) + goes_to(ANY_OF_OURS, equal=False)
            chains.append((CLOSED, "filter", FORWARD, FILTER, ACCEPT, [neither + verdict(DROP)]))
        self._firewall.replace(self._table, chains)
        if self._dry:
            if not forwards and not os.access(FORWARDING, os.W_OK):
                raise CallError(errno.EACCES, "write", FORWARDING)
            return
        if self._closed:
            _write(self._marker, _boot(), must=True)
        if not forwards:
            _write(FORWARDING, "1", must=True)

    def _other_tables(self) -> list[tuple[str, str, int, int]]:
        """Base chains of other servers' tables; a stranger's that drops what it does not know is noted."""
        found = []
        for table, chain, hook, policy in self._firewall.chains():
            if table.startswith(TABLE):
                found.append((table, chain, hook, policy))
            elif hook == FORWARD and policy == DROP:
                self._notes.append(f"chain {chain} of the host's firewall table {table} drops forwarded packets")
        return found

    def report(self) -> dict[str, Any]:
        """What the server is told."""
        return {"ready": True, "notes": self._notes}

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
            setns(self._router_namespace, CLONE_NEWNET)

    def connect(self, namespace: int) -> int:
        """Connect a namespace that is there already; the slot's number. Closes the descriptor. Raises CallError."""
        setns(namespace, CLONE_NEWNET)
        try:
            number = self._connect_this(namespace)
        finally:
            setns(self._router_namespace, CLONE_NEWNET)
        os.close(namespace)
        return number

    def _connect_this(self, namespace: int) -> int:
        """The namespace that this process is in. Closes the descriptor when it fails."""
        try:
            number = self._next_number()
            _write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
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
            self._router.add_veth(f"s{self._count}", index, "eth0", 2, namespace)
            self._router.add_address(index, near, 31)
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

    def free(self, number: int) -> None:
        """The slot's sandbox is gone."""
        self._used.discard(number)

    def _address(self, number: int) -> str:
        return _dotted(self._block + number)

    def close(self) -> None:
        """Change back what was changed, unless another server needs it still."""
        try:
            self._firewall.remove(self._table)
            setns(self._host, CLONE_NEWNET)
            if self._closed and not self._dry and not self._other_tables():
                _write(FORWARDING, "0")
            if not self._dry and os.path.exists(self._marker):
                os.unlink(self._marker)
            self._routes.remove(self._name)
        except OSError:  # what can't be undone here, the end of this process undoes, or the next start
            return


def _marked(marker: str) -> bool:
    """Whether the host forwards because of an earlier run that could not change it back, since it was started."""
    try:
        return _read(marker) == _boot()
    except OSError:
        return False


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id")


def _free_blocks(networks: list[tuple[int, int]]) -> Iterator[int]:
    """First addresses of the blocks that no route leads to."""
    for block in range(RANGE, RANGE + (1 << (32 - RANGE_BITS)), 1 << (32 - BLOCK_BITS)):
        if not any(_overlap(block, BLOCK_BITS, address, bits) for address, bits in networks):
            yield block


def _overlap(one: int, one_bits: int, other: int, other_bits: int) -> bool:
    shift = 32 - min(one_bits, other_bits)
    return one >> shift == other >> shift


def _dotted(address: int) -> str:
    return socket.inet_ntoa(address.to_bytes(4, "big"))


def _read(path: str) -> str:
    with open(path) as file:
        return file.read().strip()


def _write(path: str, value: str, *, must: bool = False) -> None:
    """A setting; without `must` it may be missing: a kernel without IPv6, say."""
    try:
        with open(path, "w") as file:
            file.write(value)
    except OSError:
        if must:
            raise
