"""Who may call a method: IAM, Lambda authorizers with what they have said before, Cognito user pools, the API's policy.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from lambent.engine.authorisation import principals, resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.http_events import rest_authorizers
from lambent.http_events.rest_authorizers import Authorization
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_request import RestRequest
from lambent.model.door import Call
from lambent.model.finding import Finding
from lambent.services.apigateway.serving import cognito
from lambent.services.apigateway.serving.exchange import Exchange, api_arn, hidden
from lambent.services.apigateway.serving.integrating import called, filled, function_in
from lambent.services.apigateway.serving.ports import Ports
from lambent.wire.fault import Fault

INVOKE = "execute-api:Invoke"
OTHER_PATH = "authorizer-cache-other-path"
SECONDS = 29.0
ARN_BYTES = 1_600
"""Of a method's ARN, where authorization or a policy looks at it: longer ones get 414
(https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)."""
UNKNOWN_KEY = "The security token included in the request is invalid."
Document = Mapping[str, Any]
PHASES = {
    "CUSTOM": ("authorizer",), "COGNITO_USER_POOLS": ("authorizer",), "AWS_IAM": ("authenticate", "authorize"),
}  # fmt: skip
"""What access logs call the phases of each kind of authorization:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html"""


async def authorize(ports: Ports, exchange: Exchange) -> None:
    """Raises Refusal for who may not; else what is known of the caller stands in the request."""
    kind = exchange.method.get("authorizationType") or "NONE"
    guarded = kind != "NONE" or exchange.deployed.api.get("policy")
    if guarded and len(exchange.method_arn.encode()) > ARN_BYTES:
        raise Refusal("DEFAULT_4XX", "Request URI too long", status=414, error="RequestUriTooLong")
    with _told(ports, exchange, kind):
        await KINDS[kind](ports, exchange)
    _check_policy(exchange, ports.clock.wall())


@contextmanager
def _told(ports: Ports, exchange: Exchange, kind: str) -> Iterator[None]:
    """Access logs have how it went: `$context.authorizer.latency`, `$context.authorize.status` and their likes."""
    began, told = ports.clock.monotonic(), {"status": 200, "error": ""}
    try:
        yield
    except Refusal as refusal:
        told |= {"status": refusal.status, "error": refusal.why or refusal.text}
        raise
    finally:
        told["latency"] = _millis(ports, began)
        exchange.phases = dict.fromkeys(PHASES.get(kind, ()), told)


def _millis(ports: Ports, began: float) -> int:
    return round((ports.clock.monotonic() - began) * 1000)


async def _anyone(ports: Ports, exchange: Exchange) -> None:
    pass


async def _signed(ports: Ports, exchange: Exchange) -> None:
    """SigV4, by a key that is known here. From inside an environment no key counts that was not issued."""
    site = exchange.site
    if site is None:
        return
    try:
        signer = ports.verify(site, "execute-api")
    except Fault as fault:
        missing = fault.code == "MissingAuthenticationTokenException"
        kind = "MISSING_AUTHENTICATION_TOKEN" if missing else "INVALID_SIGNATURE"
        raise Refusal(kind, None if missing else fault.message, error=fault.code) from fault
    if site.inside and not signer.role:
        raise Refusal("INVALID_SIGNATURE", UNKNOWN_KEY, error="UnrecognizedClientException")
    policy, keys = exchange.deployed.api.get("policy"), of_any(ports.clock.wall(), exchange.request.peer)
    said = expanded(policy, exchange.request) if policy else None
    if not await ports.may(signer, INVOKE, exchange.method_arn, said, keys):
        raise _denied(exchange, signer.arn, "neither the caller's policies nor the API's allow it")
    exchange.signer = signer
    exchange.request.identity |= {
        "accountId": signer.account,
        "accessKey": signer.access_key,
        "caller": signer.user_id,
        "user": signer.user_id,
        "userArn": signer.arn,
    }


async def _custom(ports: Ports, exchange: Exchange) -> None:
    """By a function, or by what it has said of the same identity before."""
    authorizer = authorizer_of(exchange)
    request = exchange.request
    values = rest_authorizers.identity(authorizer, request, exchange.known)
    began = ports.clock.monotonic()
    said = await _asked(ports, exchange, authorizer, values)
    latency = _millis(ports, began)
    verdict = evaluate(said.policy, request, exchange.method_arn, ports.clock.wall())
    _notice(ports, exchange, said, verdict, authorizer)
    exchange.known["authorizer"] = request.authorizer = {
        "principalId": said.principal,
        "integrationLatency": latency,
        **said.context,
    }
    exchange.usage_key = said.usage_key
    if verdict != "Allow":
        raise rest_authorizers.denied(verdict)


def authorizer_of(exchange: Exchange) -> Document:
    """The authorizer that the method names. Raises Refusal."""
    found = exchange.deployed.authorizers.get(str(exchange.method.get("authorizerId")))
    if found is None:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", why="the method's authorizer is not there")
    return found


def evaluate(policy: Document, request: RestRequest, method_arn: str, now: float) -> str:
    """What a policy says of calling a method: "Allow", "Deny" or ""."""
    keys = of_any(now, request.peer)
    return resource.said(policy, Ask(resource.caller(request.account), INVOKE, method_arn, keys=keys))


async def _asked(ports: Ports, exchange: Exchange, authorizer: Document, values: tuple[str, ...]) -> Authorization:
    request, now = exchange.request, ports.clock.monotonic()
    owner = (exchange.scope, request.api_id, request.stage)
    ttl = float(authorizer.get("authorizerResultTtlInSeconds") or 0)
    key = (authorizer["id"], values)
    said: Authorization | None = ports.authorizations.get(owner, key, now) if ttl and values else None
    if said is None:
        said = await ask(ports, exchange, authorizer, values)
        if values:
            ports.authorizations.put(owner, key, said, now, ttl)
    return said


async def ask(ports: Ports, exchange: Exchange, authorizer: Document, values: tuple[str, ...]) -> Authorization:
    """Ask the authorizer's function. Raises Refusal."""
    function = function_in(filled(exchange, authorizer.get("authorizerUri")))
    if function is None:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", why="the authorizer's URI names no function")
    event = rest_authorizers.question(authorizer, exchange.request, values, exchange.method_arn)
    payload = orjson.dumps(event)
    exchange.say(f"Starting authorizer: {authorizer['id']} for request: {exchange.request.request_id}")
    exchange.say(f"Incoming identity: {hidden(','.join(values))}")
    exchange.say_sent(str(authorizer.get("authorizerUri")), {}, payload)
    call = Call(function, payload, ports.new_id(), exchange.request.trace_id or None)
    source = f"{api_arn(exchange.request)}/authorizers/{authorizer['id']}"
    door = exchange.door(source, str(authorizer.get("authorizerCredentials") or ""))
    try:
        outcome = await called(ports, exchange, door, call, SECONDS)
    except Refusal as refusal:
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", why=refusal.why) from refusal
    exchange.say_data("Authorizer result body before parsing: ", outcome.payload)
    said = rest_authorizers.read(outcome.payload, outcome.error, exchange.method_arn)
    exchange.say(f"Using valid authorizer policy for principal: {hidden(said.principal)}")
    exchange.say("Successfully completed authorizer execution")
    return said


def _notice(ports: Ports, exchange: Exchange, said: Authorization, verdict: str, authorizer: Document) -> None:
    """A kept policy that was made for one path, and refuses another one because it does not name it."""
    if verdict or said.asked == exchange.method_arn:
        return
    ttl = authorizer.get("authorizerResultTtlInSeconds")
    ports.report(
        Finding(
            OTHER_PATH,
            f"{api_arn(exchange.request)}/authorizers/{authorizer['id']}",
            f"The policy that the authorizer answered for {said.asked} is kept for {ttl} s for everybody with the same "
            f"identity, and does not name {exchange.method_arn}: that was refused with 403.",
            "Answer a policy for all that the caller may do, or set the authorizer's result TTL to 0.",
        )
    )


async def _cognito(ports: Ports, exchange: Exchange) -> None:
    """A token of a user pool."""
    authorizer = authorizer_of(exchange)
    values = rest_authorizers.identity(authorizer, exchange.request, exchange.known)
    scopes = exchange.method.get("authorizationScopes") or ()
    claims = await cognito.claims(ports, exchange.scope, authorizer, values[0], scopes)
    exchange.known["authorizer"] = exchange.request.authorizer = {"claims": claims}


# --- the API's own policy


def _check_policy(exchange: Exchange, now: float) -> None:
    """Raises Refusal for what the resource policy of the API does not let in."""
    text = exchange.deployed.api.get("policy")
    if not text or exchange.site is None:
        return
    request = exchange.request
    arn = str(request.identity.get("userArn") or "")
    account = str(request.identity.get("accountId") or "")
    who = resource.caller(account, arn) if account else principals.ANONYMOUS
    ask = Ask(who, INVOKE, exchange.method_arn, keys=of_any(now, request.peer))
    if resource.lets_in(expanded(text, request), ask):
        return
    raise _denied(exchange, arn or "anonymous", "the API's resource policy does not allow it")


def _denied(exchange: Exchange, who: str, why: str) -> Refusal:
    account = exchange.request.account
    shown = exchange.method_arn.replace(account, f"********{account[-4:]}")
    text = f"User: {who} is not authorized to perform: {INVOKE} on resource: {shown}"
    return Refusal("ACCESS_DENIED", text, why=why)


def expanded(text: str, request: RestRequest) -> Document:
    """The policy with the short form of resources (`execute-api:/stage/GET/path`) written out."""
    try:
        policy = orjson.loads(text.replace('\\"', '"') if text.startswith('{\\"') else text)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(policy, dict):
        return {}
    said = policy.get("Statement")
    statements = [dict(one) for one in (said if isinstance(said, list) else [said]) if isinstance(one, dict)]
    for statement in statements:
        for name in ("Resource", "NotResource"):
            if name in statement:
                listed = statement[name] if isinstance(statement[name], list) else [statement[name]]
                statement[name] = [_whole(str(one), request) for one in listed]
    return policy | {"Statement": statements}


def _whole(resource: str, request: RestRequest) -> str:
    if not resource.startswith("execute-api:/"):
        return resource
    return f"{api_arn(request)}/{resource.removeprefix('execute-api:/')}"


KINDS: dict[str, Callable[[Ports, Exchange], Awaitable[None]]] = {
    "NONE": _anyone,
    "AWS_IAM": _signed,
    "CUSTOM": _custom,
    "COGNITO_USER_POOLS": _cognito,
}
