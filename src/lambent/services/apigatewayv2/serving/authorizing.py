"""Who may ask a route: anybody, who has signed, a token's bearer, or whom a function lets in."""

from collections.abc import Awaitable, Callable

import orjson

from lambent.engine.authorisation import resource
from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.request_keys import of_any
from lambent.http_events import http_authorizers
from lambent.http_events.http_authorizers import Said
from lambent.model.door import Call
from lambent.services.apigatewayv2.serving import functions
from lambent.services.apigatewayv2.serving.exchange import Exchange
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.apigatewayv2.serving.served import Document
from lambent.services.apigatewayv2.serving.tokens import Tokens

INVOKE = "execute-api:Invoke"
SECONDS = 10.0
"""For an authorizer's function: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""


class Authorizing:
    """By the route's AuthorizationType. All raise Refused for who may not."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._tokens = Tokens(ports)
        self._kinds: dict[str, Callable[[Exchange], Awaitable[None]]] = {
            "JWT": self._token,
            "CUSTOM": self._function,
            "AWS_IAM": self._signed,
        }

    async def check(self, exchange: Exchange) -> None:
        """What is known of who asks stands in the call then."""
        kind = exchange.route.get("AuthorizationType") or "NONE"
        if kind != "NONE":
            await self._kinds[kind](exchange)

    async def _signed(self, exchange: Exchange) -> None:
        signer = self._ports.signer(exchange.site)
        if signer is None or signer.account != exchange.served.scope.account:
            raise http_authorizers.forbidden("the request is not signed as it must be, or by another account")
        call = exchange.call
        keys = of_any(self._ports.clock.wall(), call.peer)
        if not await self._ports.may(signer, INVOKE, self._asked_arn(exchange), None, keys):
            raise http_authorizers.forbidden("the caller's policies do not allow it")
        exchange.signer = signer
        call.authorizer = {
            "iam": {
                "accessKey": signer.access_key,
                "accountId": signer.account,
                "callerId": signer.user_id,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": signer.arn,
                "userId": signer.user_id,
            }
        }
        call.identity |= {
            "accessKey": signer.access_key,
            "accountId": signer.account,
            "caller": signer.user_id,
            "user": signer.user_id,
            "userArn": signer.arn,
        }

    def _authorizer(self, exchange: Exchange) -> Document:
        found = exchange.served.authorizers.get(str(exchange.route.get("AuthorizerId")))
        if found is None:
            raise http_authorizers.failed("the route's authorizer is not there")
        return found

    # --- tokens

    async def _token(self, exchange: Exchange) -> None:
        authorizer = self._authorizer(exchange)
        configuration, wanted = authorizer["JwtConfiguration"], exchange.route.get("AuthorizationScopes") or ()
        try:
            token = http_authorizers.identity(authorizer, exchange.call)[0]
        except http_authorizers.Refused as refused:
            raise http_authorizers.unauthorized(refused.why, "Bearer") from refused
        token = token[7:] if token[:7].lower() == "bearer " else token
        claims = await self._tokens.claims(exchange.served.scope, configuration["Issuer"], token.strip())
        http_authorizers.check_claims(claims, configuration, wanted, self._ports.clock.wall())
        shown = {name: http_authorizers.claim_text(value) for name, value in claims.items()}
        scopes = http_authorizers.scopes_of(claims) if wanted else None
        exchange.call.authorizer = {"jwt": {"claims": shown, "scopes": scopes}}
        exchange.call.authorizer_v1 = {"claims": shown, "scopes": scopes}

    # --- functions

    async def _function(self, exchange: Exchange) -> None:
        authorizer = self._authorizer(exchange)
        values = http_authorizers.identity(authorizer, exchange.call)
        said = await self._said(exchange, authorizer, values)
        allowed = said.allowed if said.policy is None else self._allows(said.policy, exchange)
        if not allowed:
            raise http_authorizers.forbidden("the authorizer does not let the caller in")
        exchange.call.authorizer = {"lambda": said.context or None}
        principal = {"principalId": said.principal} if said.principal is not None else {}
        exchange.call.authorizer_v1 = principal | said.context

    async def _said(self, exchange: Exchange, authorizer: Document, values: tuple[str, ...]) -> Said:
        """What the function has answered for the same identity before, or answers now."""
        ttl, now = float(authorizer.get("AuthorizerResultTtlInSeconds") or 0), self._ports.clock.monotonic()
        owner = (exchange.served.scope, exchange.served.api_id, exchange.call.stage)
        key = (authorizer["AuthorizerId"], values)
        kept = self._ports.authorizations.get(owner, key, now) if ttl and values else None
        if kept is not None:
            return kept
        said = await self._ask(exchange, authorizer, values)
        if values:
            self._ports.authorizations.put(owner, key, said, now, ttl)
        return said

    async def _ask(self, exchange: Exchange, authorizer: Document, values: tuple[str, ...]) -> Said:
        event = http_authorizers.question(authorizer, exchange.call, values, exchange.route_arn)
        arn = functions.function_of(authorizer["AuthorizerUri"], exchange.call.stage_variables)
        source = f"{exchange.served.arn}/authorizers/{authorizer['AuthorizerId']}"
        door = exchange.door(source, str(authorizer.get("AuthorizerCredentialsArn") or ""))
        call = Call(arn, orjson.dumps(event), self._ports.new_id(), exchange.call.trace_id)
        try:
            outcome = await functions.call(self._ports, door, call, SECONDS)
        except http_authorizers.Refused as refused:
            raise http_authorizers.failed(refused.why) from refused
        return http_authorizers.read(authorizer, outcome.payload, outcome.error)

    def _allows(self, policy: Document, exchange: Exchange) -> bool:
        keys = of_any(self._ports.clock.wall(), exchange.call.peer)
        who = resource.caller(exchange.served.scope.account)
        return resource.lets_in(policy, Ask(who, INVOKE, self._asked_arn(exchange), keys=keys))

    def _asked_arn(self, exchange: Exchange) -> str:
        call = exchange.call
        return f"{exchange.served.arn}/{call.stage}/{call.method}{call.path}"
