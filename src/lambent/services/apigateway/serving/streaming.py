"""Lambda proxy integrations that stream: status and headers first, then the body's parts as the function writes them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html: a JSON object with
statusCode, headers, multiValueHeaders and cookies, eight NUL bytes, the body. What the function does not stream is read
as any proxy's answer.
"""

import asyncio
from collections.abc import AsyncIterator

from lambent.http_events import rest_proxy
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_proxy import Malformed, Reply
from lambent.model.door import Call, Door, NotPermitted
from lambent.model.invocation import RestoreFailed, Throttled
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.ports import Ports, ResponseStream
from lambent.services.waiting import within
from lambent.wire.fault import Fault

END = b"\0" * 8
PRELUDE_BYTES = 1 << 20


async def stream(ports: Ports, exchange: Exchange, door: Door, call: Call, seconds: float) -> Reply:
    """The answer with its first part there. Raises Refusal, Malformed, TimeoutError."""
    try:
        await ports.functions.admit(door, call)
        written = ports.functions.stream(door, call)
    except NotPermitted as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"Invalid permissions on Lambda function: {error}") from error
    except (Throttled, RestoreFailed, Fault) as error:
        raise Refusal("API_CONFIGURATION_ERROR", why=f"the function was not run: {error}") from error
    began = ports.clock.monotonic()
    parts = aiter(written)
    try:
        gathered, whole = await within(ports.clock, seconds, _prelude(parts))
        if whole and written.outcome.error is not None:
            said = written.outcome.payload.decode("utf-8", "replace")
            raise Refusal("DEFAULT_5XX", why=f"Lambda execution failed: {said}")
        if whole and END not in gathered:
            return rest_proxy.reply(gathered, exchange.deployed.binary_types, exchange.request.header("accept"))
        head, _, first = gathered.partition(END)
        status, headers = rest_proxy.prelude(head)
    except BaseException:
        written.abandon()
        raise
    left = seconds - (ports.clock.monotonic() - began)
    return Reply(status, headers, b"", _body(ports, written, first, parts, left))


async def _prelude(parts: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """What comes until the prelude has ended, and whether that is all. Raises Malformed."""
    gathered = b""
    async for part in parts:
        gathered += part
        if END in gathered:
            return gathered, False
        if len(gathered) > PRELUDE_BYTES:
            raise Malformed("the stream's prelude does not end with eight NUL bytes")
    return gathered, True


async def _body(
    ports: Ports, written: ResponseStream, first: bytes, parts: AsyncIterator[bytes], seconds: float
) -> AsyncIterator[bytes]:
    """The parts as they come. A function that fails, or takes longer than the integration may, ends the connection."""
    deadline = asyncio.Event()
    timer = ports.clock.call_at(ports.clock.monotonic() + seconds, deadline.set)
    try:
        if first:
            yield first
        async for part in _until(parts, deadline):
            yield part
        if written.outcome.error is not None:
            raise ConnectionAbortedError("the function failed while it answered")
    finally:
        timer.cancel()
        written.abandon()


async def _until(parts: AsyncIterator[bytes], deadline: asyncio.Event) -> AsyncIterator[bytes]:
    """The parts until the deadline. Raises ConnectionAbortedError."""
    late = asyncio.ensure_future(deadline.wait())
    try:
        while True:
            following = asyncio.ensure_future(anext(parts, b""))
            await asyncio.wait((following, late), return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                following.cancel()
                raise ConnectionAbortedError("the integration's time is over")
            part = following.result()
            if not part:
                return
            yield part
    finally:
        late.cancel()
