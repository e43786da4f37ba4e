"""What answers in moto's place is anybody's: what it says has a bound, and nothing of a request stands in the log."""

import asyncio

import pytest

from lambent.neighbour.neighbour import Neighbour
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=secret"
HEADERS = {"authorization": SIGNED, "x-amz-security-token": "secret", "x-amz-target": "AmazonSSM.GetParameter"}


def asked(answer: bytes) -> Response:
    """What comes of a request for a service at an endpoint that answers so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def run() -> Response:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            neighbour = Neighbour({"default": f"http://127.0.0.1:{port}"}, most=1_000)
            try:
                return await neighbour.forward(Request("POST", "/", "", HEADERS, b""), None, "ssm")
            finally:
                await neighbour.close()

    return asyncio.run(run())


def test_an_answer_without_end_is_given_up() -> None:
    assert asked(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000).body == b"x" * 1_000
    with pytest.raises(Fault, match="that are held") as refused:
        asked(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_001)
    assert refused.value.status == 503


def test_no_signature_and_no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Fault) as refused:
        asked(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n")
    assert "did not answer" in str(refused.value)
    assert "failed" in caplog.text
    assert "secret" not in caplog.text + str(refused.value)
