"""What the engine asks is a request like any other, and its answer may come in parts."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lambent.deploy import endpoint
from lambent.deploy.endpoint import Endpoint
from lambent.deploy.sources import Source, template_text
from lambent.model.acting import Acting
from lambent.model.scope import Scope
from lambent.wire.http import Request, Response

TEMPLATE = '{"Resources": {}}' + " " * 40_000
"""More than the store keeps in one piece."""


def fetched(parts: list[bytes], closed: list[bool]) -> str:
    async def body() -> AsyncIterator[bytes]:
        try:
            for part in parts:
                yield part
        finally:
            closed.append(True)

    async def send(request: Request) -> Response:
        assert (request.method, request.path) == ("GET", "/bucket/app.json")
        return Response(200, [], body())

    ask = Endpoint(send, lambda _scope, _name: "signed", Acting("cloudformation.amazonaws.com", "000000000000"))
    return asyncio.run(template_text(ask, Scope(), Source(url="https://s3.amazonaws.com/bucket/app.json"), None))


def test_a_template_that_comes_in_parts_is_read_whole() -> None:
    closed: list[bool] = []
    assert fetched([TEMPLATE[:100].encode(), TEMPLATE[100:].encode()], closed) == TEMPLATE
    assert closed


def test_an_object_that_is_no_text_is_read_as_bytes() -> None:
    async def send(_request: Request) -> Response:
        return Response(200, [("etag", "E1")], b"PK\x9d")

    ask = Endpoint(send, lambda _scope, _name: "signed", Acting("cloudformation.amazonaws.com", "000000000000"))
    said = asyncio.run(ask(Scope(), "s3", "GetObject", {"Bucket": "b", "Key": "k"}))
    assert (said["ETag"], said["Body"]) == ("E1", b"PK\x9d")
    assert fetched([b"{\x9d}"], []) == "{\ufffd}"


def test_an_object_of_any_size_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(endpoint, "MOST_BYTES", 10)
    assert fetched([b"{" * 8, b"}" * 8, b"never"], closed) == "{" * 8 + "}" * 8
    assert closed


def test_what_an_answer_says_in_headers_is_read() -> None:
    async def send(_request: Request) -> Response:
        return Response(200, [("etag", "E1")], b"<DistributionConfig><Comment>c</Comment></DistributionConfig>")

    ask = Endpoint(send, lambda _scope, _name: "signed", Acting("cloudformation.amazonaws.com", "000000000000"))
    said = asyncio.run(ask(Scope(), "cloudfront", "GetDistributionConfig", {"Id": "D"}))
    assert (said["ETag"], said["DistributionConfig"]["Comment"]) == ("E1", "c")
