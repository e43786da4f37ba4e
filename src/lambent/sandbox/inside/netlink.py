"""Network interfaces, addresses and routes, asked of the kernel directly (rtnetlink(7), netlink(7)).

Needs no program of the host. A socket speaks about the network namespace it was opened in.
"""

from __future__ import annotations

import os
import socket
import struct

from .kernel import CallError

NETLINK_ROUTE = 0
NETLINK_NETFILTER = 12

REQUEST, ACK, DUMP = 1, 4, 0x300
EXCLUSIVE, CREATE = 0x200, 0x400
NESTED = 0x8000
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")

_NEW_LINK, _DELETE_LINK, _NEW_ADDRESS, _GET_ADDRESS, _NEW_ROUTE, _GET_ROUTE = 16, 17, 20, 22, 24, 26
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 4, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DST, _RTA_GATEWAY = 1, 5
_IFF_UP = 1
_MAIN_TABLE, _STATIC, _UNICAST, _UNREACHABLE = 254, 4, 1, 7
_BYTES = 1 << 16


def attribute(kind: int, *values: bytes) -> bytes:
    """One attribute, padded. With the bit NESTED in `kind`, `values` are attributes themselves."""
    value = b"".join(values)
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + b"\0" * (-len(value) % 4)


def text(value: str) -> bytes:
    """A string as the kernel has it."""
    return value.encode() + b"\0"


def message(kind: int, flags: int, number: int, body: bytes) -> bytes:
    """One message with its header. Bodies are multiples of four bytes long."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


class Netlink:
    """A socket to the kernel. `ask` sends messages and waits until they are carried out."""

    def __init__(self, protocol: int) -> None:
        try:
            self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        except OSError as failed:
            raise CallError(failed.errno or 0, "socket AF_NETLINK") from failed

    def close(self) -> None:
        """What the kernel ties to this socket's life ends."""
        self._sock.close()

    def ask(self, operation: str, path: str, messages: bytes) -> None:
        """Send; the last message must ask for an ACK. Raises CallError named `operation`, about `path`."""
        self._sock.send(messages)
        failed = 0
        while True:
            for kind, body in self._receive():
                if kind == _ERROR:
                    failed = failed or -struct.unpack_from("=i", body)[0]
                    if failed:
                        self._drain()
                        raise CallError(failed, operation, path)
                    return

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Every object that the kernel lists."""
        self._sock.send(message(kind, REQUEST | DUMP, 1, body))
        found: list[bytes] = []
        while True:
            for what, answer in self._receive():
                if what == _ERROR:
                    raise CallError(-struct.unpack_from("=i", answer)[0], "netlink dump")
                if what == _DONE:
                    return found
                found.append(answer)

    def _receive(self) -> list[tuple[int, bytes]]:
        data = self._sock.recv(_BYTES)
        found, at = [], 0
        while at + _HEADER.size <= len(data):
            length, kind, _, _, _ = _HEADER.unpack_from(data, at)
            found.append((kind, data[at + _HEADER.size : at + length]))
            at += (length + 3) & ~3
        return found

    def _drain(self) -> None:
        self._sock.setblocking(False)
        try:
            while True:
                self._sock.recv(_BYTES)
        except BlockingIOError:
            self._sock.setblocking(True)


def attributes(data: bytes) -> dict[int, bytes]:
    """Attributes by kind."""
    found, at = {}, 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = data[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found


class Routes:
    """Interfaces, addresses and routes of one network namespace: the one that it is made in."""

    def __init__(self) -> None:
        self._netlink = Netlink(NETLINK_ROUTE)

    def close(self) -> None:
        """Nothing that was made goes with it."""
        self._netlink.close()

    def add_veth(self, name: str, index: int, peer: str, peer_index: int, peer_namespace: int, mtu: int = 0) -> None:
        """A pair of interfaces: one here, up, and one in another namespace, which can't be up before there are both.
        Index 0: the kernel chooses both. `mtu` is in bytes, of both; 0 is the kernel's choice."""
        there = _LINK.pack(0, 0, peer_index, 0, 0) + attribute(_IFLA_IFNAME, text(peer)) + _mtu(mtu)
        there += attribute(_IFLA_NET_NS_FD, struct.pack("=I", peer_namespace))
        data = attribute(_INFO_DATA | NESTED, attribute(_VETH_PEER | NESTED, there))
        info = attribute(_IFLA_LINKINFO | NESTED, attribute(_INFO_KIND, b"veth"), data)
        body = _LINK.pack(0, 0, index, _IFF_UP, _IFF_UP) + attribute(_IFLA_IFNAME, text(name)) + _mtu(mtu) + info
        self._ask("add veth", name, _NEW_LINK, body, CREATE | EXCLUSIVE)

    def set_up(self, index: int, mtu: int = 0) -> None:
        """An interface goes up."""
        self._ask("set link up", str(index), _NEW_LINK, _LINK.pack(0, 0, index, _IFF_UP, _IFF_UP) + _mtu(mtu))

    def remove(self, name: str) -> bool:
        """Whether there was such an interface. Its peer goes with it."""
        try:
            self._ask(
                "delete link", name, _DELETE_LINK, _LINK.pack(0, 0, 0, 0, 0) + attribute(_IFLA_IFNAME, text(name))
            )
        except CallError:
            return False
        return True

    def add_address(self, index: int, address: str, bits: int) -> None:
        """An IPv4 address with its prefix's length."""
        raw = socket.inet_aton(address)
        body = _ADDRESS.pack(socket.AF_INET, bits, 0, 0, index) + attribute(_IFA_LOCAL, raw)
        self._ask("add address", address, _NEW_ADDRESS, body + attribute(_IFA_ADDRESS, raw), CREATE | EXCLUSIVE)

    def add_default_route(self, gateway: str) -> None:
        """To everywhere that no other route leads to."""
        self.add_route("0.0.0.0", 0, gateway)  # noqa: S104 - nothing is bound

    def add_route(self, network: str, bits: int, gateway: str = "") -> None:
        """To `network` by `gateway`; without one, nowhere: senders are told "no route to host"."""
        kind = _UNICAST if gateway else _UNREACHABLE
        body = _ROUTE.pack(socket.AF_INET, bits, 0, 0, _MAIN_TABLE, _STATIC, 0, kind, 0)
        if bits:
            body += attribute(_RTA_DST, socket.inet_aton(network))
        if gateway:
            body += attribute(_RTA_GATEWAY, socket.inet_aton(gateway))
        self._ask("add route", f"{network}/{bits}", _NEW_ROUTE, body, CREATE | EXCLUSIVE)

    def addresses(self) -> list[str]:
        """Every IPv4 address of this namespace's interfaces."""
        found = []
        for answer in self._netlink.dump(_GET_ADDRESS, _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)):
            raw = attributes(answer[_ADDRESS.size :]).get(_IFA_LOCAL)
            if raw is not None:
                found.append(socket.inet_ntoa(raw))
        return found

    def networks(self) -> list[tuple[int, int]]:
        """(address, length of the prefix) of every IPv4 network there is a route to, but the default one."""
        found = []
        request = _ROUTE.pack(socket.AF_INET, 0, 0, 0, 0, 0, 0, 0, 0)
        for answer in self._netlink.dump(_GET_ROUTE, request):
            bits = answer[1]
            raw = attributes(answer[_ROUTE.size :]).get(_RTA_DST)
            if raw is not None and bits:
                found.append((int.from_bytes(raw, "big"), bits))
        return found

    def _ask(self, operation: str, path: str, kind: int, body: bytes, flags: int = 0) -> None:
        self._netlink.ask(operation, path, message(kind, REQUEST | ACK | flags, 1, body))


def _mtu(value: int) -> bytes:
    return attribute(_IFLA_MTU, struct.pack("=I", value)) if value else b""


def open_namespace() -> int:
    """A descriptor of the caller's network namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
