from dataclasses import replace

import pytest

from lambent.runtime_api.telemetry import Api, Subscription
from lambent.runtime_api.telemetry_buffer import Batch
from lambent.runtime_api.telemetry_wire import Answer, BadAnswer, encoded

ASKED = Subscription(Api.TELEMETRY, "2022-07-01", ("function",), 8080, "POST", "/t?a=b", 1000, 262_144, 1.0)
BATCH = Batch([b'{"a":1}', b'{"b":2}'], 14)


def test_http_gets_an_array() -> None:
    assert encoded(ASKED, BATCH) == (
        b"POST /t?a=b HTTP/1.1\r\nHost: sandbox.localdomain:8080\r\nContent-Type: application/json\r\n"
        b'Content-Length: 17\r\n\r\n[{"a":1},{"b":2}]'
    )


def test_tcp_gets_lines() -> None:
    assert encoded(replace(ASKED, method=""), BATCH) == b'{"a":1}\n{"b":2}\n'


def answered(*parts: bytes) -> Answer:
    answer = Answer()
    for part in parts:
        assert not answer.complete
        answer.feed(part)
    return answer


def test_an_answer_in_pieces() -> None:
    answer = answered(b"HTTP/1.1 200 OK\r\nContent-", b"Length: 2\r\n\r\no", b"k")
    assert (answer.complete, answer.status, answer.keeps_alive) == (True, 200, True)


def test_an_answer_without_length_ends_with_the_connection() -> None:
    answer = answered(b"HTTP/1.0 500 No\r\n\r\nsorry", b"")
    assert (answer.complete, answer.status, answer.keeps_alive) == (True, 500, False)


def test_a_connection_that_closes_is_not_kept() -> None:
    assert not answered(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keeps_alive


def test_100_continue_is_no_answer() -> None:
    answer = answered(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n")
    assert answer.status == 204


@pytest.mark.parametrize("garbage", [b"", b"SSH-2.0-x\r\n", b"\x16\x03\x01"])
def test_what_is_not_http_is_no_answer(garbage: bytes) -> None:
    with pytest.raises(BadAnswer):
        Answer().feed(garbage)
