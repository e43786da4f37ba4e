"""The way out for an ordinary user: pasta or slirp4netns, programs that speak for the router as any other program of
the user would.

    router ── tap device ── pasta or slirp4netns, in the host's namespaces ── sockets of the user

The router, and every network namespace connected to it, belongs to one user namespace, in which the user may
administrate networks. The server's zygotes join it, so that sandboxes may enter those namespaces.
Sources: user_namespaces(7), passt(1), slirp4netns(1).
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import time
from typing import Any, NoReturn

from . import wire
from .firewall import ACCEPT, POSTROUTING, SOURCE_NAT, goes_to, is_to, masquerade
from .kernel import CLONE_NEWNET, CLONE_NEWUSER, close_all_but, set_name, setns, unshare
from .netlink import Routes
from .router import BLOCK_BITS, UPLINK, Router, dotted
from .steps.user_namespace import map_ids

BLOCK = 0xC6120000
"""198.18.0.0: the router's namespace is our own, so nobody else uses it there (RFC 2544)."""
TAP_NETWORK, TAP_BITS = "198.19.255.0", 24
TAP_ADDRESS, TAP_GATEWAY = "198.19.255.100", "198.19.255.2"
"""The two ends of the tap device, where slirp4netns has them in any network."""
MTU = 65520
"""The most that both programs take; what leaves the host has the host's own. Their work is by the packet: a function
received 390 MB/s through slirp4netns (pasta: 630), with 1,500 bytes 100 (80), on 2 busy cores."""
CONNECT_SECONDS = 5.0
SHORT_SECONDS = 1.0
"""A program that ends so soon after its start is not started again."""
LAST_WORDS = 2000
"""Bytes of a program's standard error that are kept to say why it ended."""


class UserMode:
    """Everything of one server. This process is in the host's namespaces until `open`, in the router's after it."""

    def __init__(self, order: dict[str, Any], users: list[int]) -> None:
        """`users` is the descriptor of a user namespace to go on with, if there is one."""
        self.notes: list[str] = []
        self.handed: list[int] = []
        """The descriptor of the user namespace."""
        self._tools: dict[str, str] = order["tools"]
        self._inside = (order["uid"], order["gid"])
        self._users = users
        self._began = 0.0
        self._helper, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.alarm = self._helper.fileno()
        """Readable when the program that carries the packets has ended."""
        if os.fork() == 0:
            self._helper.close()
            _help(theirs)
        theirs.close()

    def open(self) -> Router:
        """Make the router. Raises OSError."""
        routes = Routes()
        own = routes.addresses()
        routes.close()
        outside = os.geteuid(), os.getegid()
        if self._users:
            setns(self._users[0], CLONE_NEWUSER)
            unshare(CLONE_NEWNET)
        else:
            unshare(CLONE_NEWUSER | CLONE_NEWNET)
            map_ids(self._inside, outside)
        self.handed = [os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)]
        router = Router()
        self._connect()
        refused = [is_to(address) for address in own] + [is_to(TAP_NETWORK, TAP_BITS)]
        masked = goes_to(UPLINK) + masquerade()
        nat = [("postrouting", "nat", POSTROUTING, SOURCE_NAT, ACCEPT, [masked])]
        router.set_up(BLOCK, (TAP_ADDRESS, TAP_BITS), TAP_GATEWAY, refused, nat, MTU)
        router.routes.add_route(dotted(BLOCK), BLOCK_BITS)  # an address that no sandbox has leads nowhere
        return router

    def renew(self, router: Router) -> str:
        """The program has ended: start it again, and answer why it had. Raises OSError when that can't be, or when it
        had hardly begun."""
        message = wire.receive(self._helper)
        said = str(message.body["ended"]) if message else "its parent was killed"
        if message is None or time.monotonic() - self._began < SHORT_SECONDS:
            raise OSError(errno.ENETUNREACH, said)
        self._connect()
        router.set_up_uplink()
        return said

    def close(self) -> None:
        """The helper ends, and with it the program."""
        self._helper.close()

    def _connect(self) -> None:
        """By the first of the tools that can. Raises OSError, which says what each of them said."""
        said = []
        for name, path in self._tools.items():
            wire.send(self._helper, {"argv": [path, *_ARGUMENTS[name](os.getpid())]})
            reason = _wait_for_uplink(self._helper)
            if not reason:
                self._began = time.monotonic()
                return
            said.append(f"{name}: {reason}")
        raise OSError(errno.ENETUNREACH, "; ".join(said))


def _wait_for_uplink(helper: socket.socket) -> str:
    """Until the interface is there. Otherwise why it is not, when the program has ended."""
    waiting = select.poll()
    waiting.register(helper, select.POLLIN)
    deadline = time.monotonic() + CONNECT_SECONDS
    while not waiting.poll(2):
        if any(name == UPLINK for _, name in socket.if_nameindex()):
            return ""
        if time.monotonic() > deadline:
            wire.send(helper, {"stop": True})
            deadline += CONNECT_SECONDS
    message = wire.receive(helper)
    return message.body["ended"] if message else "nobody is there to start it"


def _pasta(pid: int) -> list[str]:
    addresses = ["--address", TAP_ADDRESS, "--netmask", str(TAP_BITS), "--gateway", TAP_GATEWAY]
    ports = [f"--{kind}={way}" for kind in ("tcp-ports", "udp-ports", "tcp-ns", "udp-ns") for way in ("none",)]
    alone = ["--no-map-gw", "--no-dhcp", "--ipv4-only"]
    return ["--foreground", "--quiet", "--ns-ifname", UPLINK, *addresses, *ports, *alone, str(pid)]


def _slirp4netns(pid: int) -> list[str]:
    confined = ["--disable-host-loopback", "--disable-dns", "--enable-seccomp"]
    return [f"--mtu={MTU}", f"--cidr={TAP_NETWORK}/{TAP_BITS}", *confined, str(pid), UPLINK]


_ARGUMENTS = {"pasta": _pasta, "slirp4netns": _slirp4netns}


def _help(sock: socket.socket) -> NoReturn:
    """The helper, which stays in the host's namespaces: runs what it is asked for, and tells how that ended."""
    set_name("lambent-uplink")
    close_all_but({0, 1, 2, sock.fileno()})
    try:
        while True:
            message = wire.receive(sock)
            if message is None:
                break
            if "argv" in message.body:
                wire.send(sock, {"ended": _tend(sock, message.body["argv"])})
    except OSError:  # nobody listens any more
        pass
    os._exit(0)


def _tend(sock: socket.socket, argv: list[str]) -> str:
    """Run a program until it ends, or something comes (then it is killed). The last lines of what it complained of."""
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _execute(argv, theirs)
    os.close(theirs)
    said = b""
    waiting = select.poll()
    for fd in (ours, sock.fileno()):
        waiting.register(fd, select.POLLIN)
    while not any(fd == sock.fileno() for fd, _ in waiting.poll()):
        data = os.read(ours, LAST_WORDS)
        if not data:
            break
        said = (said + data)[-LAST_WORDS:]
    os.close(ours)
    for kill in (os.killpg, os.kill):  # it may not have become the group's leader yet
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _, status = os.waitpid(pid, 0)
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return ", ".join(lines[-3:]) or f"ended with status {status}"


def _execute(argv: list[str], errors: int) -> NoReturn:
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and exec hands that on
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open("/dev/null", os.O_RDWR)
    for fd, place in ((nothing, 0), (nothing, 1), (errors, 2)):
        os.dup2(fd, place)
    try:
        os.execv(argv[0], argv)  # noqa: S606
    except OSError as failed:
        os.write(2, f"{failed}\n".encode())
    os._exit(127)
