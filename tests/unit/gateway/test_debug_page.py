"""POST /_lambent/debug."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import orjson
import pytest

from lambent.gateway.debug import Asked, Begun, DebugPage
from lambent.model.invocation import Outcome
from lambent.model.scope import Scope
from lambent.wire.fault import Fault
from lambent.wire.http import Request

ASKED = {
    "account": "111111111111",
    "region": "eu-west-1",
    "function": "f",
    "qualifier": None,
    "port": 5678,
    "payload": '{"a": "é"}',
}


class Session:
    def __init__(self, outcome: Outcome | Exception | None) -> None:
        self._outcome = outcome
        self.closed = 0

    async def outcome(self) -> Outcome:
        if self._outcome is None:
            await asyncio.Event().wait()
        if isinstance(self._outcome, Exception):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome

    async def close(self) -> None:
        self.closed += 1


def page(session: Session, asked: list[Asked]) -> DebugPage:
    async def begin(what: Asked) -> Begun:
        asked.append(what)
        if what.function == "nobody":
            raise Fault("ResourceNotFoundException", "Function not found", status=404)
        return Begun(session, "r-1", "3")

    return DebugPage("secret", begin)


async def ask(made: DebugPage, said: object, token: str = "secret", method: str = "POST") -> Any:
    body = said if isinstance(said, bytes) else orjson.dumps(said)
    return await made(Request(method, "/_lambent/debug", "", {"x-lambent-token": token}, body))


async def lines(body: object) -> list[Any]:
    return [orjson.loads(line) async for line in cast(AsyncIterator[bytes], body)]


def test_it_says_when_a_debugger_may_come_and_then_the_answer() -> None:
    session, asked = Session(Outcome(b"42", None, ["tail"])), list[Asked]()
    response = asyncio.run(ask(page(session, asked), ASKED))
    assert asked == [Asked(Scope("111111111111", "eu-west-1"), "f", None, 5678, '{"a": "é"}'.encode())]
    first, last = asyncio.run(lines(response.body))
    assert first == {"waiting": "127.0.0.1:5678"}
    assert (last["payload"], last["log"], last["function_error"]) == ("NDI=", "dGFpbA==", None)
    assert (last["executed_version"], last["request_id"]) == ("3", "r-1")
    assert session.closed == 1


def test_a_failure_of_ours_is_told_and_the_session_closed() -> None:
    session = Session(RuntimeError("x"))
    said = asyncio.run(lines(asyncio.run(ask(page(session, []), ASKED)).body))
    assert "r-1" in said[-1]["failed"]
    assert session.closed == 1


def test_who_goes_away_ends_the_session() -> None:
    session = Session(None)

    async def scene() -> None:
        response = await ask(page(session, []), ASKED)
        reading = asyncio.create_task(lines(response.body))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    asyncio.run(scene())
    assert session.closed == 1


@pytest.mark.parametrize(
    ("said", "token", "method", "status"),
    [
        (ASKED, "guess", "POST", 403),
        (ASKED, "", "POST", 403),
        (ASKED, "secret", "GET", 405),
        (b"{", "secret", "POST", 400),
        ([], "secret", "POST", 400),
        (ASKED | {"port": 0}, "secret", "POST", 400),
        (ASKED | {"port": 65_536}, "secret", "POST", 400),
        (ASKED | {"port": "5678"}, "secret", "POST", 400),
        (ASKED | {"port": True}, "secret", "POST", 400),
        ({"port": 5678}, "secret", "POST", 400),
    ],
)
def test_what_is_refused(said: object, token: str, method: str, status: int) -> None:
    asked: list[Asked] = []
    response = asyncio.run(ask(page(Session(None), asked), said, token, method))
    assert (response.status, asked) == (status, [])


def test_a_fault_is_the_chains() -> None:
    with pytest.raises(Fault):
        asyncio.run(ask(page(Session(None), []), ASKED | {"function": "nobody"}))
