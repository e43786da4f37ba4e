"""What functions answer, and what a door makes of it: `answers.json`, a column per door, each with its source."""

import json
from pathlib import Path
from typing import Any

import pytest

from lambent.http_events import rest_proxy
from lambent.http_events.rest_proxy import Malformed

TABLE = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
ROWS = TABLE["answers"]


def payload(row: dict[str, Any]) -> bytes:
    return str(row["raw"]).encode() if "raw" in row else json.dumps(row["answer"]).encode()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_rest_apis_answer(row: dict[str, Any]) -> None:
    expected = row["rest"]
    assert expected["source"] in TABLE["sources"]
    if expected["status"] == 502:
        with pytest.raises(Malformed):
            rest_proxy.reply(payload(row), row.get("binary", []), row.get("accept"))
        return
    reply = rest_proxy.reply(payload(row), row.get("binary", []), row.get("accept"))
    assert reply.status == expected["status"]
    assert reply.body.decode() == expected.get("body", reply.body.decode())
    if "headers" in expected:
        assert rest_proxy.sent(reply.headers) == [tuple(one) for one in expected["headers"]]


def test_there_are_sixty_and_names_are_their_own() -> None:
    assert len({row["name"] for row in ROWS}) == len(ROWS) >= 60
