"""The server's side of the way out: the network process, slots made ahead, and the sandboxes' name server."""

import asyncio
import collections
import contextlib
import logging
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.sandbox.channel import Channel
from lambent.sandbox.errors import SandboxGone, StepFailed
from lambent.sandbox.inside import wire
from lambent.sandbox.inside.network import OPEN, TRY, UNDO
from lambent.sandbox.inside.router import slot_of
from lambent.sandbox.names import Elsewhere, Leads, Names
from lambent.sandbox.orders import GID, UID
from lambent.sandbox.zygotes import spawn

AHEAD = 8
"""Slots that are kept ready: one takes about a millisecond to make."""
REFILL_SECONDS = 0.05
"""When a slot was taken the next one is made a little later: just then a sandbox starts."""
OPEN_SECONDS = 10.0
CLOSE_SECONDS = 5.0
TOOLS: tuple[str, ...] = ("slirp4netns", "pasta")
"""The programs that an ordinary user's way out takes, the preferred one first: pasta of early 2023, which Debian 12
has, lets connections that are refused time out."""

TUN = "/dev/net/tun"
"""The device that they make their interface with."""

_ENDED = StepFailed("network", "use", "", 0, "the network process has ended")
_log = logging.getLogger("lambent.sandbox")


@dataclass(frozen=True, slots=True)
class Slot:
    """A connected network namespace that nobody uses yet. The descriptor is the taker's to close."""

    number: int
    namespace: int


class Network:
    """The way out by NAT. Made by `open`; every slot taken is given back with `free` when its sandbox is gone."""

    def __init__(self, order: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        self._order = order
        self._loop = loop
        self._ready: asyncio.Future[wire.Message] = loop.create_future()
        self._slots: collections.deque[Slot] = collections.deque()
        self._waiting: collections.deque[asyncio.Future[Slot]] = collections.deque()
        self._connecting: collections.deque[asyncio.Future[int]] = collections.deque()
        self._process: subprocess.Popen[bytes] | None = None
        self._names: Names | None = None
        self._accounts: dict[int, str] = {}
        """Number of a slot to whose sandbox has it."""
        self._asked = 0
        self._refilling: asyncio.TimerHandle | None = None
        self.lost = False
        """Whether the network process has ended by itself. Its sandboxes have no way out any more."""
        self.notes: list[str] = []
        """What of the host may be in the way."""
        self.users = -1
        """Descriptor of the user namespace that an ordinary user's networks belong to; zygotes must join it."""
        ours, self._theirs = Channel.pair()
        self._channel = Channel(ours, self._on_message)

    @classmethod
    async def open(cls, owner: str, state_dir: Path, former: "Network | None" = None) -> "Network":
        """Connect the host. Raises StepFailed: it can't be done here.

        `former` is one that was lost, which is closed: the user namespace that zygotes have joined goes on.
        """
        marker = state_dir.absolute() / "forwarding"  # noqa: ASYNC240 - does not look at the disk
        network = cls(_order(owner, str(marker)))
        if former is not None:
            network.users = os.dup(former.users) if former.users >= 0 else -1
            await former.close()
        try:
            await network._open()
        except BaseException:
            await network.close()
            raise
        return network

    async def _open(self) -> None:
        self._process = start(self._theirs)
        users = [self.users] if self.users >= 0 else []
        await self._channel.send({**self._order, "do": OPEN}, users)
        try:
            answer = await asyncio.wait_for(self._ready, OPEN_SECONDS)
        except TimeoutError:
            raise StepFailed("network", "connect the host", "", 0, "no answer") from None
        self.notes = answer.body["notes"]
        datagrams, listener = wire.take_sockets(answer, 2)
        if answer.fds:
            if users:
                os.close(self.users)
            self.users = answer.fds.pop()
        self._names = await Names.serve(datagrams, listener)
        self._refill()

    def lead(self, leads: Leads, elsewhere: Elsewhere) -> None:
        """Names of which `leads` says so for the sandbox's account are its own loopback address."""
        if self._names is not None:
            self._names.elsewhere = elsewhere
            self._names.leads = lambda name, address: leads(name, self._accounts.get(slot_of(address), ""))

    async def slot(self, account: str) -> Slot:
        """A slot for a sandbox of `account`, of those made ahead if there is one. Raises StepFailed."""
        slot = await self._next_slot()
        self._accounts[slot.number] = account
        return slot

    async def _next_slot(self) -> Slot:
        if self.lost:
            raise _ENDED
        if self._slots:
            if self._refilling is None:
                self._refilling = self._loop.call_later(REFILL_SECONDS, self._refill)
            return self._slots.popleft()
        self._ask_for(1)
        slot: asyncio.Future[Slot] = self._loop.create_future()
        self._waiting.append(slot)
        try:
            return await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled() and slot.exception() is None:
                self._slots.append(slot.result())
            raise

    async def connect(self, namespace: int, account: str) -> int:
        """Connect a network namespace of `account` that is there already; the slot's number. The descriptor stays the
        caller's.

        Raises StepFailed.
        """
        connected: asyncio.Future[int] = self._loop.create_future()
        self._connecting.append(connected)
        try:
            await self._channel.send({"connect": True}, [namespace])
        except ConnectionError:
            raise _ENDED from None
        number = await asyncio.shield(connected)
        self._accounts[number] = account
        return number

    def free(self, number: int) -> None:
        """The sandbox of that slot is gone."""
        self._accounts.pop(number, None)
        with contextlib.suppress(OSError):
            self._channel.send_nowait({"free": number})

    async def close(self) -> None:
        """Undo everything."""
        lost = self.lost
        self._lose(SandboxGone("the network is closed"))
        self._channel.close()
        self._theirs.close()
        if self._names is not None:
            self._names.close()
        if self.users >= 0:
            os.close(self.users)
            self.users = -1
        if self._process is not None:
            await asyncio.to_thread(end, self._process)
            if lost:
                await asyncio.to_thread(_ask, {**self._order, "do": UNDO})

    def _on_message(self, message: wire.Message | None) -> None:
        if message is None:
            if self._ready.done() and not self._ready.exception():  # else `open` says why
                _log.error("the network process has ended: environments that it connected can't reach the internet")
            self._lose(_ENDED)
        elif "slot" in message.body:
            self._asked -= 1
            self._offer(Slot(message.body["slot"], message.fds.pop(0)))
        elif "connected" in message.body:
            self._connecting.popleft().set_result(message.body["connected"])
        elif "renewed" in message.body:
            _log.warning("the way out was interrupted, connections are lost: its program %s", message.body["renewed"])
        elif not self._ready.done() and "error" in message.body:
            self._ready.set_exception(StepFailed.of(message.body["error"]))
        elif "error" in message.body and message.body["process"]:
            self._connecting.popleft().set_exception(StepFailed.of(message.body["error"]))
        elif "error" in message.body:
            self._asked -= 1
            self._refuse(StepFailed.of(message.body["error"]))
        else:
            self._ready.set_result(message.taken())

    def _refill(self) -> None:
        self._refilling = None
        self._ask_for(AHEAD + len(self._waiting) - len(self._slots) - self._asked)

    def _ask_for(self, count: int) -> None:
        """The channel has room for thousands; one that is gone is told by itself."""
        if count > 0 and not self._channel.closed:
            with contextlib.suppress(OSError):
                self._asked += count if self._channel.send_nowait({"slots": count}) else 0

    def _offer(self, slot: Slot) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(slot)
                return
        self._slots.append(slot)

    def _refuse(self, failure: Exception) -> None:
        """A slot could not be made."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(failure)
                return
        _log.warning("no network slot could be made ahead: %s", failure)

    def _lose(self, failure: Exception) -> None:
        self.lost = True
        if self._refilling is not None:
            self._refilling.cancel()
        if not self._ready.done():
            self._ready.set_exception(failure)
            self._ready.exception()  # known
        while self._waiting:
            self._refuse(failure)
        while self._connecting:
            self._connecting.popleft().set_exception(failure)
        while self._slots:
            os.close(self._slots.popleft().namespace)


def start(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    """Start the network process, which gets that end of the pair."""
    try:
        return spawn(Path(sys.executable), theirs.fileno(), "network")
    finally:
        theirs.close()


def end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the process's end, which the closing of its socket brings about. Blocks."""
    try:
        process.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def problem() -> str:
    """Why this machine can't connect sandboxes to the internet by NAT, or nothing. Blocks; leaves nothing."""
    try:
        answer = _ask({**_order(f"probe{os.getpid()}", ""), "do": TRY})
    except OSError as failed:
        return f"probing failed: {failed}"
    except StepFailed as failed:
        return str(failed)
    if answer is None:
        return "the probing process ended"
    wire.close(answer.fds)
    if "error" in answer.body:
        return str(StepFailed.of(answer.body["error"]))
    return "; ".join(answer.body["notes"])


def _order(owner: str, marker: str) -> dict[str, Any]:
    """The network process's, but for what it is to do. Raises StepFailed when nothing here can do it."""
    root = os.geteuid() == 0
    found = {} if root else {name: path for name in TOOLS if (path := shutil.which(name))}
    if not root and not found:
        raise StepFailed("network", "connect", "", 0, "an ordinary user needs slirp4netns or pasta (package passt)")
    if not root:
        _require_tun()
    return {"owner": owner, "marker": marker, "tools": found, "uid": UID, "gid": GID}


def _require_tun() -> None:
    """Raise StepFailed where no program could make its interface: it would say so in words of its own."""
    try:
        os.close(os.open(TUN, os.O_RDWR | os.O_CLOEXEC))
    except OSError as failed:
        raise StepFailed.by("tun", failed) from failed


def _ask(order: dict[str, Any]) -> wire.Message | None:
    """What a network process answers to one order. Blocks."""
    ours, theirs = Channel.pair()
    process = start(theirs)
    try:
        with ours:
            ours.settimeout(OPEN_SECONDS)
            wire.send(ours, order)
            return wire.receive(ours)
    finally:
        end(process)
