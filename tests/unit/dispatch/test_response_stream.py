"""A streamed response between the runtime that writes it and the caller who reads it."""

import asyncio

import pytest

from lambent.dispatch.streaming import ROOM_BYTES, ResponseStream
from lambent.model.invocation import Outcome


def test_parts_come_in_order_and_then_the_outcome() -> None:
    async def run() -> tuple[list[bytes], Outcome]:
        stream = ResponseStream()

        async def write() -> None:
            for part in (b"a", b"b"):
                assert stream.write(part)
                await asyncio.sleep(0)
            stream.finish(Outcome(b""))

        async with asyncio.TaskGroup() as group:
            group.create_task(write())
            parts = [part async for part in stream]
        return parts, stream.outcome

    assert asyncio.run(run()) == ([b"a", b"b"], Outcome(b""))


def test_a_buffered_response_is_one_part_and_an_error_none() -> None:
    async def run(outcome: Outcome) -> list[bytes]:
        stream = ResponseStream()
        stream.finish(outcome)
        return [part async for part in stream]

    assert asyncio.run(run(Outcome(b"whole"))) == [b"whole"]
    assert asyncio.run(run(Outcome(b"{}", "Unhandled"))) == []


def test_a_writer_waits_until_there_is_room() -> None:
    async def run() -> None:
        stream = ResponseStream()
        resumed: list[int] = []
        assert not stream.write(b"x" * ROOM_BYTES)
        stream.resume = lambda: resumed.append(1)
        reader = aiter(stream)
        await anext(reader)
        assert resumed == []
        stream.write(b"y")
        await anext(reader)
        assert resumed == [1]

    asyncio.run(run())


def test_nobody_reading_lets_the_writer_go_on() -> None:
    async def run() -> None:
        stream = ResponseStream()
        resumed: list[int] = []
        assert not stream.write(b"x" * ROOM_BYTES)
        stream.resume = lambda: resumed.append(1)
        stream.abandon()
        assert resumed == [1]
        assert stream.write(b"x" * ROOM_BYTES)

    asyncio.run(run())


def test_what_ended_it_on_our_side_is_raised_at_the_end() -> None:
    async def run() -> None:
        stream = ResponseStream()
        stream.write(b"a")
        stream.finish(RuntimeError("lost"))
        assert [part async for part in stream] == [b"a"]
        with pytest.raises(RuntimeError, match="lost"):
            _ = stream.outcome

    asyncio.run(run())
