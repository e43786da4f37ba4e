import asyncio

import orjson
import pytest

from lambent.gateway import neighbour
from lambent.wire.http import Request

PAGE = neighbour.page(lambda: {"state": "ready"}, lambda: ["s3"])


def test_it_says_what_moto_is_and_forgets_what_it_lost() -> None:
    assert orjson.loads(asyncio.run(PAGE(Request("GET", "/"))).body) == {"state": "ready"}  # type: ignore[arg-type]
    answer = asyncio.run(PAGE(Request("POST", "/", "", {}, b'{"acknowledge": true}')))
    assert orjson.loads(answer.body) == {"acknowledged": ["s3"]}  # type: ignore[arg-type]


@pytest.mark.parametrize(("method", "body", "status"), [("POST", b"", 400), ("POST", b"[]", 400), ("PUT", b"", 405)])
def test_anything_else_is_refused(method: str, body: bytes, status: int) -> None:
    assert asyncio.run(PAGE(Request(method, "/", "", {}, body))).status == status
