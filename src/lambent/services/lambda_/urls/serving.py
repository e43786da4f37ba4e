"""The door of function URLs: a request to `ID.lambda-url.REGION.…` is an invocation, its answer HTTP.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html. Who stops waiting does not stop the function.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable

import orjson

from lambent.http_events import function_url, payload_v2
from lambent.http_events.payload_v2 import Malformed, Reply
from lambent.model import lineage
from lambent.model.credentials import May, Signer, everybody_may
from lambent.model.finding import Finding
from lambent.model.invocation import Invocation, Outcome, RestoreFailed, Throttled
from lambent.model.names import FunctionRef
from lambent.model.scope import Caller
from lambent.services.door_findings import near
from lambent.services.lambda_ import faults
from lambent.services.lambda_.env import LambdaEnv, ResponseStream
from lambent.services.lambda_.invoking import loops
from lambent.services.lambda_.invoking import payload as payloads
from lambent.services.lambda_.invoking.invoke import header_of
from lambent.services.lambda_.lookup import Target, running_at_once, running_version
from lambent.services.lambda_.urls import access
from lambent.services.lambda_.urls.function_url_config import KIND
from lambent.store.resources import Key, Resource
from lambent.wire.fault import Fault
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

log = logging.getLogger(__name__)

SIGNING_NAME = "lambda"
STREAMED = "application/vnd.awslambda.http-integration-response"
"""The Content-Type of a streamed response that begins with a prelude."""
PRELUDE_BYTES = 1 << 20
FAILED = Reply(502, [("Content-Type", "application/json")], b"Internal Server Error")
"""Recorded: what a function's error and an answer that is none are for the caller."""
MALFORMED = "url-answer-malformed"

Fail = Callable[[str, Exception], Response]
SignerOf = Callable[[SiteRequest, str], Signer]
"""Who signed a request for a service; raises Fault."""


def _unknown(_request_id: str, error: Exception) -> Response:
    raise error


class FunctionUrls:
    """All function URLs, by their ids."""

    def __init__(
        self,
        env: LambdaEnv,
        signer_of: SignerOf,
        may: May = everybody_may,
        *,
        strict: bool = False,
        fail: Fail = _unknown,
    ) -> None:
        """`may` asks the policies of who signed; `strict` asks for both permissions of 2025; `fail` makes the answer to
        an error of ours."""
        self._fail = fail
        self._access = access.Access(env, may, strict=strict)
        self._env = env
        self._signer_of = signer_of
        self._keys: dict[str, Key] = {}

    def knows(self, url_id: str, region: str) -> bool:
        """Whether there is a URL of an id."""
        config = self._find(url_id)
        return config is not None and config.scope.region == region

    async def serve(self, request: SiteRequest) -> Response:
        """Answer a request. Never raises what is the caller's fault."""
        config = self._find(request.id)
        if config is None or request.region not in ("", config.scope.region):
            return _refused(request, Fault("AccessDeniedException", None, status=403))
        cors = config.document.get("Cors")
        if cors and function_url.is_preflight(request):
            return Response(200, [*function_url.preflight(cors, request.named), *_id(request)])
        try:
            response = await self._answer(request, config)
        except Fault as fault:
            response = _refused(request, fault)
        if cors:
            response.headers += function_url.told_of(cors, request.named)
        self._count(config, response.status)
        return response

    def take(self, request: SiteRequest, respond: Callable[[Response], None]) -> bool:
        """Answer an ordinary request without a task: to an open URL that everybody may ask, as was found out before,
        buffered and without CORS. False for any other, which `serve` answers."""
        config = self._find(request.id)
        if config is None or request.region != config.scope.region or request.length > len(request.body):
            return False
        said = config.document
        if said["AuthType"] != "NONE" or said.get("Cors") or said.get("InvokeMode") == "RESPONSE_STREAM":
            return False
        ref = FunctionRef(config.scope, config.parent, config.name or None)
        target = running_at_once(self._env, ref)
        if target is None or not self._access.is_open(ref):
            return False
        invocation = self._ordinary(request, config, target)
        if invocation is None:
            return False

        def answer(outcome: Outcome | Exception) -> None:
            response = self._outcome(request, target, invocation, outcome)
            self._count(config, response.status)
            respond(response)

        try:
            self._env.invoker.submit(target.function, invocation, answer)
        except Exception as error:
            answer(error)
        return True

    def _ordinary(self, request: SiteRequest, config: Resource, target: Target) -> Invocation | None:
        """The invocation; None for one that is too large or goes round in circles: who says so is the chain."""
        env = self._env
        given = request.named.get("x-amzn-trace-id")
        trace_id = header_of(env.trace_header, target.function, given, request.request_id)
        given = given and trace_id
        entered = lineage.advance(given, target.function.arn) if given else None
        event = function_url.event(request, _named_domain(request, config), trace_id, env.clock(), None)
        if len(event) > env.limits.sync_request_bytes or (entered and entered.in_all >= lineage.ROUNDS):
            return None
        header = entered.header if entered else lineage.first(trace_id, target.function.arn)
        return Invocation(request.request_id, event, target.arn, header)

    def _outcome(
        self, request: SiteRequest, target: Target, invocation: Invocation, outcome: Outcome | Exception
    ) -> Response:
        match outcome:
            case Outcome():
                return self._answered(target, invocation, outcome)
            case Throttled() | RestoreFailed():
                return _refused(request, faults.not_run(outcome))
        return self._fail(request.request_id, outcome)

    def _find(self, url_id: str) -> Resource | None:
        key = self._keys.get(url_id)
        found = self._env.resources.get(*key) if key is not None else None
        if found is not None and found.document["UrlId"] == url_id:
            return found
        self._keys = {one.document["UrlId"]: one.key for one in self._env.resources if one.kind == KIND}
        key = self._keys.get(url_id)
        return self._env.resources.get(*key) if key is not None else None

    def _count(self, config: Resource, status: int) -> None:
        self._env.count("UrlRequestCount", config.scope, config.parent)
        if status >= 400:
            self._env.count(f"Url{status // 100}xxCount", config.scope, config.parent)

    async def _answer(self, request: SiteRequest, config: Resource) -> Response:
        """Raises Fault."""
        env, ref = self._env, FunctionRef(config.scope, config.parent, config.name or None)
        if request.length > len(request.body):
            raise _too_large(env)
        iam = await self._allowed(request, config, ref)
        target = running_at_once(env, ref) or _running(env, ref, request.request_id)
        trace_id = header_of(
            env.trace_header, target.function, request.named.get("x-amzn-trace-id"), request.request_id
        )
        event = function_url.event(request, _named_domain(request, config), trace_id, env.clock(), iam)
        payloads.check_size(event, "RequestResponse", env.limits.sync_request_bytes, env.limits.async_request_bytes)
        invocation = Invocation(request.request_id, event, target.arn, trace_id)
        invocation = invocation._replace(trace_id=loops.enter(env, target, trace_id, request.request_id))
        try:
            if config.document.get("InvokeMode") == "RESPONSE_STREAM":
                return await self._streamed(target, invocation)
            return await self._buffered(target, invocation)
        except (Throttled, RestoreFailed) as refused:
            raise faults.not_run(refused) from refused

    async def _allowed(self, request: SiteRequest, config: Resource, ref: FunctionRef) -> function_url.Iam | None:
        """The signed caller where one is needed. Raises Fault (403)."""
        auth_type = config.document["AuthType"]
        if auth_type == "NONE":
            self._access.check(ref, auth_type, None)
            return None
        signer = self._signed(request)
        if signer.region != config.scope.region:
            text = f"Credential should be scoped to a valid region, not '{signer.region}'. "
            raise Fault("InvalidSignatureException", text, status=403)
        self._access.check(ref, auth_type, signer)
        await self._access.check_signer(ref, auth_type, signer)
        return function_url.Iam(signer.access_key, signer.account, signer.arn, signer.user_id)

    def _signed(self, request: SiteRequest) -> Signer:
        try:
            return self._signer_of(request, SIGNING_NAME)
        except Fault as fault:
            if fault.code == "MissingAuthenticationTokenException":
                raise access.forbidden() from fault
            raise

    async def _buffered(self, target: Target, invocation: Invocation) -> Response:
        return self._answered(target, invocation, await self._env.invoker.invoke(target.function, invocation))

    def _answered(self, target: Target, invocation: Invocation, outcome: Outcome) -> Response:
        if outcome.error is not None:
            return _response(FAILED, invocation)
        limits = self._env.limits
        self._notice(target, "An event from its URL", len(invocation.payload), limits.sync_request_bytes)
        self._notice(target, "An answer to its URL", len(outcome.payload), limits.sync_response_bytes)
        return _response(self._reply(target, outcome.payload), invocation)

    def _notice(self, target: Target, what: str, size: int, limit: int) -> None:
        found = near(target.function.arn, what, size, limit)
        if found is not None:
            self._env.report(found)

    def _reply(self, target: Target, payload: bytes) -> Reply:
        try:
            return payload_v2.reply(payload)
        except Malformed as error:
            self._report(target, str(error))
            return FAILED

    async def _streamed(self, target: Target, invocation: Invocation) -> Response:
        """The response while it is written: comes back with its first part."""
        stream = self._env.invoker.stream(target.function, invocation)
        parts = aiter(stream)
        try:
            first = await anext(parts, b"")
            if not first and stream.outcome.error is not None:
                return _response(FAILED, invocation)
            if not stream.content_type:  # it is not streamed: there is one part
                return _response(self._reply(target, first), invocation)
            status, headers = 200, [("Content-Type", stream.content_type)]
            if stream.content_type.startswith(STREAMED):
                status, headers, first = await _prelude(first, parts)
        except Malformed as error:
            stream.abandon()
            self._report(target, str(error))
            return _response(FAILED, invocation)
        except BaseException:
            stream.abandon()
            raise
        return Response(status, headers + _ids(invocation), _body(stream, first, parts))

    def _report(self, target: Target, why: str) -> None:
        text = f"An answer of the function became 502 (Internal Server Error) at its URL: {why}."
        self._env.report(Finding(MALFORMED, target.function.arn, text))


async def _prelude(first: bytes, parts: AsyncIterator[bytes]) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and the beginning of the body. Raises Malformed."""
    gathered = first
    while (end := gathered.find(payload_v2.PRELUDE_END)) < 0 and len(gathered) < PRELUDE_BYTES:
        part = await anext(parts, b"")
        if not part:
            break
        gathered += part
    if end < 0:
        raise Malformed("the stream's prelude does not end with eight NUL bytes")
    return *payload_v2.prelude(gathered[:end]), gathered[end + len(payload_v2.PRELUDE_END) :]


async def _body(stream: ResponseStream, first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The parts as they come. A function that fails half-way ends the connection, not the answer."""
    try:
        if first:
            yield first
        async for part in parts:
            yield part
        if stream.outcome.error is not None:
            raise ConnectionAbortedError("the function failed while it answered")
    finally:
        stream.abandon()


def _running(env: LambdaEnv, ref: FunctionRef, request_id: str) -> Target:
    """For a function that is not there any more what AWS answers for one that is not allowed. Raises Fault."""
    try:
        return running_version(env, Caller(ref.scope, request_id), ref.name, ref.qualifier)
    except Fault as fault:
        if fault.code == "ResourceNotFoundException":
            raise access.forbidden() from fault
        raise


def _named_domain(request: SiteRequest, config: Resource) -> str:
    """The host name that was asked, or would have been."""
    return _domain(config) if request.base else request.host.rpartition(":")[0] or request.host


def _domain(config: Resource) -> str:
    return f"{config.document['UrlId']}.lambda-url.{config.scope.region}.on.aws"


def _too_large(env: LambdaEnv) -> Fault:
    text = f"Request must be smaller than {env.limits.sync_request_bytes} bytes for the InvokeFunction operation"
    return Fault("RequestTooLargeException", text, status=413)


def _ids(invocation: Invocation) -> list[tuple[str, str]]:
    return [("x-amzn-RequestId", invocation.request_id), ("X-Amzn-Trace-Id", invocation.trace_id)]


def _id(request: SiteRequest) -> list[tuple[str, str]]:
    return [("x-amzn-RequestId", request.request_id)]


def _response(reply: Reply, invocation: Invocation) -> Response:
    return Response(reply.status, reply.headers + _ids(invocation), reply.body)


def _refused(request: SiteRequest, fault: Fault) -> Response:
    """The form is recorded."""
    headers = [("Content-Type", "application/json"), *_id(request), ("x-amzn-ErrorType", fault.code)]
    with contextlib.suppress(KeyError):
        headers.append(("Retry-After", fault.members["retryAfterSeconds"]))
    return Response(fault.status or 400, headers, orjson.dumps({"Message": fault.message}))
