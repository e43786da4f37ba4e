"""Requests to a neighbour may last, as those that wait for a pool's trigger: one account's keep no other waiting."""

import asyncio

from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import CONNECTIONS, Neighbour
from lambent.neighbour.room import Room
from lambent.wire.http import Request

OF_AN_ACCOUNT = CONNECTIONS // 2
REQUEST = Request("POST", "/", "", {"x-amz-target": "AmazonSSM.GetParameter"}, b"{}")


def test_one_accounts_requests_leave_room_for_anothers() -> None:
    async def run() -> None:
        full, ended, there = asyncio.Event(), asyncio.Event(), 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal there
            await reader.readuntil(b"\r\n\r\n")
            there += 1
            if there == OF_AN_ACCOUNT:
                full.set()
            if there <= OF_AN_ACCOUNT:
                await ended.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            neighbour = Neighbour({"default": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"})
            one, other = (Caller(Scope(account, "us-east-1"), "id") for account in ("1" * 12, "2" * 12))
            many = [asyncio.ensure_future(neighbour.forward(REQUEST, one, "ssm")) for _ in range(3 * OF_AN_ACCOUNT)]
            await full.wait()
            answer = await asyncio.wait_for(neighbour.forward(REQUEST, other, "ssm"), 5)
            assert answer.status == 200
            assert not any(task.done() for task in many)
            ended.set()
            await asyncio.gather(*many)
            await neighbour.close()

    asyncio.run(run())


def test_however_many_take_what_they_can_there_is_a_place_for_one_more() -> None:
    async def run() -> None:
        room, stay = Room(64), asyncio.Event()
        there: dict[str, int] = {}

        async def ask(account: str) -> None:
            async with room.place(account):
                there[account] = there.get(account, 0) + 1
                await stay.wait()

        asking = []
        for account in ("a", "b", "c", "d"):
            asking += [asyncio.ensure_future(ask(account)) for _ in range(100)]
            await asyncio.sleep(0)
        assert there == {"a": 32, "b": 16, "c": 8, "d": 4}
        asking.append(asyncio.ensure_future(ask("e")))
        await asyncio.sleep(0)
        assert there["e"] == 1
        stay.set()
        await asyncio.gather(*asking)
        assert there == {"a": 100, "b": 100, "c": 100, "d": 100, "e": 1} and not room._there and not room._waiting

    asyncio.run(run())


def test_who_gives_up_waiting_takes_no_place() -> None:
    async def run() -> None:
        room, stay = Room(2), asyncio.Event()

        async def ask() -> None:
            async with room.place("a"):
                await stay.wait()

        first, second, third = (asyncio.ensure_future(ask()) for _ in range(3))
        await asyncio.sleep(0)
        second.cancel()
        stay.set()
        await first
        third.cancel()  # whose turn has just come
        await asyncio.gather(second, third, return_exceptions=True)
        assert not room._there and not room._waiting

    asyncio.run(run())
