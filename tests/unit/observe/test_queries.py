"""Which queries of Logs Insights run, and which answers are kept."""

import asyncio
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.observe import insights
from lambent.observe.queries import Queries, StartedQuery


async def _job() -> dict[str, Any]:
    return {}


def _query(account: str, number: int) -> StartedQuery:
    return StartedQuery(Scope(account), f"{account}-{number}", "fields a", ["g"], 0)


def _start(all_of_them: Queries, query: StartedQuery) -> StartedQuery:
    all_of_them.start(query, lambda: asyncio.ensure_future(_job()))
    return query


def test_an_account_whose_queries_take_long_keeps_no_other_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async def never(_self: Queries, _job: bytes) -> tuple[int, dict[str, Any]]:
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(Queries, "_answer", never)
        known = Queries(lambda: 0.0)
        many = [_start(known, _query("111111111111", number)) for number in range(5)]
        other = _start(known, _query("222222222222", 0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [one.status for one in many] == ["Running", "Running", "Scheduled", "Scheduled", "Scheduled"]
        assert other.status == "Running"
        await known.close()

    asyncio.run(body())


def test_old_answers_go_when_there_are_too_many_bytes_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async def at_once(_self: Queries, _job: bytes) -> tuple[int, dict[str, Any]]:
            return 60, {"rows": [[("a", "1")]]}

        monkeypatch.setattr(Queries, "_answer", at_once)
        known = Queries(lambda: 0.0, kept=100)
        for number in range(3):
            query = _start(known, _query("111111111111", number))
            assert query.task is not None
            await query.task
        assert [one.id for one in known.of(Scope("111111111111"))] == ["111111111111-2"]

    asyncio.run(body())


def test_all_queries_at_once_take_a_quarter_of_the_machine() -> None:
    gb = 1 << 30
    assert insights.memory_of(64 * gb, 8) == 2 * gb
    assert insights.memory_of(8 * gb, 8) == gb // 2
    assert insights.memory_of(1024 * gb, 8) == 4 * gb
