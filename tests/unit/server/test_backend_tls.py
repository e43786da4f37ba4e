"""TLS with backends: certificates that clients are shown are checked, and what an API shows is seen."""

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from lambent import outward
from lambent.model.backend_tls import BackendTls
from lambent.server.api_ports import Web
from lambent.server.tls import Authority
from lambent.services.apigateway import certificates


def fetched(folder: Path, tls: BackendTls, asks_for: str = "") -> tuple[int, bytes]:
    """What a server answers that tells whom it sees: the certificate's name. It wants one where `asks_for` (PEM of what
    it trusts) is given. Raises OSError."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        seen = writer.get_extra_info("peercert") or {}
        said = repr(seen.get("subject", "nobody")).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(said), said))
        writer.close()

    async def run() -> tuple[int, bytes]:
        context = Authority(folder / "tls").context()
        if asks_for:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=asks_for)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        web = Web(outward.read([f"127.0.0.1:{port}"]))
        try:
            status, _, body = await web("GET", f"https://127.0.0.1:{port}/", [], b"", 5, tls)
            return status, body
        finally:
            await web.close()
            server.close()

    return asyncio.run(run())


def test_a_servers_certificate_is_checked_unless_nobody_asks(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="certificate verify failed"):
        fetched(tmp_path, BackendTls())
    assert fetched(tmp_path, BackendTls(verified=False))[0] == 200


def test_the_apis_certificate_is_seen(tmp_path: Path) -> None:
    made = certificates.certificate(int(time.time()) - 60)
    pem, key = made["pemEncodedCertificate"], made["key"]
    status, body = fetched(tmp_path, BackendTls(pem, key, verified=False), asks_for=pem)
    assert (status, b"ApiGateway" in body) == (200, True)
    with pytest.raises(OSError):
        fetched(tmp_path, BackendTls(verified=False), asks_for=pem)
