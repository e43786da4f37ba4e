"""A control plane in this process where nothing happens by itself: what is under way stays so until it is settled.

boto3 and the gateway are the real ones, only the socket between them is left out.
"""

import asyncio
import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from lambent.gateway.chain import Gateway, account_of
from lambent.gateway.exchange import Here
from lambent.model.scope import Caller
from lambent.services.lambda_.operations import OPERATIONS
from lambent.store.open import open_store
from lambent.wire.http import Request, Response
from tests.recorded.replaying import Endpoint
from tests.unit.services_lambda.plane import Plane


class Held:
    """Owns the event loop, the store and the plane."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._store = self._runner.run(open_store(folder))
        self.plane = Plane(self._store)
        self.plane.env = replace(self.plane.env, resolve_image=_digest_of)
        self._gateway = Gateway(
            here={"lambda": Here(OPERATIONS, self.plane.env)},
            pages={},
            forward=_nowhere,
            account_of=account_of,
            trace_of=lambda _access_key: None,
            new_id=self.plane.env.new_id,
        )

    def endpoint(self, account: str) -> Endpoint:
        """The plane, as one account."""
        return Endpoint("http://127.0.0.1", account, self._settle, self._connect)

    def close(self) -> None:
        """Drop what is still under way."""
        for coroutine in self.plane.spawned:
            coroutine.close()
        self._runner.run(self._store.close())
        self._runner.close()

    def _settle(self, _endpoint: Endpoint, _name: str, _qualifier: str | None) -> None:
        self._runner.run(self.plane.settle())

    def _connect(self, client: Any) -> None:
        client.meta.events.register("before-send", self._send)

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        body = request.body or b""
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        sent = Request(
            request.method, url.path, url.query, headers, body.encode() if isinstance(body, str) else bytes(body)
        )
        answer = self._runner.run(self._gateway(sent))
        assert isinstance(answer.body, bytes)
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer.body))


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


async def _digest_of(_caller: Caller, uri: str) -> str:
    """Every image is there."""
    return hashlib.sha256(uri.encode()).hexdigest()


async def _nowhere(request: Request, caller: Caller, service: str) -> Response:
    raise AssertionError(f"{service} is not here")
