"""What functions answer, and what each of the four doors makes of it: `answers.json`.

A row is an answer (`answer`, as the runtime sends it), a column of it a door: the status, the body (none where the door
has its own to say; base64 where it is no text) and the key of its source. `binary` and `accept` are the API's binary
media types and what the client accepts; `rest_headers` are the headers that a REST API sends of it.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lambent.http_events import alb, http_api, payload_v2, rest_proxy

TABLE = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
ROWS = TABLE["answers"]
SOURCES = TABLE["sources"]
GROUP = alb.TargetGroup("arn:tg", function="arn:f")
Row = dict[str, Any]


def _rest(row: Row) -> Any:
    return rest_proxy.reply(row["answer"].encode(), row.get("binary", []), row.get("accept"))


DOORS: dict[str, tuple[Callable[[Row], Any], int]] = {
    "rest": (_rest, 502),
    "http": (lambda row: http_api.reply_v2(row["answer"].encode()), 500),
    "url": (lambda row: payload_v2.reply(row["answer"].encode()), 502),
    "alb": (lambda row: alb.reply(row["answer"].encode(), GROUP), 502),
}
"""How each reads an answer, and the status of one that it can't read."""
MALFORMED = (rest_proxy.Malformed, payload_v2.Malformed)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_an_answer_at_a_door(row: Row, door: str) -> None:
    read, failed = DOORS[door]
    status, *body, source = row[door]
    assert source in SOURCES
    if not body:
        assert status == failed
        with pytest.raises(MALFORMED):
            read(row)
        return
    reply = read(row)
    assert (reply.status, reply.body) == (status, _bytes(body[0]))
    if door == "rest" and "rest_headers" in row:
        assert rest_proxy.sent(reply.headers) == [tuple(one) for one in row["rest_headers"]]


def _bytes(text: str) -> bytes:
    return base64.b64decode(text[7:]) if text.startswith("base64:") else text.encode()


def test_there_are_sixty_at_least_and_every_source_is_used() -> None:
    assert len({row["name"] for row in ROWS}) == len({(row["answer"], str(row.get("binary")), row.get("accept"))
                                                      for row in ROWS}) == len(ROWS) >= 60  # fmt: skip
    assert {row[door][-1] for row in ROWS for door in DOORS} == set(SOURCES)
    assert all(set(DOORS) <= set(row) for row in ROWS)
