"""The life of a request: one literal list of steps.

A step gets the `Exchange` and answers None, to go on, or a Response, which ends the chain. A Fault becomes the
caller's error in the service's own wire form. Anything else is ours: it is logged with the request's id and answered
as a 500 that carries that id.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from lambent.gateway.exchange import Exchange, Here
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
    Lambent's own, by path; `new_id` makes request ids (UUIDs).
    """

    here: Mapping[str, Here]
    pages: Mapping[str, Page]
    forward: Forward
    new_id: Callable[[], str]

    async def __call__(self, request: Request) -> Response:
        exchange = Exchange(request, self.new_id())
        try:
            return await self._steps(exchange)
        except Fault as fault:
            return _faulty(exchange, fault)
        except Exception:
            log.exception("request %s: %s %s", exchange.request_id, request.method, request.path)
            message = f"Lambent failed on this request; its log has the reason under {exchange.request_id}."
            return _faulty(exchange, Fault("ServiceException", message, status=500))

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
    if credential is None:
        exchange.caller = Caller(Scope(), exchange.request_id)
        return
    exchange.caller = Caller(
        Scope(account_of(credential.access_key), credential.region or DEFAULT_REGION),
        exchange.request_id,
        credential.access_key,
    )


async def find_service(gateway: Gateway, exchange: Exchange) -> Response | None:
    """The service, by signature, target header or query; every service that is not answered here is forwarded."""
    name = locate.service_of(exchange.request) or UNSIGNED_SERVICE
    if name in gateway.here:
        exchange.service = wire_service.load(name)
        return None
    assert exchange.caller is not None
    return await gateway.forward(exchange.request, exchange.caller, name)


async def find_operation(gateway: Gateway, exchange: Exchange) -> None:
    """The operation by the service's model; one that is not built yet is refused by name."""
    assert exchange.service is not None
    exchange.operation = exchange.service.route(exchange.request)
    if exchange.operation not in gateway.here[exchange.service.name].operations:
        raise Fault(
            "NotImplementedException",
            f"Lambent does not support {exchange.service.name}:{exchange.operation} yet.",
            status=501,
        )


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
    return serialize.output(service, operation, result, exchange.request_id)


STEPS: Sequence[Step] = (
    own_page,
    identify,
    find_service,
    find_operation,
    read_params,
    run,
)


def account_of(access_key: str) -> str:
    """The account that an access key stands for: itself when it is 12 digits, else the default."""
    return access_key if len(access_key) == 12 and access_key.isdigit() else DEFAULT_ACCOUNT


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
