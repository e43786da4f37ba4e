"""The sandboxes' name server."""

import asyncio
import socket
from pathlib import Path

import pytest

from lambent.sandbox.inside.router import slot_of
from lambent.sandbox.names import Names, asked_name, failure, loopback, name_servers
from lambent.sandbox.network import Network, Slot

QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03web\x04test\x00\x00\x01\x00\x01"


def test_three_servers_of_a_resolv_conf() -> None:
    text = "# comment\nnameserver 10.0.0.1\nsearch example.test\nnameserver 10.0.0.2\nnameserver\n"
    assert name_servers(text) == ["10.0.0.1", "10.0.0.2"]
    assert name_servers("nameserver 10.0.0.1\n" * 5) == ["10.0.0.1"] * 3
    assert name_servers("") == ["127.0.0.1"]


def test_a_failure_is_an_answer_to_the_question() -> None:
    answer = failure(QUESTION)
    assert answer[:2] == QUESTION[:2] and answer[4:] == QUESTION[4:]
    assert answer[2] & 0x80 and answer[3] & 0x0F == 2


def test_questions_go_to_the_hosts_server_and_back(tmp_path: Path) -> None:
    assert asyncio.run(_ask(tmp_path, answering=True)) == b"answer to " + QUESTION


def test_where_nobody_answers_the_asker_is_told(tmp_path: Path) -> None:
    assert asyncio.run(_ask(tmp_path, answering=False)) == failure(QUESTION)


def test_own_names_are_the_loopback_address() -> None:
    assert asked_name(QUESTION) == asked_name(QUESTION.replace(b"web", b"WEB")) == "web.test"
    answer = loopback(QUESTION)
    assert answer[:12] == b"\x12\x34\x81\x80" + b"\0\1\0\1" + b"\0" * 4
    assert answer[12:] == QUESTION[12:] + b"\xc0\x0c\0\1\0\1" + b"\0" * 4 + b"\0\4\x7f\0\0\1"


def test_an_own_name_has_no_other_address() -> None:
    question = QUESTION[:-3] + b"\x1c\0\1"  # AAAA
    assert loopback(question) == b"\x12\x34\x81\x80" + b"\0\1" + b"\0" * 6 + question[12:]


@pytest.mark.parametrize(
    "question",
    [b"", QUESTION[:12], QUESTION[:-1], QUESTION[:20], b"\0\0\x81" + QUESTION[3:], QUESTION[:12] + b"\xc0\x0c\0\1\0\1"],
)
def test_what_is_no_ordinary_question_is_passed_on(question: bytes) -> None:
    assert asked_name(question) == ""


def test_a_name_leads_here_for_one_account_alone(tmp_path: Path) -> None:
    """What is answered to an asker whom it is not for is what the host's server says."""
    assert asyncio.run(_ask(tmp_path, answering=True, led="127.0.0.1")) == loopback(QUESTION)
    assert asyncio.run(_ask(tmp_path, answering=True, led="127.0.0.2")) == b"answer to " + QUESTION


@pytest.mark.parametrize(
    ("address", "slot"), [("198.18.0.2", 1), ("198.18.0.3", 1), ("198.18.1.3", 129), ("198.18.31.255", 2047)]
)
def test_which_slot_an_address_is_of(address: str, slot: int) -> None:
    assert slot_of(address) == slot


def test_whose_slot_it_is_decides_where_a_name_leads() -> None:
    async def scenario() -> list[bool]:
        network = Network({})
        network._names = names = Names()
        network._slots.extend([Slot(1, -1), Slot(2, -1)])
        network.lead(lambda name, account: (name, account) == ("pypi.org", "111111111111"), lambda _name: None)
        for account in ("111111111111", "222222222222"):
            await network.slot(account)
        told = [names.leads("pypi.org", address) for address in ("198.18.0.3", "198.18.0.5", "198.18.0.7")]
        network.free(1)
        told.append(names.leads("pypi.org", "198.18.0.3"))
        await network.close()
        return told

    assert asyncio.run(scenario()) == [True, False, False, False]


@pytest.mark.parametrize(
    ("said", "wanted", "told"),
    [(b"\x81\x80\0\1\0\1", True, 1), (b"\x81\x83\0\1\0\0", True, 0), (b"\x81\x80\0\1\0\1", False, 0)],
)
def test_an_own_name_that_the_hosts_server_knows_as_well_is_told(
    tmp_path: Path, said: bytes, wanted: bool, told: int
) -> None:
    async def scenario() -> list[str]:
        loop = asyncio.get_running_loop()
        (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        asked: asyncio.Queue[bytes] = asyncio.Queue()

        def answer(server: socket.socket) -> None:
            question, asker = server.recvfrom(1000)
            server.sendto(question[:2] + said + question[8:], asker)
            asked.put_nowait(question)

        with _bound(socket.SOCK_DGRAM) as server, _bound(socket.SOCK_DGRAM) as asker:
            loop.add_reader(server.fileno(), answer, server)
            mine, listener = _bound(socket.SOCK_DGRAM), _bound(socket.SOCK_STREAM)
            names = await Names.serve(mine, listener, tmp_path / "resolv.conf", server.getsockname()[1])
            found: list[str] = []
            names.leads = lambda _name, _address: True
            names.elsewhere = lambda name: (lambda: found.append(name)) if wanted else None
            for _ in range(3):
                await loop.sock_sendto(asker, QUESTION, mine.getsockname())
                assert await asyncio.wait_for(loop.sock_recv(asker, 1000), 5) == loopback(QUESTION)
            if wanted:
                await asyncio.wait_for(asked.get(), 5)
            while names._tasks:
                await asyncio.wait(names._tasks)
            assert asked.empty()
            names.close()
            loop.remove_reader(server.fileno())
        return found

    assert asyncio.run(scenario()) == ["web.test"] * told


async def _ask(tmp_path: Path, *, answering: bool, led: str = "") -> bytes:
    """By datagram and by connection; what both say."""
    loop = asyncio.get_running_loop()
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    with _bound(socket.SOCK_DGRAM) as server:
        port = server.getsockname()[1]
        if answering:
            loop.add_reader(server.fileno(), _answer, server)
        else:
            server.close()
        mine, listener = _bound(socket.SOCK_DGRAM), _bound(socket.SOCK_STREAM)
        address = mine.getsockname()
        names = await Names.serve(mine, listener, tmp_path / "resolv.conf", port)
        names.leads = lambda name, address: (name, address) == ("web.test", led)
        with _bound(socket.SOCK_DGRAM) as asker:
            await loop.sock_sendto(asker, QUESTION, address)
            said = await asyncio.wait_for(loop.sock_recv(asker, 1000), 5)
        names.close()
        if answering:
            loop.remove_reader(server.fileno())
        await asyncio.sleep(0)
        return said


def _answer(server: socket.socket) -> None:
    question, asker = server.recvfrom(1000)
    server.sendto(b"answer to " + question, asker)


def _bound(kind: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


def test_a_question_by_connection_is_passed_on(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        server = await asyncio.start_server(_answer_by_connection, sock=_bound(socket.SOCK_STREAM))
        port = server.sockets[0].getsockname()[1]
        mine, listener = _bound(socket.SOCK_DGRAM), _bound(socket.SOCK_STREAM)
        address = listener.getsockname()
        names = await Names.serve(mine, listener, tmp_path / "resolv.conf", port)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(QUESTION)
        said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        names.close()
        server.close()
        return said

    assert asyncio.run(scenario()) == b"answer to " + QUESTION


async def _answer_by_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"answer to " + await reader.read(1000))
    writer.close()
