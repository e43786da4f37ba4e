"""Endpoints in moto's place, with a small server that speaks TLS."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambent.model.scope import Caller, Scope
from lambent.neighbour.endpoints import Endpoints, Keys
from lambent.neighbour.neighbour import Neighbour
from lambent.server.tls import Authority
from lambent.wire import sigv4
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

CALLER = Caller(Scope("111111111111", "eu-west-1"), "id")
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=111111111111/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x"
)
TABLES = Request(
    "POST",
    "/",
    "",
    {"host": "h", "authorization": SIGNED, "x-amz-target": "DynamoDB_20120810.ListTables", "x-amz-security-token": "t"},
    b"{}",
)


def asked(authority: Authority, trusted: Path | None, keys: Keys | None) -> tuple[Response, bytes]:
    """What the neighbour answers when it asks a server of that authority, and what the server was asked."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def run() -> Response:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.context())
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        neighbour = Neighbour(Endpoints({"default": url}, trusted, keys))
        try:
            await neighbour.start()
            assert neighbour.status()["state"] == "not started"
            return await neighbour.forward(TABLES, CALLER, "dynamodb")
        finally:
            await neighbour.close()
            server.close()

    return asyncio.run(run()), b"".join(seen)


def test_the_default_answers_in_moto_s_place_what_is_signed_with_its_keys(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    response, head = asked(authority, authority.path, Keys("AKIAKEY", "secret"))
    assert response.body == b"ok"
    headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
    given = {**headers, "authorization": lines["Authorization"], "x-amz-date": lines["X-Amz-Date"]}
    given["x-amz-target"] = lines["x-amz-target"]
    verified = sigv4.verify(Request("POST", "/", "", given, b"{}"), {"AKIAKEY": "secret"}.get, datetime.now(UTC))
    assert isinstance(verified, sigv4.Verified)
    assert (verified.credential.region, verified.credential.service) == ("eu-west-1", "dynamodb")
    assert "x-amz-security-token" not in headers


def test_without_keys_a_request_goes_as_it_came(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    _, head = asked(authority, authority.path, None)
    assert SIGNED.encode() in head and b"x-amz-security-token: t" in head.lower()


def test_a_server_that_nobody_vouches_for_is_not_asked(tmp_path: Path) -> None:
    for trusted in (None, Authority(tmp_path / "other").path):
        with pytest.raises(Fault, match=r"endpoint of dynamodb, https://127\.0\.0\.1.*certificate"):
            asked(Authority(tmp_path / "own"), trusted, None)


def tell(
    operation: str, body: dict[str, object], service: str = "stepfunctions", prefix: str = "AWSStepFunctions"
) -> None:
    request = Request("POST", "/", "", {"x-amz-target": f"{prefix}.{operation}"}, json.dumps(body).encode())

    async def run() -> None:
        neighbour = Neighbour({"default": "http://127.0.0.1:1"})
        try:
            await neighbour.forward(request, CALLER, service)
        finally:
            await neighbour.close()

    asyncio.run(run())


def test_what_the_default_would_tell_its_own_functions_is_refused_by_name() -> None:
    machine = {"name": "m", "roleArn": "r", "definition": json.dumps({"States": {"A": {"Resource": FUNCTION}}})}
    with pytest.raises(Fault, match=rf"does not pass stepfunctions:CreateStateMachine on.*own {FUNCTION}") as caught:
        tell("CreateStateMachine", machine)
    assert (caught.value.code, caught.value.status) == ("NotImplementedException", 501)
    with pytest.raises(Fault, match=rf"does not pass cognito-idp:CreateUserPool on.*own {FUNCTION}"):
        pool = {"PoolName": "p", "LambdaConfig": {"PreSignUp": FUNCTION}}
        tell("CreateUserPool", pool, "cognito-idp", "AWSCognitoIdentityProviderService")
    for service, operation, prefix, body in (
        ("dynamodb", "PutItem", "DynamoDB_20120810", {"TableName": "t", "Item": {"k": {"S": FUNCTION}}}),
    ):
        with pytest.raises(Fault, match="did not answer"):
            tell(operation, body, service, prefix)
