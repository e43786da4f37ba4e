"""The matrix of functions' answers and doors."""

import pytest

from lambent.http_events import alb, payload_v2
from lambent.http_events.payload_v2 import Malformed, Reply
from tests.unit.http_events.door_answers import FAILS_ALB, FAILS_URL, ROWS, Row

GROUP = alb.TargetGroup("arn:tg", function="arn:f")


def by_url(answer: bytes) -> Reply:
    try:
        return payload_v2.reply(answer)
    except Malformed:
        return Reply(502, [], FAILS_URL)


def by_balancer(answer: bytes) -> Reply:
    try:
        return alb.reply(answer, GROUP)
    except Malformed:
        return alb.page(502)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_answer_at_a_function_url(row: Row) -> None:
    reply = by_url(row.answer)
    assert (reply.status, reply.body) == row.url[:2]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_answer_at_a_load_balancer(row: Row) -> None:
    reply = by_balancer(row.answer)
    assert reply.status == row.alb.status
    assert (FAILS_ALB in reply.body) if row.alb.body == FAILS_ALB else (reply.body == row.alb.body)


def test_there_are_sixty_and_each_has_its_source() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 60
    assert {result.source for row in ROWS for result in (row.url, row.alb)} == {"rec", "doc", "pub", "own"}


def test_the_headers_of_an_answer() -> None:
    said = b'{"statusCode":200,"headers":{"X-A":"1","Content-Length":"9","te":"x"},"cookies":["a=1","b=2"]}'
    assert payload_v2.reply(said).headers == [
        ("X-A", "1"),
        ("x-amzn-Remapped-Content-Length", "9"),
        ("Content-Type", "application/json"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]
    many = alb.TargetGroup("arn:tg", multi_value=True)
    reply = alb.reply(b'{"statusCode":200,"multiValueHeaders":{"Set-Cookie":["a","b"]},"headers":{"x":"1"}}', many)
    assert reply.headers == [alb.SERVER, ("Set-Cookie", "a"), ("Set-Cookie", "b")]


def test_an_answer_too_large_for_a_load_balancer() -> None:
    with pytest.raises(Malformed):
        alb.reply(b'{"statusCode":200,"body":"' + b"x" * alb.BODY_BYTES + b'"}', GROUP)
