"""Links to deployment packages."""

import asyncio
from urllib.parse import urlsplit

import pytest

from lambent.gateway.codelink import CodeLinks
from lambent.wire.http import Request


async def read(digest: str) -> bytes:
    return digest.encode()


LINKS = CodeLinks("http://localhost", read, lambda: 1_000.0)


def status(query: str) -> int:
    return asyncio.run(LINKS.page(Request("GET", "/_lambent/code/d.zip", query))).status


def test_a_link_works() -> None:
    link = urlsplit(LINKS.url("d"))
    answer = asyncio.run(LINKS.page(Request("GET", link.path, link.query)))
    assert (answer.status, answer.body) == (200, b"d")


@pytest.mark.parametrize(
    "query",
    ["", "expires=1&proof=x", "expires=9999", "expires=9999&proof=%C3%A9", "expires=9999&proof=%ED%B3%BF", "expires=-1",
     f"expires={'9' * 5_000}&proof=x", "expires=%D9%A1%D9%A1%D9%A1%D9%A1%D9%A1&proof=x", "expires=9999&proof=x\xe9"],
)  # fmt: skip
def test_what_is_none_is_refused(query: str) -> None:
    assert status(query) == 403
