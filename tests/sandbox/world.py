"""A small internet for the scenarios on the network, in namespaces: the host with one interface, and what lies behind.

    sandboxes -- (the platform's router) -- host 192.0.2.2 -- 192.0.2.1 internet: a web server, a name server

The host has name servers too, a stub on its loopback and one on its own address.

Standard library and lambent.sandbox alone.
"""

import contextlib
import os
import socket
import stat
import threading
from pathlib import Path

from lambent.sandbox.inside.firewall import Firewall
from lambent.sandbox.inside.kernel import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    PR_SET_DUMPABLE,
    make_private,
    mount,
    prctl,
    setns,
    unshare,
)
from lambent.sandbox.inside.netlink import Routes, open_namespace

HOST, GATEWAY = "192.0.2.2", "192.0.2.1"
WEB, NAMES, NOBODY = "203.0.113.10", "203.0.113.53", "203.0.113.99"
STUB = "127.0.0.53"
MS_BIND = 4096
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
TUN = os.makedev(10, 200)
"""Linux, Documentation/networking/tuntap.rst."""


class World:
    """The calling process becomes the host: its network and its /etc/resolv.conf are its own from now on."""

    def __init__(self, place: Path) -> None:
        self.resolv_conf = place / "resolv.conf"
        self.resolv_conf.write_text(f"nameserver {NAMES}\n")
        unshare(CLONE_NEWNS)
        make_private("/")
        mount(str(self.resolv_conf), "/etc/resolv.conf", "", MS_BIND)
        _open_tun()
        unshare(CLONE_NEWNET)
        FORWARDING.write_text("0")  # whatever servers beside this test have made of the machine, whose settings it has
        self.host = open_namespace()
        host = Routes()
        unshare(CLONE_NEWNET)
        self.internet = open_namespace()
        internet = Routes()
        host.set_up(1)
        host.add_veth("wan", 0, "isp", 0, self.internet)
        index = socket.if_nametoindex("isp")
        internet.set_up(1)
        internet.set_up(index)
        internet.add_address(index, GATEWAY, 24)
        for address in (WEB, NAMES, NOBODY):
            internet.add_address(1, address, 32)
        serve(_listener(WEB, 80), _web)
        serve(_datagrams(NAMES), _names)
        setns(self.host, CLONE_NEWNET)
        index = socket.if_nametoindex("wan")
        host.add_address(index, HOST, 24)
        host.add_default_route(GATEWAY)
        for address in (STUB, HOST):
            serve(_datagrams(address), _names)
        for routes in (host, internet):
            routes.close()

    def become(self, user: int) -> None:
        """Go on as an ordinary user of the host."""
        os.chown(self.resolv_conf, user, user)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        prctl("prctl PR_SET_DUMPABLE", PR_SET_DUMPABLE, 1)  # or its own /proc/self would be root's

    def left(self) -> list[str]:
        """What of a server is on the host: interfaces, tables, the setting that makes it forward."""
        firewall = Firewall()
        chains = {f"table {table}" for table, *_ in firewall.chains() if table.startswith("lambent-")}
        firewall.close()
        links = [f"interface {name}" for _, name in socket.if_nameindex() if name.startswith("lb")]
        return [*links, *chains, *(["it forwards"] if FORWARDING.read_text().strip() == "1" else [])]


def _open_tun() -> None:
    """Everybody may make tap devices here, as on a common desktop."""
    mount("none", "/dev/net", "tmpfs", 0)
    os.mknod("/dev/net/tun", stat.S_IFCHR, TUN)
    os.chmod("/dev/net/tun", 0o666)


def _listener(address: str, port: int) -> socket.socket:
    return socket.create_server((address, port))


def _datagrams(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    return sock


def serve(sock: socket.socket, answer) -> None:
    """Answer for ever, beside everything else."""
    threading.Thread(target=lambda: [answer(sock) for _ in iter(int, 1)], daemon=True).start()


def _web(listener: socket.socket) -> None:
    """Who asks is told where it seems to come from."""
    sock, (address, _) = listener.accept()
    with sock, contextlib.suppress(OSError):
        sock.recv(4096)
        sock.sendall(f"HTTP/1.0 200 OK\r\n\r\nyou are {address}".encode())


def _names(sock: socket.socket) -> None:
    """Every name is the web server's, but those that begin with "no"."""
    question, asker = sock.recvfrom(4096)
    sock.sendto(answer(question, WEB), asker)


def answer(question: bytes, address: str) -> bytes:
    """To a question of one name: an address for A, nothing for all else (RFC 1035)."""
    end = question.index(0, 12) + 1
    asks_address = question[end : end + 2] == b"\0\1" and not question[13:].startswith(b"no")
    counts = b"\0\1" + (b"\0\1" if asks_address else b"\0\0") + bytes(4)
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address) if asks_address else b""
    return question[:2] + b"\x81\x80" + counts + question[12 : end + 4] + record
