"""Function URLs: from a request to an answer, with an invoker that is not there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from plane import Plane
from settings_answers import function

from lambent.model.credentials import Signer
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.services.lambda_.urls.serving import FunctionUrls
from lambent.wire.fault import Fault
from lambent.wire.http import Response
from lambent.wire.site import SiteRequest

ANSWER = b'{"statusCode":201,"body":"b"}'
NULS = b"\0" * 8


@dataclass
class Stream:
    parts: list[bytes]
    content_type: str = ""
    outcome: Outcome = field(default_factory=lambda: Outcome(b""))
    abandoned: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part

    def abandon(self) -> None:
        self.abandoned = True


@dataclass
class Invoker:
    """Answers `outcome`, or raises it; streams `given`."""

    outcome: Outcome | Exception = field(default_factory=lambda: Outcome(ANSWER))
    given: Stream | None = None
    asked: list[Invocation] = field(default_factory=list)

    async def invoke(self, _function: FunctionVersion, invocation: Invocation) -> Outcome:
        self.asked.append(invocation)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def submit(self, _function: FunctionVersion, invocation: Invocation, answer: Any) -> None:
        self.asked.append(invocation)
        if isinstance(self.outcome, Throttled):
            raise self.outcome
        answer(self.outcome)

    def stream(self, _function: FunctionVersion, invocation: Invocation) -> Any:
        self.asked.append(invocation)
        return self.given


def signer_of(request: SiteRequest, service: str) -> Signer:
    """Who is named in Authorization."""
    assert service == "lambda"
    said = request.named.get("authorization")
    if said is None:
        raise Fault("MissingAuthenticationTokenException", "", status=403)
    if said == "wrong":
        raise Fault("InvalidSignatureException", "no", status=403)
    account, _, region = said.partition("/")
    return Signer("AKIA", account, "", region or "us-east-1")


def failed(request_id: str, error: Exception) -> Response:
    return Response(500, [], f"{request_id} {error}".encode())


URL, INVOKE = "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"


class Site:
    """One function with a URL."""

    def __init__(self, plane: Plane, strict: bool = False, allowed: tuple[str, ...] = (URL, INVOKE)) -> None:
        self.plane, self.invoker = plane, Invoker()
        env = replace(plane.env, invoker=self.invoker, clock=lambda: 1_700_000_000.0)
        self.allowed = allowed
        self.door = FunctionUrls(env, signer_of, self._may, strict=strict, fail=failed)
        self.id = ""

    async def _may(self, _signer: Signer, action: str, arn: str, policy: Any, keys: Any) -> bool:
        assert arn.endswith(":function:f") and keys["lambda:functionurlauthtype"] == "AWS_IAM"
        return action in self.allowed

    async def open(self, permit: tuple[str, ...] = ("lambda:InvokeFunctionUrl",), **settings: Any) -> None:
        await function(self.plane)
        made = await self.plane.call("CreateFunctionUrlConfig", FunctionName="f", **{"AuthType": "NONE", **settings})
        self.id = made["FunctionUrl"].split("/")[2].split(".")[0]
        for action in permit:
            await self.permit(action)

    async def permit(self, action: str, principal: str = "*", auth_type: str = "NONE") -> None:
        url = {"FunctionUrlAuthType": auth_type} if action.endswith("Url") else {"InvokedViaFunctionUrl": True}
        statement = {"FunctionName": "f", "StatementId": action.split(":")[1] + principal.strip("*")}
        await self.plane.call("AddPermission", **statement, Action=action, Principal=principal, **url)

    async def ask(self, method: str = "GET", body: bytes = b"", region: str = "us-east-1", **headers: str) -> Response:
        return await self.door.serve(self.request(method, body, region, **headers))

    def request(self, method: str = "GET", body: bytes = b"", region: str = "us-east-1", **headers: str) -> SiteRequest:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = SiteRequest(
            "lambda-url", self.id, region, method, "/", "", list(named.items()), body, "h", "00000000-0000-1", len(body)
        )
        request.named = named
        return request

    def at_once(self, **asked: Any) -> Response | None:
        """What is answered without a task; None for what is not."""
        got: list[Response] = []
        taken = self.door.take(self.request(**asked), got.append)
        assert len(got) == int(taken)
        return got[0] if got else None


def error_of(response: Response) -> str:
    return dict(response.headers).get("x-amzn-ErrorType", "")


def test_an_answer(stage) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open()
        response = await site.ask("POST", b"{}", content_type="application/json")
        assert (response.status, response.body) == (201, b"b")
        assert dict(response.headers)["x-amzn-RequestId"] == "00000000-0000-1"
        event = orjson.loads(site.invoker.asked[0].payload)
        assert (event["body"], event["requestContext"]["apiId"]) == ("{}", site.id)
        site.invoker.outcome = Outcome(b"{}", "Unhandled")
        response = await site.ask()
        assert (response.status, response.body) == (502, b"Internal Server Error")
        site.invoker.outcome = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        response = await site.ask()
        assert (response.status, error_of(response)) == (429, "TooManyRequestsException")
        site.invoker.outcome = Outcome(b"no json")
        assert (await site.ask()).status == 502
        assert "url-answer-malformed" in {one.code for one in plane.findings}

    stage(scene)


def test_nothing_but_the_functions_timeout_ends_the_wait(stage) -> None:
    """Up to 15 minutes, where other doors cut at 29 or 30 seconds: the door has no clock to go by."""

    async def scene(plane: Plane) -> None:
        site, done = Site(plane), asyncio.Event()
        await site.open()
        ready = site.invoker.invoke

        async def slow(function: FunctionVersion, invocation: Invocation) -> Outcome:
            await done.wait()
            return await ready(function, invocation)

        site.invoker.invoke = slow  # type: ignore[method-assign]
        longest = await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=900)
        assert longest["Timeout"] == 900
        asking = asyncio.ensure_future(site.ask())
        for _ in range(100):
            await asyncio.sleep(0)
        assert not asking.done()
        done.set()
        assert (await asking).status == 201

    stage(scene)


def test_what_is_not_there(stage) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open()
        assert (await site.ask(region="eu-west-1")).body == b'{"Message":null}'
        assert (await site.ask(region="")).status == 201
        await plane.call("DeleteFunctionUrlConfig", FunctionName="f")
        assert (await site.ask()).body == b'{"Message":null}'
        site.id = "unknown"
        assert (await site.ask()).status == 403

    stage(scene)


def test_who_may_ask_an_open_url(stage) -> None:
    async def scene(plane: Plane) -> None:
        site, strict = Site(plane), Site(plane, strict=True)
        await site.open(permit=())
        strict.id = site.id
        response = await site.ask()
        assert (response.status, error_of(response)) == (403, "AccessDeniedException")
        await site.permit("lambda:InvokeFunctionUrl", auth_type="AWS_IAM")
        assert (await site.ask()).status == 403
        await plane.call("RemovePermission", FunctionName="f", StatementId="InvokeFunctionUrl")
        await site.permit("lambda:InvokeFunctionUrl")
        assert [(await one.ask()).status for one in (site, strict)] == [201, 403]
        assert "lambda:InvokeFunction" in plane.findings[-1].hint
        await site.permit("lambda:InvokeFunction")
        assert [(await one.ask()).status for one in (site, strict)] == [201, 201]
        assert "url-permission" not in {one.code for one in plane.findings}
        await plane.call("RemovePermission", FunctionName="f", StatementId="InvokeFunctionUrl")
        assert [(await one.ask()).status for one in (site, strict)] == [403, 403]

    stage(scene)


@pytest.mark.parametrize(
    ("authorization", "status", "error"),
    [
        (None, 403, "AccessDeniedException"),
        ("wrong", 403, "InvalidSignatureException"),
        ("111111111111", 201, ""),
        ("111111111111/eu-west-1", 403, "InvalidSignatureException"),
        ("222222222222", 403, "AccessDeniedException"),
        ("333333333333", 201, ""),
    ],
)
def test_who_may_ask_a_signed_url(stage, authorization: str | None, status: int, error: str) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open(permit=(), AuthType="AWS_IAM")
        await site.permit("lambda:InvokeFunctionUrl", "333333333333", "AWS_IAM")
        response = await site.ask(**({"authorization": authorization} if authorization else {}))
        assert (response.status, error_of(response)) == (status, error)

    stage(scene)


@pytest.mark.parametrize(
    ("strict", "allowed", "status"),
    [(False, (), 403), (False, (INVOKE,), 403), (False, (URL,), 201), (True, (URL,), 403), (True, (URL, INVOKE), 201)],
)
def test_who_signed_may_what_policies_allow(stage, strict: bool, allowed: tuple[str, ...], status: int) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane, strict, allowed)
        await site.open(permit=(), AuthType="AWS_IAM")
        assert (await site.ask(authorization="111111111111")).status == status

    stage(scene)


def test_a_preflight_needs_no_signature_and_no_function(stage) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        cors = {"AllowOrigins": ["http://a.test"], "AllowMethods": ["POST"]}
        await site.open(permit=(), AuthType="AWS_IAM", Cors=cors)
        asked = {"origin": "http://a.test", "access_control_request_method": "POST"}
        response = await site.ask("OPTIONS", **asked)
        assert (response.status, dict(response.headers)["Access-Control-Allow-Methods"]) == (200, "POST")
        assert site.invoker.asked == []
        response = await site.ask("POST", origin="http://a.test")  # a page is told why it is refused
        assert (response.status, dict(response.headers)["Access-Control-Allow-Origin"]) == (403, "http://a.test")

    stage(scene)


async def whole(response: Response) -> bytes:
    assert not isinstance(response.body, bytes)
    return b"".join([part async for part in response.body])


def test_streams(stage) -> None:
    async def scene(plane: Plane) -> None:
        site, kind = Site(plane), "application/vnd.awslambda.http-integration-response"
        await site.open(InvokeMode="RESPONSE_STREAM")
        given = site.invoker.given = Stream([b'{"statusCode":', b"203}\0\0\0", b"\0" * 5 + b"a", b"b"], kind)
        response = await site.ask()
        assert (response.status, await whole(response)) == (203, b"ab")
        assert given.abandoned
        site.invoker.given = Stream([b"a"], "text/plain")
        response = await site.ask()
        assert (response.status, response.headers[0]) == (200, ("Content-Type", "text/plain"))
        site.invoker.given = Stream([ANSWER])  # a function that does not stream
        assert ((await site.ask()).status, site.invoker.given.abandoned) == (201, False)
        for parts, how in (
            ([], Outcome(b"{}", "Unhandled")),
            ([b"{}" + NULS[:7]], Outcome(b"")),
            ([b"[]" + NULS], Outcome(b"")),
        ):
            given = site.invoker.given = Stream(parts, kind, how)
            assert (await site.ask()).status == 502
        site.invoker.given = Stream([b"a"], "text/plain", Outcome(b"{}", "Unhandled"))
        with pytest.raises(ConnectionAbortedError):
            await whole(await site.ask())

    stage(scene)


def test_a_client_that_goes_away_abandons_the_stream(stage) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open(InvokeMode="RESPONSE_STREAM")

        class Waiting(Stream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                await asyncio.Event().wait()
                yield b""

        given = site.invoker.given = Waiting([])
        task = asyncio.create_task(site.ask())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert given.abandoned

    stage(scene)


def test_a_request_that_is_too_large(stage) -> None:
    async def scene(plane: Plane) -> None:
        site = Site(plane)
        await site.open()
        response = await site.ask("POST", b"x" * plane.limits.sync_request_bytes, content_type="text/plain")
        assert (response.status, error_of(response)) == (413, "RequestTooLargeException")

    stage(scene)
