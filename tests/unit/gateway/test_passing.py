"""What functions say to services is counted, whatever comes of it."""

import asyncio
from collections.abc import AsyncIterator
from tempfile import TemporaryFile

import pytest

from lambent.gateway.passing import Passing
from lambent.model.credentials import Held
from lambent.wire.http import Request, Response

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=ASIA1/20261130/us-east-1/sqs/aws4_request, SignedHeaders=host"}


async def parts() -> AsyncIterator[bytes]:
    yield b"12345"
    yield b"678"


def counted(request: Request, response: Response, held: Held | None) -> tuple[list[tuple[str, str, int]], bytes]:
    told: list[tuple[str, str, int]] = []

    async def chain(_request: Request) -> Response:
        return response

    async def go() -> bytes:
        passing = Passing(chain, lambda _key: held, lambda *said: told.append(said))
        body = (await passing(request)).body
        return body if isinstance(body, bytes) else b"".join([part async for part in body])

    return told, asyncio.run(go())


OWN = Held("s", "111111111111", function=ARN)


def test_both_directions_count_by_function_and_service() -> None:
    request = Request("POST", "/", headers=SIGNED, body=b"abc", inside="ASIA1")
    assert counted(request, Response(400, [], b"12345"), OWN) == ([(ARN, "sqs", 8)], b"12345")
    assert counted(request, Response(200, [], parts()), OWN) == ([(ARN, "sqs", 11)], b"12345678")


def test_a_body_in_a_file_counts() -> None:
    with TemporaryFile() as file:
        file.write(b"x" * 100)
        file.flush()
        request = Request("PUT", "/b/k", headers=SIGNED, file=file, inside="ASIA1")
        assert counted(request, Response(200), OWN)[0] == [(ARN, "sqs", 100)]


OTHERS = [("", OWN, SIGNED), ("ASIA1", None, SIGNED), ("ASIA1", Held("s", "1"), SIGNED), ("ASIA1", OWN, {})]


@pytest.mark.parametrize(("inside", "held", "headers"), OTHERS)
def test_nobody_else_counts(inside: str, held: Held | None, headers: dict[str, str]) -> None:
    request = Request("POST", "/", headers=headers, body=b"abc", inside=inside)
    assert counted(request, Response(200, [], b"1"), held) == ([], b"1")
