"""GET and POST /_lambent/clock."""

import asyncio
import json
from typing import Any

import pytest

from lambent.gateway import clock
from lambent.wire.http import Request


def ask(method: str, body: bytes = b"", *, movable: bool = True) -> tuple[int, dict[str, Any], list[float]]:
    """Status, answer, and by how much the clock was moved."""
    moved: list[float] = []

    async def advance(seconds: float) -> int:
        moved.append(seconds)
        return 2

    page = clock.page(lambda: {"kind": "manual"}, advance if movable else None)
    response = asyncio.run(page(Request(method, "/_lambent/clock", body=body)))
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body), moved


def test_it_is_shown_and_moved() -> None:
    assert ask("GET") == (200, {"kind": "manual"}, [])
    assert ask("POST", b'{"advance": 90}') == (200, {"kind": "manual", "running": 2}, [90.0])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("6h", 21_600), ("1h30m", 5_400), ("90", 90), ("1.5s", 1.5), ("2d", 172_800), (0, 0), (0.25, 0.25)],
)
def test_durations(said: object, seconds: float) -> None:
    assert clock.duration(said) == seconds


@pytest.mark.parametrize("said", ["", "6 h", "h", "-1", -1, True, None, "1m1h", [], float("inf"), 1e12])
def test_what_is_no_duration(said: object) -> None:
    with pytest.raises(ValueError):
        clock.duration(said)


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("PUT", b"", 405), ("POST", b"", 400), ("POST", b"[]", 400), ("POST", b'{"advance": "soon"}', 400)],
)
def test_anything_else_is_refused(method: str, body: bytes, status: int) -> None:
    assert (ask(method, body)[0], ask(method, body)[2]) == (status, [])


def test_a_length_that_is_none_is_named_with_what_would_be_one() -> None:
    for body in (b'{"advance": "5x"}', b'{"advance": "9999d"}'):
        _, said, _ = ask("POST", body)
        assert json.loads(body)["advance"] in said["message"]
        assert "1h30m" in said["message"]


def test_a_clock_that_moves_by_itself_is_not_moved() -> None:
    status, said, moved = ask("POST", b'{"advance": 1}', movable=False)
    assert (status, moved) == (409, [])
    assert "--clock manual" in said["message"]
