"""HTTPS: certificates for own names, made by an authority that is good for nothing else."""

import asyncio
import socket
import ssl
import stat
from pathlib import Path

import pytest

from lambent.gateway.listener import Listener, Respond
from lambent.server.tls import Authority, Inside
from lambent.wire.http import Request, Response


async def chain(request: Request) -> Response:
    assert request.client is not None
    return Response(200, [], request.client.scheme.encode())


def never(_request: Request, _respond: Respond) -> bool:
    return False


def fetched(authority: Authority, trusts: Path, name: str) -> bytes:
    async def run() -> bytes:
        listener = Listener(chain, never)
        door = socket.create_server(("127.0.0.1", 0))
        await listener.serve(door, tls=authority.context())
        trusting = ssl.create_default_context(cafile=trusts)
        try:
            reader, writer = await asyncio.open_connection(*door.getsockname(), ssl=trusting, server_hostname=name)
            writer.write(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            said = await reader.read()
            writer.close()
            return said
        finally:
            await listener.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "u1.lambda-url.us-east-1.localhost", "lambent.internal"])
def test_own_names_have_certificates(tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path / "tls", ["lambent.internal"])
    assert fetched(authority, authority.path, name).endswith(b"https")


def test_no_other_name_has_one(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    for name in ("lambda.us-east-1.amazonaws.com", "lambent.internal"):
        with pytest.raises(ssl.SSLCertVerificationError):
            fetched(authority, authority.path, name)


def test_environments_trust_one_for_awss_names_too_whose_key_lies_nowhere(tmp_path: Path) -> None:
    inside = Inside(tmp_path / "tls", ["lambent.internal"])
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(inside.pem)
    names = (
        "a1.execute-api.us-east-1.amazonaws.com",
        "u1.lambda-url.us-east-1.on.aws",
        "localhost",
        "lambent.internal",
    )
    assert all(fetched(inside, trusted, name).endswith(b"https") for name in names)
    with pytest.raises(ssl.SSLCertVerificationError):
        fetched(inside, trusted, "example.com")
    assert list((tmp_path / "tls").iterdir()) == []


def test_the_authority_stays_and_its_key_is_the_users_own(tmp_path: Path) -> None:
    first = Authority(tmp_path / "tls")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(first.path.read_bytes())
    assert fetched(Authority(tmp_path / "tls"), trusted, "localhost").endswith(b"https")
    assert stat.S_IMODE((tmp_path / "tls" / "ca.key").stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == ["ca.key", "ca.pem"]


def test_a_broken_authority_is_named(tmp_path: Path) -> None:
    Authority(tmp_path / "tls")
    (tmp_path / "tls" / "ca.pem").write_text("no")
    with pytest.raises(ValueError, match="PEM"):
        Authority(tmp_path / "tls")
