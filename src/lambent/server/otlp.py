"""Spans of OpenTelemetry over HTTP: in at /v1/traces, as any collector takes them, and out to one that the user names.

What comes in becomes segments, which are put as any client of X-Ray puts them: whose they are, and whether they may,
is found out there. Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp.
"""

import asyncio
import functools
import gzip
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from lambent import outward
from lambent.engine.traces import otlp
from lambent.engine.traces.documents import Document, part
from lambent.engine.traces.otlp import Malformed
from lambent.gateway.chain import Page
from lambent.model.delivery import DeliveryFailed
from lambent.model.finding import Finding
from lambent.model.scope import DEFAULT_ACCOUNT, DEFAULT_REGION, REGION, Scope
from lambent.neighbour import web
from lambent.neighbour.outbox import signed_as
from lambent.observe import otlp as protobufs
from lambent.server.base import Base, Doors
from lambent.wire import locate
from lambent.wire.compressed import MOST_BYTES, unpacked
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

JSON, PROTOBUF = "application/json", "application/x-protobuf"
AT_ONCE = 200
"""Documents of one PutTraceSegments."""
HELD = 20_000
"""Documents that wait for a collector."""
SENT_AT_ONCE = 500
SEND_SECONDS = 1.0
TRIES = 5


def page(doors: Doors) -> Page:
    """Takes spans."""

    async def answer(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, PROTOBUF):
            return Response(415, [("Content-Type", "text/plain")], f"{JSON} or {PROTOBUF} is needed\n".encode())
        try:
            said, documents = await asyncio.to_thread(_read, request, kind)
        except Malformed as error:
            return Response(400, [("Content-Type", JSON)], orjson.dumps({"code": 3, "message": str(error)}))
        authorization = _authorization(request, said)
        rejected, message = 0, ""
        for at in range(0, len(documents), AT_ONCE):
            put = await _put(doors, request, authorization, documents[at : at + AT_ONCE])
            if isinstance(put, Response):
                return put
            rejected, message = rejected + len(put), message or (put[0]["Message"] if put else "")
        return _taken(kind, rejected, message)

    return answer


async def refuse(request: Request) -> Response:
    """Metrics, logs and profiles: said by name, so that no exporter goes on in silence (12 is UNIMPLEMENTED)."""
    signal = request.path.rpartition("/")[2]
    text = f"Lambent takes OpenTelemetry's spans at /v1/traces and does not take its {signal} yet"
    return Response(501, [("Content-Type", JSON)], orjson.dumps({"code": 12, "message": f"{text}."}))


def _read(request: Request, kind: str) -> tuple[dict[str, Any], list[Document]]:
    said = _said(request, kind)
    return said, list(otlp.documents_of(said))


def _said(request: Request, kind: str) -> dict[str, Any]:
    body = request.body
    if request.headers.get("content-encoding", "").strip().lower() == "gzip":
        try:
            body = unpacked(body)
        except (ValueError, OverflowError) as error:
            raise Malformed(str(error)) from error
    if len(body) > MOST_BYTES:
        raise Malformed(f"it has more than {MOST_BYTES} bytes")
    if kind == PROTOBUF:
        return protobufs.read(body)
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(str(error)) from error
    if not isinstance(said, dict):
        raise Malformed("it is no JSON object")
    return said


def _authorization(request: Request, said: dict[str, Any]) -> str:
    """Whose the spans are: from inside an environment the environment's, else who signed says it."""
    credential = locate.credential_of(request)
    region = credential.region if credential is not None and credential.region else _region(said)
    key = request.inside or (credential.access_key if credential is not None else None)
    return signed_as(Scope(DEFAULT_ACCOUNT, region), "xray", key)


def _region(said: dict[str, Any]) -> str:
    for resource in said.get("resourceSpans") or ():
        for one in part(resource, "resource", "attributes") or ():
            text = part(one, "value", "stringValue")
            if part(one, "key") == "cloud.region" and isinstance(text, str) and REGION.fullmatch(text):
                return text
    return DEFAULT_REGION


async def _put(
    doors: Doors, request: Request, authorization: str, documents: Sequence[Document]
) -> list[dict[str, Any]] | Response:
    """What was not taken; or the refusal of all."""
    headers = {"host": "127.0.0.1", "authorization": authorization, "content-type": JSON}
    body = orjson.dumps({"TraceSegmentDocuments": [orjson.dumps(one).decode() for one in documents]})
    response = await doors.gateway(Request("POST", "/TraceSegments", "", headers, body, inside=request.inside))
    if response.status >= 300:
        return response
    assert isinstance(response.body, bytes)
    told: list[dict[str, Any]] = orjson.loads(response.body).get("UnprocessedTraceSegments", [])
    return told


def _taken(kind: str, rejected: int, message: str) -> Response:
    if kind == PROTOBUF:
        return Response(200, [("Content-Type", kind)], protobufs.answer(rejected, message))
    partly = {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": message}} if rejected else {}
    return Response(200, [("Content-Type", kind)], orjson.dumps(partly))


class Exporter:
    """Sends every segment that is taken to a collector of OTLP (protobuf). What it does not take after some tries is
    dropped, and reported once."""

    def __init__(self, base: Base, url: str, report: Callable[[Finding], None]) -> None:
        self._url = url
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Document] = deque(maxlen=HELD)
        self._filled = asyncio.Event()
        self._task = base.background.spawn(self._run())
        # The user named the place: it may be on this machine or near it.
        self._reach = outward.read(("0.0.0.0/0", "::/0"))
        base.traces.copies.append(self._copy)

    def close(self) -> None:
        """No more is sent."""
        self._task.cancel()

    def _copy(self, _scope: Scope, documents: Sequence[Document]) -> None:
        """In the store's thread."""
        self._waiting.extend(documents)
        self._loop.call_soon_threadsafe(self._filled.set)

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            await asyncio.sleep(SEND_SECONDS)
            while self._waiting:
                count = min(SENT_AT_ONCE, len(self._waiting))
                await self._send([self._waiting.popleft() for _ in range(count)])

    async def _send(self, documents: list[Document]) -> None:
        make = functools.partial(_packed, documents)
        body = await asyncio.to_thread(make)
        headers = {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}
        for attempt in range(TRIES):
            try:
                await web.post(self._reach, self._url, headers, body)
                return
            except DeliveryFailed as failed:
                if not failed.passing or attempt == TRIES - 1:
                    text = f"Traces are not taken by otlp_traces = {self._url}: {failed}. Those were dropped."
                    self._report(Finding("traces-not-exported", self._url, text))
                    return
            await asyncio.sleep(2**attempt)


def _packed(documents: list[Document]) -> bytes:
    return gzip.compress(protobufs.written(otlp.request_of(documents)), 1)
