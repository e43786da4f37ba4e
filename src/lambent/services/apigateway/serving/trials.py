"""TestInvokeMethod and TestInvokeAuthorizer: through the same integrations, past authorization, with a log.

https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html,
https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeAuthorizer.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from lambent.http_events import rest_authorizers
from lambent.http_events.rest_errors import Refusal
from lambent.http_events.rest_proxy import Reply
from lambent.http_events.rest_request import MONTHS, RestRequest
from lambent.http_events.rest_routes import Routes
from lambent.model.credentials import Signer
from lambent.model.scope import Caller, Scope
from lambent.services.apigateway import faults
from lambent.services.apigateway.deployments import take_snapshot
from lambent.services.apigateway.env import ApiGatewayEnv
from lambent.services.apigateway.kinds import CLIENT_CERTIFICATE, RESOURCE
from lambent.services.apigateway.serving import cognito
from lambent.services.apigateway.serving.authorizing import ask
from lambent.services.apigateway.serving.deployed import read
from lambent.services.apigateway.serving.door import extended_id, place, refused, trace_id, validate
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.integrating import integrate
from lambent.services.apigateway.serving.ports import Ports

Params = dict[str, Any]
STAGE, AUTHORIZERS_STAGE = "test-invoke-stage", "ESTestInvoke-stage"
"""What the stage is called in events and ARNs; that of authorizers: public reports of their logs."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Trials:
    """Runs what is configured now, deployed or not."""

    def __init__(self, ports: Ports, env: ApiGatewayEnv) -> None:
        self._ports = ports
        self._env = env

    async def method(self, caller: Caller, params: Params) -> dict[str, Any]:
        """The answer of a method, and the log of how it came about."""
        resource = self._env.asked(RESOURCE, caller.scope, params).document
        _check(resource, params["httpMethod"])
        exchange = self._exchange(caller, params, params["httpMethod"], STAGE, resource["path"])
        place(exchange, resource, params["httpMethod"])
        request = exchange.request
        exchange.say(f"Execution log for request {request.request_id}")
        exchange.say(f"Starting execution for request: {request.request_id}")
        found = Routes([resource]).find(request.path, params["httpMethod"])
        request.sent_variables = found.variables if found is not None else {}
        exchange.say_request()
        began = self._ports.clock.wall()
        try:
            await validate(exchange)
            reply = await _whole(await integrate(self._ports, exchange))
            exchange.say_answered(reply.headers, reply.body)
        except Refusal as refusal:
            reply = refused(exchange, refusal)
        exchange.say(f"Method completed with status: {reply.status}")
        return self._told(exchange, reply, began)

    def _told(self, exchange: Exchange, reply: Reply, began: float) -> dict[str, Any]:
        many: dict[str, list[str]] = {}
        for name, value in reply.headers:
            many.setdefault(name, []).append(value)
        return {
            "status": reply.status,
            "body": reply.body.decode("utf-8", "replace"),
            "headers": {name: values[-1] for name, values in many.items()},
            "multiValueHeaders": many,
            "log": self._log(exchange),
            "latency": round((self._ports.clock.wall() - began) * 1000),
        }

    def _log(self, exchange: Exchange) -> str:
        moment = datetime.fromtimestamp(exchange.request.now, UTC)
        at = f"{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment:%d %H:%M:%S UTC %Y}"
        first, *others = exchange.lines or [""]
        return "\n".join([first, *(f"{at} : {line}" for line in others)]) + "\n"

    async def authorizer(self, caller: Caller, params: Params) -> dict[str, Any]:
        """What an authorizer answers; `clientStatus` is 0 where that can be used, else what a client would get."""
        exchange = self._exchange(caller, params, "GET", AUTHORIZERS_STAGE)
        exchange.request.resource_path = exchange.request.path
        exchange.known |= params.get("additionalContext") or {}
        exchange.say(f"Execution log for request {exchange.request.request_id}")
        authorizer = exchange.deployed.authorizers[params["authorizerId"]]
        began = self._ports.clock.wall()
        result: dict[str, Any] = {"clientStatus": 0}
        try:
            result |= await self._asked(exchange, authorizer)
        except Refusal as refusal:
            exchange.say(f"Execution failed: {refusal.why}")
            result["clientStatus"] = refusal.status
        result["latency"] = round((self._ports.clock.wall() - began) * 1000)
        return result | {"log": self._log(exchange)}

    async def _asked(self, exchange: Exchange, authorizer: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the answer that tell what it said. Raises Refusal."""
        values = rest_authorizers.identity(authorizer, exchange.request, exchange.known)
        if authorizer["type"] == "COGNITO_USER_POOLS":
            return {"claims": await cognito.claims(self._ports, exchange.scope, authorizer, values[0], ())}
        said = await ask(self._ports, exchange, authorizer, values)
        told = {"principalId": said.principal, "policy": orjson.dumps(said.policy).decode()}
        return told | {"authorization": {name: [value] for name, value in said.context.items()}}

    def _exchange(self, caller: Caller, params: Params, method: str, stage: str, at: str = "/") -> Exchange:
        scope, api_id = caller.scope, params["restApiId"]
        snapshot = take_snapshot(self._env, scope, api_id, whole=False)
        deployed = read(scope, api_id, "", snapshot)
        path, _, query = str(params.get("pathWithQueryString") or at).partition("?")
        headers = [(name, value) for name, value in (params.get("headers") or {}).items()]
        headers += [(name, one) for name, many in (params.get("multiValueHeaders") or {}).items() for one in many]
        request = RestRequest(
            method="GET" if method == "ANY" else method,
            path=path,
            query=query,
            headers=headers,
            body=str(params.get("body") or "").encode(),
            host="testPrefix.testDomainName",
            peer="test-invoke-source-ip",
            request_id=caller.request_id,
            extended_id=extended_id(caller.request_id),
            account=scope.account,
            region=scope.region,
            api_id=api_id,
            stage=stage,
            domain="testPrefix.testDomainName",
            prefix="",
            custom=True,
            now=self._ports.clock.wall(),
            stage_variables=params.get("stageVariables") or {},
            trace_id=caller.trace_id or trace_id(caller.request_id),
            test=True,
        )
        return Exchange(
            request,
            deployed,
            _stage(self._env, scope, params),
            {},
            signer=_signer(caller),
            logged=True,
            traced_data=True,
        )


def _stage(env: ApiGatewayEnv, scope: Scope, params: Params) -> dict[str, Any]:
    """The stage that servers on the web see: it has the client certificate. Raises 404."""
    certificate = params.get("clientCertificateId")
    if not certificate:
        return {}
    env.find(CLIENT_CERTIFICATE, scope, "", certificate)
    return {"clientCertificateId": certificate}


def _signer(caller: Caller) -> Signer:
    """Who tries it, as who asks a method: an integration may go by its caller's rights."""
    held = caller.held
    session, user = (held.session, held.user) if held is not None else ("", "")
    return Signer(caller.access_key or "", caller.scope.account, caller.role, caller.scope.region, session, user)


def _check(resource: Mapping[str, Any], name: str) -> None:
    """Raises 404, 400."""
    method = (resource.get("resourceMethods") or {}).get(name)
    if method is None:
        raise faults.not_found("Invalid Method identifier specified")
    if "methodIntegration" not in method:
        raise faults.bad_request("No integration defined for method")


async def _whole(reply: Reply) -> Reply:
    """A streamed answer, read to its end."""
    if reply.parts is None:
        return reply
    try:
        return Reply(reply.status, reply.headers, b"".join([part async for part in reply.parts]))
    except ConnectionAbortedError as error:
        raise Refusal("DEFAULT_5XX", why=str(error)) from error
