"""The server's end of a conversation, when the other side is a stranger's code."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from lambent.sandbox.channel import AT_ONCE, Channel
from lambent.sandbox.inside import wire


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def heard(theirs: socket.socket, channel: Channel, said: list[object]) -> list[object]:
    """What came until the other side was found gone."""
    with theirs:
        for _ in range(50):
            await asyncio.sleep(0)
    assert channel.closed
    return said


@pytest.mark.parametrize("strange", [b"garbage", b"[" * 100_000, b"\xff", b'{"number": "x"}', b"7"])
def test_what_nobody_understands_ends_it(strange: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> list[object]:
        ours, theirs = Channel.pair()
        said: list[object] = []

        def listen(message: wire.Message | None) -> None:
            said.append(message)
            if message is not None:
                said.append(1 + message.body["number"])

        channel = Channel(ours, listen)
        theirs.send(strange)
        return await heard(theirs, channel, said)

    assert asyncio.run(scenario())[-1] is None
    assert "what can't be understood" in caplog.text


def test_descriptors_that_nobody_takes_are_closed() -> None:
    async def scenario() -> None:
        ours, theirs = Channel.pair()
        channel = Channel(ours, lambda message: None)
        before = open_files()
        for _ in range(20):
            wire.send(theirs, {}, [0] * 20)
        for _ in range(10):
            await asyncio.sleep(0)
        assert open_files() == before
        channel.close()
        theirs.close()

    asyncio.run(scenario())


def test_who_says_much_does_not_keep_the_others_waiting() -> None:
    async def scenario() -> int:
        ours, theirs = Channel.pair()
        said: list[object] = []
        channel = Channel(ours, said.append)
        for _ in range(AT_ONCE + 10):
            wire.send(theirs, {})
        channel._read()
        channel.close()
        theirs.close()
        return len(said)

    assert asyncio.run(scenario()) == AT_ONCE


def test_what_is_no_socket_stays_the_messages() -> None:
    ours, theirs = socket.socketpair()
    null = os.open(os.devnull, os.O_RDONLY)
    message = wire.Message({}, [ours.detach(), null], 0)
    with theirs, pytest.raises(OSError, match="non-socket"):
        wire.take_sockets(message)
    assert message.fds == [null]
    os.close(null)
