"""Packet filter rules, given to the kernel directly (nf_tables over netlink; linux/netfilter/nf_tables.h).

A table that is owned by its socket (Linux 5.12) goes when the socket's holder ends, however it ends.
"""

from __future__ import annotations

import errno
import socket
import struct

from .kernel import CallError
from .netlink import (
    ACK,
    CREATE,
    EXCLUSIVE,
    NESTED,
    NETLINK_NETFILTER,
    REQUEST,
    Netlink,
    attribute,
    attributes,
    message,
    text,
)

_SUBSYSTEM = 10 << 8
_NEW_TABLE, _GET_TABLE, _DELETE_TABLE, _NEW_CHAIN, _GET_CHAIN, _NEW_RULE = 0, 1, 2, 3, 4, 6
_BATCH_BEGIN, _BATCH_END = 16, 17
_APPEND = 0x800
_TABLE_OWNED = 2

PREROUTING, INPUT, FORWARD, POSTROUTING = 0, 1, 2, 4
"""Hooks (linux/netfilter.h)."""
DROP, ACCEPT = 0, 1
MANGLE, FILTER, SOURCE_NAT = -150, 0, 100
"""Priorities (linux/netfilter_ipv4.h)."""
_REGISTER = 1
_IN_NAME, _OUT_NAME, _PROTOCOL = 6, 7, 16
_ADMINISTRATIVELY_PROHIBITED = 13
_RTN_LOCAL = 2
_ESTABLISHED, _RELATED = 2, 4
_NAME_BYTES = 16
UDP, TCP = 17, 6
Chain = tuple[str, str, int, int, int, list[bytes]]
"""Name, type, hook, priority, policy, rules."""


def _number(value: int) -> bytes:
    return struct.pack(">I", value & 0xFFFFFFFF)


def _expression(name: str, *data: bytes) -> bytes:
    return attribute(1 | NESTED, attribute(1, text(name)), attribute(2 | NESTED, *data))


def _compare(value: bytes, *, equal: bool = True) -> bytes:
    return _expression(
        "cmp",
        attribute(1, _number(_REGISTER)),
        attribute(2, _number(0 if equal else 1)),
        attribute(3 | NESTED, attribute(1, value)),
    )


def _meta(key: int) -> bytes:
    return _expression("meta", attribute(1, _number(_REGISTER)), attribute(2, _number(key)))


def _load(base: int, offset: int, length: int) -> bytes:
    """Bytes of the packet: base 1 is the network header, 2 the transport header."""
    values = (_REGISTER, base, offset, length)
    return _expression("payload", *(attribute(kind, _number(value)) for kind, value in enumerate(values, 1)))


def _masked(mask: bytes) -> bytes:
    """What was loaded, but for the bits of `mask`, becomes zero."""
    return _expression(
        "bitwise",
        *(attribute(kind, _number(value)) for kind, value in ((1, _REGISTER), (2, _REGISTER), (3, len(mask)))),
        attribute(4 | NESTED, attribute(1, mask)),
        attribute(5 | NESTED, attribute(1, bytes(len(mask)))),
    )


def _interface(key: int, name: str, *, equal: bool) -> bytes:
    """A name that ends in * stands for all that begin so."""
    raw = name[:-1].encode() if name.endswith("*") else name.encode().ljust(_NAME_BYTES, b"\0")
    return _meta(key) + _compare(raw, equal=equal)


def comes_from(interface: str, *, equal: bool = True) -> bytes:
    """The packet came in by (or not by) that interface."""
    return _interface(_IN_NAME, interface, equal=equal)


def goes_to(interface: str, *, equal: bool = True) -> bytes:
    """The packet goes out by (or not by) that interface."""
    return _interface(_OUT_NAME, interface, equal=equal)


def is_to(network: str, bits: int = 32) -> bytes:
    """Its destination."""
    return _within(16, network, bits)


def is_from(network: str, bits: int = 32) -> bytes:
    """Its source."""
    return _within(12, network, bits)


def _within(offset: int, network: str, bits: int) -> bytes:
    mask = struct.pack(">I", (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF)
    return _load(1, offset, 4) + _masked(mask) + _compare(socket.inet_aton(network))


def is_to_port(protocol: int, port: int) -> bytes:
    """Its protocol and destination port."""
    return _meta(_PROTOCOL) + _compare(bytes([protocol])) + _load(2, 2, 2) + _compare(struct.pack(">H", port))


def is_to_this_host() -> bytes:
    """Its destination is one of this namespace's own addresses."""
    parts = (attribute(1, _number(_REGISTER)), attribute(2, _number(3)), attribute(3, _number(2)))
    return _expression("fib", *parts) + _compare(struct.pack("=I", _RTN_LOCAL))


def is_answer() -> bytes:
    """It belongs to a connection that was begun from the other side."""
    state = _expression("ct", attribute(1, _number(_REGISTER)), attribute(2, _number(0)))
    return state + _masked(struct.pack("=I", _ESTABLISHED | _RELATED)) + _compare(bytes(4), equal=False)


def verdict(code: int) -> bytes:
    """ACCEPT or DROP."""
    value = attribute(2 | NESTED, attribute(2 | NESTED, attribute(1, _number(code))))
    return _expression("immediate", attribute(1, _number(0)), value)


def refuse() -> bytes:
    """Tell the sender that it is not allowed, so that it does not wait."""
    return _expression("reject", attribute(1, _number(0)), attribute(2, bytes([_ADMINISTRATIVELY_PROHIBITED])))


def masquerade() -> bytes:
    """The source becomes the address of the interface that the packet leaves by."""
    return _expression("masq")


class Firewall:
    """The rules of one network namespace: the one that it is made in. IPv4."""

    def __init__(self) -> None:
        self._netlink = Netlink(NETLINK_NETFILTER)

    def close(self) -> None:
        """Its tables go."""
        self._netlink.close()

    def replace(self, table: str, chains: list[Chain]) -> None:
        """Make `table` anew. All or nothing."""
        try:
            self._make(table, chains, _TABLE_OWNED)
        except CallError as failed:
            if failed.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
            self._make(table, chains, 0)  # a kernel before 5.12

    def chains(self) -> list[tuple[str, str, int, int]]:
        """(table, chain, hook, policy) of every base chain for IPv4 traffic, ours and others'."""
        found = []
        for family in (socket.AF_INET, 1):  # 1: NFPROTO_INET
            for answer in self._netlink.dump(_SUBSYSTEM | _GET_CHAIN, _family(family)):
                fields = attributes(answer[4:])
                if 4 in fields and 5 in fields:
                    hook = int.from_bytes(attributes(fields[4])[1], "big")
                    names = (fields[1].rstrip(b"\0").decode(), fields[3].rstrip(b"\0").decode())
                    found.append((*names, hook, int.from_bytes(fields[5], "big")))
        return found

    def remove(self, table: str) -> bool:
        """Whether there was such a table."""
        try:
            self._send("delete table", table, [(_DELETE_TABLE, 0, attribute(1, text(table)))])
        except CallError as failed:
            if failed.errno != errno.ENOENT:
                raise
            return False
        return True

    def _make(self, table: str, chains: list[Chain], flags: int) -> None:
        named = attribute(1, text(table))
        parts = [(_NEW_TABLE, CREATE | EXCLUSIVE, named + attribute(2, _number(flags)))]
        for name, kind, hook, priority, policy, rules in chains:
            place = attribute(4 | NESTED, attribute(1, _number(hook)), attribute(2, _number(priority)))
            chain = named + attribute(3, text(name)) + place
            parts.append((_NEW_CHAIN, CREATE, chain + attribute(5, _number(policy)) + attribute(7, text(kind))))
            for rule in rules:
                body = named + attribute(2, text(name)) + attribute(4 | NESTED, rule)
                parts.append((_NEW_RULE, CREATE | _APPEND, body))
        self._send("add table", table, parts)

    def _send(self, operation: str, path: str, parts: list[tuple[int, int, bytes]]) -> None:
        batch = message(_BATCH_BEGIN, REQUEST, 1, _family(0, 10))
        for number, (kind, flags, body) in enumerate(parts, 2):
            ack = ACK if number == len(parts) + 1 else 0
            whole = _family(socket.AF_INET) + body
            batch += message(_SUBSYSTEM | kind, REQUEST | flags | ack, number, whole)
        batch += message(_BATCH_END, REQUEST, len(parts) + 2, _family(0, 10))
        self._netlink.ask(operation, path, batch)


def _family(family: int, resource: int = 0) -> bytes:
    """struct nfgenmsg."""
    return struct.pack(">BBH", family, 0, resource)
