"""POST /_lambent/recycle."""

import asyncio
import json

import pytest

from lambent.gateway import recycle
from lambent.model.scope import Scope
from lambent.wire.http import Request


def ask(method: str, body: bytes = b"") -> tuple[int, dict[str, object], list[tuple[Scope | None, str]]]:
    """Status, answer, and what was recycled."""
    asked: list[tuple[Scope | None, str]] = []

    async def end(scope: Scope | None, name: str) -> int:
        asked.append((scope, name))
        return 3

    response = asyncio.run(recycle.page(end)(Request(method, "/_lambent/recycle", body=body)))
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body), asked


def test_all_or_one_function() -> None:
    assert ask("POST") == (200, {"environments": 3}, [(None, "")])
    one = b'{"account": "111111111111", "region": "eu-west-1", "function": "f"}'
    assert ask("POST", one)[2] == [(Scope("111111111111", "eu-west-1"), "f")]


OUTSIDE = b'{"account": "111111111111", "region": "..", "function": "f"}'


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("GET", b"", 405), ("POST", b"[]", 400), ("POST", b"{", 400), ("POST", OUTSIDE, 400)],
)
def test_anything_else_is_refused(method: str, body: bytes, status: int) -> None:
    assert (ask(method, body)[0], ask(method, body)[2]) == (status, [])
