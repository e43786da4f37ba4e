"""Requests to a neighbour may last, as those that wait for a pool's trigger: one account's keep no other waiting."""

import asyncio

from lambent.model.scope import Caller, Scope
from lambent.neighbour.neighbour import OF_AN_ACCOUNT, Neighbour
from lambent.wire.http import Request

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
