"""The life of a request: one literal list of steps.

A step gets the `Exchange` and answers None, to go on, or a Response, which ends the chain. A Fault becomes the
caller's error in the service's own wire form. Anything else is ours: it is logged with the request's id and answered
as a 500 that carries that id.
"""

import asyncio
import contextlib
import errno
import functools
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from botocore.exceptions import UnknownServiceError

from lambent.gateway import accounts, buckets, old_links, pages, scraping, sites
from lambent.gateway.exchange import Exchange, Here
from lambent.gateway.guard import Guard
from lambent.gateway.sites import Sites
from lambent.model.acting import Acting
from lambent.model.answer import Answer
from lambent.model.credentials import Held
from lambent.model.scope import DEFAULT_ACCOUNT, DEFAULT_REGION, REGION, Caller, Scope
from lambent.model.trouble import Trouble
from lambent.wire import compressed, locate, parse, query, serialize, validate
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from lambent.wire.http import Request, Response
from lambent.wire.reading import Reading

log = logging.getLogger(__name__)

Page = Callable[[Request], Awaitable[Response]]
Forward = Callable[[Request, Caller, str], Awaitable[Response]]

PAGES = "/_lambent/"
STATE_DELAY = "x-lambent-state-delay"
"""A request with this header and the value 0 makes changes that take effect at once (`lambent deploy`)."""
IN_MEMORY = 1 << 30
"""Bytes of a body that is held as a whole; objects are not."""
FORM_BYTES = 1 << 20
"""Of a form: a request to CloudWatch has as many at most
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html), and others less."""
LARGER_FORMS = {"sqs": 4 << 20, "ses": query.MOST_BYTES}
"""Messages of 1 MB and mail of 10 MB, in percent encoding."""
FORM_PROTOCOLS = ("query", "ec2")
SPANS = "/v1/traces"
"""Where OpenTelemetry's exporters send spans (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request)."""
UNTAKEN = ("/v1/metrics", "/v1/logs", "/v1development/profiles")
"""Where they send what is not taken here."""
OF_OPERATIONS = 80 << 20
"""More than any operation takes that is answered here and not S3's."""
UNSIGNED_SERVICE = "s3"
"""What an anonymous request is for: of the services that answer such requests, S3 is the one addressed by path."""

Check = Callable[[Request, Caller, wire_service.Service, str, Any], Awaitable[None]]
"""Raises Fault for what a caller may not do (service, operation, parameters)."""
Told = Callable[[Exchange, Fault | None], Awaitable[Fault | None]]
"""Hears how a request ended, and answers the error that its caller sees."""


async def allowed(_request: Request, _caller: Caller, _service: wire_service.Service, _name: str, _params: Any) -> None:
    """Everybody may do everything."""


def unseen(_key: str, _held: Held | None) -> None:
    """Nobody wants to know of keys."""


async def untold(_exchange: Exchange, fault: Fault | None) -> Fault | None:
    """Nobody wants to know."""
    return fault


class Registry(Protocol):
    """The registry of images. It reads large bodies itself."""

    def takes(self, request: Request) -> bool: ...

    async def __call__(self, request: Request) -> Response: ...


@dataclass(frozen=True, slots=True)
class Gateway:
    """What stands behind the endpoint.

    `here` maps a service name to its operations; `forward` takes the requests for all other services; `pages` are
    Lambent's own, by path; `account_of` answers the account that an access key stands for; `held` whose it is when it
    was issued here; `trace_of` the trace header that counts for a caller's request without one, by access key;
    `new_id` makes request ids (UUIDs); `guard` tells who may ask; `sites` are what has a host name of its own; `now` is
    the clock by which keys expire, `signed` asks that what is signed with a key that was issued here is so with its
    secret, and that no other key counts but those that name an account; `doubted` is told of a key that AWS would
    refuse, and whose it is; `reached` tells that other machines reach the endpoint (`reached.py`); `check` whether
    somebody may do what they ask for; `told` hears how a request of a service answered here ended; `registry` is
    that of images, if there is one here. Large documents are read beside, one at a time (`reading`).
    """

    here: Mapping[str, Here]
    pages: Mapping[str, Page]
    forward: Forward
    account_of: Callable[[str], str]
    trace_of: Callable[[str], str | None]
    new_id: Callable[[], str]
    held: Callable[[str], Held | None] = lambda _access_key: None
    guard: Guard = field(default_factory=Guard)
    sites: Sites = field(default_factory=Sites)
    now: Callable[[], float] = lambda: 0.0
    signed: bool = False
    doubted: Callable[[str, Held | None], None] = unseen
    reached: bool = False
    check: Check = allowed
    told: Told = untold
    registry: "Registry | None" = None
    reading: Reading = field(default_factory=Reading)

    async def __call__(self, request: Request) -> Response:
        return await self.walk(request, STEPS)

    async def ask(self, request: Request, service: str, operation: str, params: Mapping[str, Any]) -> Response | None:
        """Have an operation carried out that this process asks for itself, signed for nobody: it says what it wants, so
        that there is nothing to find out or to read, and of the answer only whether there was one is told (an error as
        ever). None for what is not answered here, or only in its wire form: then nothing has been done."""
        here = self.here.get(service)
        if here is None or here.receive is not None or operation not in here.operations or not here.takes(request):
            return None
        exchange = Exchange(request, self.new_id(), None, wire_service.load(service), operation, dict(params))
        return await self._answer(exchange, ASKED)

    async def walk(self, request: Request, steps: "Sequence[Step]") -> Response:
        """The answer of the first of these steps that has one."""
        exchange = Exchange(request, self.new_id())
        response = await self._answer(exchange, steps)
        response.headers += exchange.told
        return response

    async def _answer(self, exchange: Exchange, steps: "Sequence[Step]") -> Response:
        try:
            return await self._steps(exchange, steps)
        except Fault as fault:
            return _faulty(exchange, await self.told(exchange, fault) or fault)
        except Exception as error:
            code = exchange.service.internal_error(exchange.operation) if exchange.service else OURS
            return _faulty(exchange, ours(exchange.request_id, error, code))

    async def _steps(self, exchange: Exchange, steps: "Sequence[Step]") -> Response:
        for step in steps:
            response = await step(self, exchange)
            if response is not None:
                return response
        raise AssertionError("the last step answers")


Step = Callable[[Gateway, Exchange], Awaitable[Response | None]]


async def known_host(gateway: Gateway, exchange: Exchange) -> None:
    """Nothing is answered that comes by another name than the platform's own, or one that the user gave to a site."""
    host = exchange.request.headers.get("host")
    if not gateway.guard.hosts.is_own(host) and gateway.sites.named(host) is None:
        gateway.guard.check_host(host)


async def site(gateway: Gateway, exchange: Exchange) -> Response | None:
    """What is addressed to a function URL, an API or a load balancer, by its host name or by a path."""
    request = exchange.request
    place = gateway.sites.find(request)
    if place is None or request.acting is not None:  # what this process asks in somebody's name is an operation
        return None
    if sites.loads(request):
        await load(request)
    return await gateway.sites.serve(sites.asked(request, place, exchange.request_id))


async def allowed_page(gateway: Gateway, exchange: Exchange) -> Response | None:
    """A page of the web is answered when it is allowed to ask; its browser's question whether it is, here."""
    request = exchange.request
    if not pages.is_from_page(request.headers):
        return None
    try:
        told = await gateway.guard.admit(request, functools.partial(_name, gateway))
    except Fault as fault:
        if fault.code == "AccessForbidden":
            exchange.service = wire_service.load("s3")
        raise
    exchange.told += told
    preflight = request.method == "OPTIONS" and "access-control-request-method" in request.headers
    return Response(200) if preflight else None


def _page_name(request: Request) -> str | None:
    if request.path in (SPANS, *UNTAKEN) and request.method == "POST":  # as collectors of OpenTelemetry take them
        return request.path
    if scraping.is_scrape(request):
        return scraping.NAME
    return request.path.removeprefix(PAGES).partition("/")[0] if request.path.startswith(PAGES) else None


async def own_page(gateway: Gateway, exchange: Exchange) -> Response | None:
    """Lambent's own pages, such as /_lambent/health. From inside an environment only those for functions, and none of
    them for who has this process ask."""
    request = exchange.request
    name = _page_name(request)
    is_operators = name == scraping.NAME or pages.is_operators(request.path)
    if is_operators and (request.acting is not None or (request.inside and name not in accounts.FOR_FUNCTIONS)):
        raise Fault("AccessDeniedException", "This page is not for functions.", status=403)
    if name is None:
        if pages.is_motos(request.path):  # some of them look at all that moto holds, and never end
            raise Fault("AccessDeniedException", "moto's own pages are not served.", status=403)
        return None
    page = gateway.pages.get(name)
    if page is None:
        return Response(404, [("Content-Type", "application/json")], orjson.dumps({"message": "no such page"}))
    await load(request, OF_OPERATIONS)
    return await page(request)


async def registry(gateway: Gateway, exchange: Exchange) -> Response | None:
    """What docker and its like ask of the registry of images; who asks is its own business."""
    if gateway.registry is None or not gateway.registry.takes(exchange.request):
        return None
    return await gateway.registry(exchange.request)


async def identify(gateway: Gateway, exchange: Exchange) -> None:
    """Account from a 12-digit access key id, region from the credential scope; from inside, from the socket."""
    request = exchange.request
    if isinstance(request.acting, Acting):
        exchange.caller = _deputy(exchange, request.acting)
        return
    credential = locate.credential_of(request)
    region = _region(credential)
    if not REGION.fullmatch(region):
        exchange.service = form_of(gateway, request)
        raise accounts.bad_region(exchange.service, region)
    key = credential.access_key if credential else None
    _only_at_s3(gateway, exchange)
    if request.inside and key != request.inside:  # its signature is of its body
        await load(request)
    known = _inside(gateway, exchange, key) if request.inside else gateway.held(key or "")
    if known is not None:
        await _good(gateway, exchange, known)
    _exists(gateway, exchange, known, key)
    exchange.caller = Caller(
        Scope(_account(gateway, known, key), region),
        exchange.request_id,
        access_key=key,
        trace_id=request.headers.get("x-amzn-trace-id") or (gateway.trace_of(key) if key else None),
        role=known.role if known else "",
        held=known,
        at_once=request.headers.get(STATE_DELAY) == "0",
        own=request.own,
        kept=request.kept,
    )


def _only_at_s3(gateway: Gateway, exchange: Exchange) -> None:
    """Raises Fault for a link of Signature Version 2 that something was added to, so that another service gets it."""
    if old_links.is_link(exchange.request):
        service = form_of(gateway, exchange.request)
        if service is None or service.name != old_links.NAME:
            exchange.service = service
            raise accounts.badly_signed(service)


def _region(credential: locate.Credential | None) -> str:
    return credential.region if credential and credential.region else DEFAULT_REGION


def _exists(gateway: Gateway, exchange: Exchange, known: Held | None, key: str | None) -> None:
    """Whether AWS would know a key, and let it do anything. Raises Fault where signatures count."""
    if key is None:
        if gateway.signed and exchange.request.client is not None and not exchange.request.inside:
            service = form_of(gateway, exchange.request)
            if not accounts.may_be_unsigned(service, exchange.request):
                exchange.service = service
                raise accounts.unsigned(service)
    elif known.inactive if known is not None else not accounts.names_account(key):
        if gateway.signed:
            exchange.service = exchange.service or form_of(gateway, exchange.request)
            raise accounts.unknown_key(exchange.service)
        gateway.doubted(key, known)


def _deputy(exchange: Exchange, acting: Acting) -> Caller:
    """Who asks where a service of this process acts for somebody: nothing that came by a connection says so."""
    request = exchange.request
    assert request.client is None and not request.inside
    return Caller(
        Scope(acting.account, _region(locate.credential_of(request))),
        exchange.request_id,
        access_key=acting.account,
        trace_id=request.headers.get("x-amzn-trace-id"),
        role=acting.held.role if acting.held else "",
        held=acting.held,
        at_once=request.headers.get(STATE_DELAY) == "0",
        own=request.own,
        acting=acting,
    )


def _identify_by_form(gateway: Gateway, exchange: Exchange) -> None:
    """A form is signed within; its signature was compared when it was read. Raises Fault."""
    form = exchange.request.form
    if form is None or not form.access_key:
        return
    assert exchange.caller is not None
    key = form.access_key
    known = gateway.held(key)
    if known is not None and known.expires is not None and known.expires <= gateway.now():
        raise accounts.expired(exchange.service)
    _exists(gateway, exchange, known, key)
    region = form.region if REGION.fullmatch(form.region) else DEFAULT_REGION
    scope = Scope(_account(gateway, known, key), region)
    role = known.role if known else ""
    exchange.caller = exchange.caller._replace(scope=scope, access_key=key, role=role, held=known)


async def _good(gateway: Gateway, exchange: Exchange, known: Held) -> None:
    """Whether a key that was issued here is still good, and used by who has it. Raises Fault."""
    request = exchange.request
    if known.expires is not None and known.expires <= gateway.now():
        exchange.service = form_of(gateway, request)
        raise accounts.expired(exchange.service)
    if gateway.signed and not request.inside:
        await load(request)
        if not accounts.is_signed(request, known.secret_key):
            exchange.service = form_of(gateway, request)
            raise accounts.badly_signed(exchange.service)
        if not accounts.has_token(request, known.token):
            exchange.service = form_of(gateway, request)
            raise accounts.bad_token(exchange.service)


def _account(gateway: Gateway, known: Held | None, key: str | None) -> str:
    if known is not None:
        return known.account
    return gateway.account_of(key) if key is not None else DEFAULT_ACCOUNT


def _inside(gateway: Gateway, exchange: Exchange, key: str | None) -> Held:
    """Whose a request from inside an environment is. Raises Fault as AWS does for an unknown key, or for none."""
    request = exchange.request
    own = gateway.held(request.inside)
    service = None
    if own is not None and key is None:
        service = form_of(gateway, request)
        if accounts.may_be_unsigned(service, request):
            return own
    elif own is not None and key is not None:
        found = accounts.whose(request, own, key, gateway.held, gateway.account_of, gateway.signed)
        if found is not None:
            return found
    exchange.service = service or form_of(gateway, request)
    raise accounts.unsigned(exchange.service) if key is None else accounts.unknown_key(exchange.service)


async def find_service(gateway: Gateway, exchange: Exchange) -> Response | None:
    """The service, by signature, target header or query; every service that is not answered here is forwarded."""
    name = _name(gateway, exchange.request)
    if name in gateway.here and gateway.here[name].takes(exchange.request):
        receive = gateway.here[name].receive
        if receive is None:
            await load(exchange.request, OF_OPERATIONS)
            if wire_service.load(name).compressed:
                compressed.unpack(exchange.request)
            if _may_be_form(wire_service.load(name), exchange.request):
                await _read_form(exchange.request, name, gateway.reading)
        exchange.service = wire_service.spoken(name, exchange.request)
        if receive is not None:
            assert exchange.caller is not None
            sent = exchange.request
            exchange.request = receive(sent, exchange.caller)
            _identify_by_form(gateway, exchange)
            if gateway.reached and sent.client is not None and not sent.inside and exchange.caller.held is None:
                raise accounts.unsigned(exchange.service)  # it came for a form, and is none that a key signed
        return None
    assert exchange.caller is not None
    if exchange.request.headers.get("content-type", "").startswith(locate.FORM):
        await _read_form(exchange.request, name, gateway.reading)
    try:
        return await gateway.forward(exchange.request, exchange.caller, name)
    except Fault:
        with contextlib.suppress(UnknownServiceError, ValueError):
            exchange.service = wire_service.load(name)  # to say so in that service's own form
        raise


def _may_be_form(service: wire_service.Service, request: Request) -> bool:
    """Those that went over to JSON still take forms; a payload that curl sends says that it is one."""
    said = request.headers.get("content-type", "").startswith(locate.FORM)
    return service.protocol in FORM_PROTOCOLS or (said and not service.protocol.startswith("rest"))


async def _read_form(request: Request, service: str, reading: Reading) -> None:
    """Decode a form, a large one beside. Raises Fault (413)."""
    most = LARGER_FORMS.get(service, FORM_BYTES)
    await load(request, most)
    query.check_form(request.body, most)
    await reading.read(len(request.body), functools.partial(query.form_of, request))


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
    exchange.service.check_size(exchange.operation, len(exchange.request.body))
    read = functools.partial(_read, exchange.service, exchange.operation, exchange.request)
    exchange.params = await gateway.reading.read(len(exchange.request.body), read)


async def valid(_gateway: Gateway, exchange: Exchange) -> None:
    """What was said without a wire form, by the model."""
    assert exchange.service is not None and exchange.operation is not None
    exchange.service.check_size(exchange.operation, len(exchange.request.body))
    validate.validate(exchange.service, exchange.operation, exchange.params or {})


def _read(service: wire_service.Service, operation: str, request: Request) -> dict[str, Any]:
    params = parse.parse(service, operation, request)
    validate.validate(service, operation, params)
    return params


async def authorise(gateway: Gateway, exchange: Exchange) -> None:
    """Whether the caller may do it, by their policies and the resource's."""
    service, operation = exchange.service, exchange.operation
    assert service is not None and operation is not None and exchange.caller is not None
    await gateway.check(exchange.request, exchange.caller, service, operation, exchange.params)


async def run(gateway: Gateway, exchange: Exchange) -> Response:
    """Run the operation and serialise what it answers."""
    service, operation = exchange.service, exchange.operation
    assert service is not None and operation is not None
    result = await _result(gateway, exchange, service.name, operation)
    if isinstance(result, Response):
        return result
    if not isinstance(result, Answer):
        return serialize.output(service, operation, result, exchange.request_id)
    response = serialize.output(service, operation, result.result, exchange.request_id)
    response.status = result.status or response.status
    named = {name.lower() for name in result.headers}
    kept = [(name, value) for name, value in response.headers if name.lower() not in named]
    response.headers = [*kept, *result.headers.items()]
    return response


async def done(gateway: Gateway, exchange: Exchange) -> Response:
    """Run the operation, of whose answer nobody wants to know more."""
    assert exchange.service is not None and exchange.operation is not None
    await _result(gateway, exchange, exchange.service.name, exchange.operation)
    return Response(200)


async def _result(
    gateway: Gateway, exchange: Exchange, service: str, operation: str
) -> dict[str, Any] | Answer | Response:
    """What the operation answers."""
    here = gateway.here[service]
    assert exchange.caller is not None
    env = here.env if here.bind is None else here.bind(here.env, exchange.request)
    result = await here.operations[operation](env, exchange.caller, exchange.params or {})
    await gateway.told(exchange, None)
    return result


STEPS: Sequence[Step] = (
    known_host,
    site,
    allowed_page,
    own_page,
    registry,
    identify,
    find_service,
    find_operation,
    read_params,
    authorise,
    run,
)
ASKED: Sequence[Step] = (identify, valid, authorise, done)
"""Of what is asked without a wire form."""


async def load(request: Request, most: int = IN_MEMORY) -> None:
    """Bring a body that is a file into memory. Raises Fault (413) for one of more than `most` bytes."""
    if request.file is not None:
        if os.fstat(request.file.fileno()).st_size > most:
            raise Fault("RequestEntityTooLargeException", f"A body has at most {most} bytes here.", status=413)
        file, request.file = request.file, None
        request.body = await asyncio.to_thread(file.read)


OURS = "ServiceException"
"""What Lambda calls an error of its own."""


def ours(request_id: str, error: Exception, code: str = OURS) -> Fault:
    """The answer to an error of ours, as the service calls them, which is logged under the request's id. It is the
    caller's where they sent a number of thousands of digits, which Python does not read (`sys.int_info`)."""
    if isinstance(error, ValueError) and str(error).startswith("Exceeds the limit ("):
        return Fault("ValidationException", "A number has too many digits.", status=400)
    trouble = _trouble(error)
    log.error("request %s failed: %s", request_id, trouble or error, exc_info=None if trouble else error)
    return Fault(code, failure(request_id, error), status=500)


def failure(request_id: str, error: Exception) -> str:
    """What a caller is told of an error of ours. Trouble of the machine says itself what it is."""
    trouble = _trouble(error)
    if trouble is not None:
        return f"Lambent failed on this request ({request_id}): {trouble}."
    return f"Lambent failed on this request; its log has the reason under {request_id}."


def _trouble(error: Exception) -> Exception | None:
    """The trouble of the machine that an error is, or comes from."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(f"the disk of the data folder is full: make room there and try again ({error.strerror})")
    cause = error if isinstance(error, Trouble) else error.__cause__
    return cause if isinstance(cause, Trouble) else None


def account_of(access_key: str) -> str:
    """The account that an access key stands for: itself when it is 12 digits, else the default."""
    return access_key if len(access_key) == 12 and access_key.isdigit() else DEFAULT_ACCOUNT


def _name(gateway: Gateway, request: Request) -> str:
    return locate.service_of(request) or (UNSIGNED_SERVICE if buckets.host(request) else _unsigned(gateway, request))


def form_of(gateway: Gateway, request: Request) -> wire_service.Service | None:
    """The service in whose form a request is refused before it is read; None for one whose form is not known."""
    try:
        return wire_service.spoken(_name(gateway, request), request)
    except (UnknownServiceError, ValueError):
        return None


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
        return plain_fault(exchange.request_id, fault)
    return serialize.fault(exchange.service, exchange.operation, fault, exchange.request_id)


def refuse(gateway: Gateway, request: Request, fault: Fault) -> Response:
    """The answer to a request that does not get as far as the chain."""
    return _faulty(Exchange(request, gateway.new_id(), service=form_of(gateway, request)), fault)


def plain_fault(request_id: str, fault: Fault) -> Response:
    """An error in no service's form."""
    body = orjson.dumps({"__type": fault.code, "message": fault.message})
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", fault.code),
    ]
    return Response(fault.status or 400, headers, body)
