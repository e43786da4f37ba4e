"""The life of a request: one literal list of steps.

A step gets the `Exchange` and answers None, to go on, or a Response, which ends the chain. A Fault becomes the
caller's error in the service's own wire form. Anything else is ours: it is logged with the request's id and answered
as a 500 that carries that id.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from botocore.exceptions import UnknownServiceError

from lambent.gateway.exchange import Exchange, Here
from lambent.model.answer import Answer
from lambent.model.scope import DEFAULT_ACCOUNT, DEFAULT_REGION, Caller, Scope
from lambent.wire import locate, parse, serialize, validate
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response

log = logging.getLogger(__name__)

Page = Callable[[Request], Awaitable[Response]]
Forward = Callable[[Request, Caller, str], Awaitable[Response]]

PAGES = "/_lambent/"
UNSIGNED_SERVICE = "s3"
"""What an anonymous request is for: of the services that answer such requests, S3 is the one addressed by path."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What stands behind the endpoint.

    `here` maps a service name to its operations; `forward` takes the requests for all other services; `pages` are
    Lambent's own, by path; `account_of` answers the account that an access key stands for; `trace_of` the
    trace header that counts for a caller's request without one, by access key; `new_id` makes request ids (UUIDs).
    """

    here: Mapping[str, Here]
    pages: Mapping[str, Page]
    forward: Forward
    account_of: Callable[[str], str]
    trace_of: Callable[[str], str | None]
    new_id: Callable[[], str]

    async def __call__(self, request: Request) -> Response:
        exchange = Exchange(request, self.new_id())
        try:
            return await self._steps(exchange)
        except Fault as fault:
            return _faulty(exchange, fault)
        except Exception as error:
            return _faulty(exchange, ours(exchange.request_id, error))

    async def _steps(self, exchange: Exchange) -> Response:
        for step in STEPS:
            response = await step(self, exchange)
            if response is not None:
                return response
        raise AssertionError("the last step answers")


Step = Callable[[Gateway, Exchange], Awaitable[Response | None]]


async def own_page(gateway: Gateway, exchange: Exchange) -> Response | None:
    """Lambent's own pages, such as /_lambent/health."""
    path = exchange.request.path
    if not path.startswith(PAGES):
        return None
    page = gateway.pages.get(path.removeprefix(PAGES).partition("/")[0])
    if page is None:
        return Response(404, [("Content-Type", "application/json")], orjson.dumps({"message": "no such page"}))
    return await page(exchange.request)


async def identify(gateway: Gateway, exchange: Exchange) -> None:
    """Account from a 12-digit access key id, region from the credential scope."""
    credential = locate.credential_of(exchange.request)
    scope, trace_id = Scope(), exchange.request.headers.get("x-amzn-trace-id")
    if credential is not None:
        scope = Scope(gateway.account_of(credential.access_key), credential.region or DEFAULT_REGION)
        trace_id = trace_id or gateway.trace_of(credential.access_key)
    exchange.caller = Caller(
        scope,
        exchange.request_id,
        access_key=credential.access_key if credential else None,
        trace_id=trace_id,
    )


async def find_service(gateway: Gateway, exchange: Exchange) -> Response | None:
    """The service, by signature, target header or query; every service that is not answered here is forwarded."""
    name = locate.service_of(exchange.request) or _unsigned(gateway, exchange.request)
    if name in gateway.here and gateway.here[name].takes(exchange.request):
        exchange.service = wire_service.spoken(name, exchange.request)
        return None
    assert exchange.caller is not None
    try:
        return await gateway.forward(exchange.request, exchange.caller, name)
    except Fault:
        with contextlib.suppress(UnknownServiceError, ValueError):
            exchange.service = wire_service.load(name)  # to say so in that service's own form
        raise


async def find_operation(gateway: Gateway, exchange: Exchange) -> None:
    """The operation by the service's model; one that is not built yet is refused by name."""
    assert exchange.service is not None
    exchange.operation = exchange.service.route(exchange.request)
    here = gateway.here[exchange.service.name]
    if exchange.operation not in here.operations:
        reason = here.refused.get(exchange.operation)
        text = f"Lambent does not support {exchange.service.name}:{exchange.operation} yet"
        raise Fault("NotImplementedException", f"{text}: {reason}." if reason else f"{text}.", status=501)


async def read_params(gateway: Gateway, exchange: Exchange) -> None:
    """Parse and validate by the model."""
    assert exchange.service is not None and exchange.operation is not None
    exchange.params = parse.parse(exchange.service, exchange.operation, exchange.request)
    validate.validate(exchange.service, exchange.operation, exchange.params)


async def run(gateway: Gateway, exchange: Exchange) -> Response:
    """Run the operation and serialise what it answers."""
    service, operation = exchange.service, exchange.operation
    assert service is not None and operation is not None and exchange.caller is not None
    here = gateway.here[service.name]
    result = await here.operations[operation](here.env, exchange.caller, exchange.params or {})
    if not isinstance(result, Answer):
        return serialize.output(service, operation, result, exchange.request_id)
    response = serialize.output(service, operation, result.result, exchange.request_id)
    named = {name.lower() for name in result.headers}
    kept = [(name, value) for name, value in response.headers if name.lower() not in named]
    response.headers = [*kept, *result.headers.items()]
    return response


STEPS: Sequence[Step] = (
    own_page,
    identify,
    find_service,
    find_operation,
    read_params,
    run,
)


def ours(request_id: str, error: Exception) -> Fault:
    """The answer to an error of ours, which is logged under the request's id."""
    log.error("request %s failed", request_id, exc_info=error)
    text = f"Lambent failed on this request; its log has the reason under {request_id}."
    return Fault("ServiceException", text, status=500)


def account_of(access_key: str) -> str:
    """The account that an access key stands for: itself when it is 12 digits, else the default."""
    return access_key if len(access_key) == 12 and access_key.isdigit() else DEFAULT_ACCOUNT


def _unsigned(gateway: Gateway, request: Request) -> str:
    """The service of a request that names none: one that is answered here and has such a path, else S3."""
    for name in gateway.here:
        service = wire_service.load(name)
        if service.protocol.startswith("rest"):
            with contextlib.suppress(Fault):
                service.route(request)
                return name
    return UNSIGNED_SERVICE


def _faulty(exchange: Exchange, fault: Fault) -> Response:
    if exchange.service is None:
        body = orjson.dumps({"__type": fault.code, "message": fault.message})
        headers = [
            ("Content-Type", "application/json"),
            ("x-amzn-RequestId", exchange.request_id),
            ("x-amzn-ErrorType", fault.code),
        ]
        return Response(fault.status or 400, headers, body)
    return serialize.fault(exchange.service, exchange.operation, fault, exchange.request_id)
