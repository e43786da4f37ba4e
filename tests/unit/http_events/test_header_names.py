"""Names of headers in a function's answer: one that is none would make a client read the head's rest as the body."""

from collections.abc import Callable

import orjson
import pytest

from lambent.http_events import alb, http_api, payload_v2, rest_proxy
from lambent.http_events.alb import TargetGroup

DOORS: list[Callable[[bytes], object]] = [
    payload_v2.reply,
    http_api.reply_v1,
    lambda payload: rest_proxy.reply(payload, [], None),
    lambda payload: alb.reply(payload, TargetGroup("tg")),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["X\r\nSet-Cookie", "X A", "", "X:", "é", "X\0"])
def test_what_is_no_name_is_a_malformed_answer(door: Callable[[bytes], object], name: str) -> None:
    payload = orjson.dumps({"statusCode": 200, "headers": {name: "1"}, "body": ""})
    with pytest.raises((payload_v2.Malformed, rest_proxy.Malformed), match="no name of a header"):
        door(payload)
