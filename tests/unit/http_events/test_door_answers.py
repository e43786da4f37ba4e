"""Headers of functions' answers at doors, and what is too large; the matrix of answers is `answers.json`."""

import pytest

from lambent.http_events import alb, payload_v2
from lambent.http_events.payload_v2 import Malformed

GROUP = alb.TargetGroup("arn:tg", function="arn:f")


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
