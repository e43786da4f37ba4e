"""The sandboxes' name server: hands their questions to the host's own, as the host's /etc/resolv.conf has them now.

So it does not matter whether that is somewhere in the network, on this machine or a stub on its loopback. Questions
and answers pass as they are (RFC 1035); but names of what is served here are the sandbox's own loopback address.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
SERVERS = 3
"""More are not asked, as resolv.conf(5) says."""
ANSWER_SECONDS = 2.0
CONNECTION_SECONDS = 10.0
AT_ONCE = 256
"""Questions beyond these are dropped; who asks will ask again."""
_READ = 1 << 14
_SERVFAIL = 2
_HEAD = 12
_ONE_QUESTION = b"\0\1\0\0\0\0"
_ADDRESS, _INTERNET = 1, 1
_LOOPBACK = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1"
"""The question's name has the address 127.0.0.1, which is not to be remembered."""

Leads = Callable[[str, str], bool]
"""Whether a name, in lower case, leads to the platform itself for who asks: `Names` know an address, others the account
that it is of."""
Elsewhere = Callable[[str], Callable[[], None] | None]
"""What to call when a name that leads to the platform has an address with the host's servers, too; None for a name of
which nobody wants to know that."""
_LOOKED_UP = 1000
"""Names of which it was found out."""


def name_servers(text: str) -> list[str]:
    """The addresses in a resolv.conf(5); without any, this machine's own."""
    lines = [line.split() for line in text.splitlines()]
    found = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return found[:SERVERS] or ["127.0.0.1"]


def failure(question: bytes) -> bytes:
    """The answer SERVFAIL to a question (RFC 1035, section 4.1.1)."""
    return question[:2] + bytes([0x80 | question[2] & 0x79, _SERVFAIL]) + question[4:]


def asked_name(question: bytes) -> str:
    """The name that an ordinary question is about, in lower case; "" for any other."""
    if len(question) < _HEAD or question[2] & 0xF8 or question[4:10] != _ONE_QUESTION:
        return ""
    labels, at = [], _HEAD
    while at < len(question) and 0 < question[at] < 64:
        labels.append(question[at + 1 : at + 1 + question[at]])
        at += 1 + question[at]
    if len(question) < at + 5 or question[at]:
        return ""
    return b".".join(labels).decode("latin-1").lower()


def loopback(question: bytes) -> bytes:
    """The answer that the name of an ordinary question is at 127.0.0.1, and nowhere else."""
    end = question.index(0, _HEAD) + 5
    kind, net = int.from_bytes(question[end - 4 : end - 2]), int.from_bytes(question[end - 2 : end])
    told = _LOOPBACK if (kind, net) == (_ADDRESS, _INTERNET) else b""
    counts = b"\0\1" + bytes([0, bool(told)]) + b"\0\0\0\0"
    return question[:2] + bytes([0x80 | question[2] & 0x79, 0x80]) + counts + question[_HEAD:end] + told


def _is_address(question: bytes) -> bool:
    end = question.index(0, _HEAD) + 5
    return int.from_bytes(question[end - 4 : end - 2]) == _ADDRESS


def has_answers(answer: bytes) -> bool:
    """Whether a name server's answer has something to say, and is no error."""
    return len(answer) > _HEAD and not answer[3] & 0x0F and answer[6:8] != b"\0\0"


class Names:
    """Answers on a datagram and on a listening socket, wherever they were made. `serve` starts it."""

    def __init__(self, resolv_conf: Path = RESOLV_CONF, port: int = PORT) -> None:
        self.leads: Leads = lambda _name, _address: False
        self.elsewhere: Elsewhere = lambda _name: None
        self._looked_up: set[str] = set()
        self._resolv_conf = resolv_conf
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    @classmethod
    async def serve(
        cls, datagrams: socket.socket, listener: socket.socket, resolv_conf: Path = RESOLV_CONF, port: int = PORT
    ) -> "Names":
        """Takes the sockets over. `port` is the one of the servers that are asked."""
        names = cls(resolv_conf, port)
        loop = asyncio.get_running_loop()
        names._transport, _ = await loop.create_datagram_endpoint(lambda: _Questions(names._spawn), sock=datagrams)
        names._server = await asyncio.start_server(names._relay, sock=listener)
        return names

    def close(self) -> None:
        """Answer no more."""
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    def _spawn(self, question: bytes, asker: tuple[str, int]) -> None:
        if len(self._tasks) < AT_ONCE and len(question) >= 12:
            task = asyncio.get_running_loop().create_task(self._answer(question, asker))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: bytes, asker: tuple[str, int]) -> None:
        name = asked_name(question)
        led = bool(name) and self.leads(name, asker[0])
        answer = loopback(question) if led else await self._passed_on(question)
        if self._transport is not None:
            self._transport.sendto(answer, asker)
        if led and name not in self._looked_up and (tell := self.elsewhere(name)) and _is_address(question):
            await self._look_up(name, question, tell)

    async def _look_up(self, name: str, question: bytes, tell: Callable[[], None]) -> None:
        """Nobody waits for it."""
        if len(self._looked_up) < _LOOKED_UP:
            self._looked_up.add(name)
            if has_answers(await self._passed_on(question)):
                tell()

    async def _passed_on(self, question: bytes) -> bytes:
        for server in self._servers():
            with contextlib.suppress(OSError):  # a timeout too: the next one is asked
                return await self._ask(server, question)
        return failure(question)

    async def _ask(self, server: str, question: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Answer(answer), remote_addr=(server, self._port))
        try:
            transport.sendto(question)
            return await asyncio.wait_for(answer, ANSWER_SECONDS)
        finally:
            transport.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A question by TCP, as answers are asked for that do not fit into a datagram."""
        try:
            async with asyncio.timeout(CONNECTION_SECONDS):
                server = await asyncio.open_connection(self._servers()[0], self._port)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pass_on(reader, server[1]))
                    group.create_task(_pass_on(server[0], writer))
        except* OSError:
            writer.close()

    def _servers(self) -> list[str]:
        try:
            return name_servers(self._resolv_conf.read_text())
        except OSError:
            return name_servers("")


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_READ):
            target.write(data)
            await target.drain()
    finally:
        target.close()


class _Questions(asyncio.DatagramProtocol):
    def __init__(self, ask: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._ask = ask

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._ask(data, addr)


class _Answer(asyncio.DatagramProtocol):
    def __init__(self, answer: "asyncio.Future[bytes]") -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)
