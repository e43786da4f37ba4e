"""Calls the function of a trigger, while an operation of moto's Cognito is answered."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lambent.neighbour.bridges.handing import Gateway
from lambent.neighbour.bridges.pools import events

METADATA = frozenset({"AdminInitiateAuth", "InitiateAuth"})
"""Operations whose ClientMetadata is the `validationData` of some triggers, and nothing to the others.

Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
"""
_HERE = threading.local()


@dataclass(slots=True)
class Asked:
    """The operation that a thread answers: its parameters, the pool that it is about, the trace that it is part of.

    `tokens`: the event's version and the function's response, for the tokens that are made next.
    """

    gateway: Gateway
    operation: str
    params: Mapping[str, Any]
    pool: Any
    trace: str = ""
    tokens: tuple[str, Mapping[str, Any]] | None = None
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def client(self) -> str:
        """The app client, as events name it."""
        return str(self.params.get("ClientId") or events.NO_CLIENT)

    @property
    def metadata(self) -> dict[str, Any]:
        """`clientMetadata`, where the operation hands it on."""
        said = self.params.get("ClientMetadata")
        return {"clientMetadata": said} if said and self.operation not in METADATA else {}

    def has(self, trigger: str) -> bool:
        """Whether the pool has a function for it."""
        return bool(self._function(trigger))

    def call(
        self,
        trigger: str,
        source: str,
        user: str,
        request: Mapping[str, Any],
        response: Mapping[str, Any] | None = None,
        version: str = "1",
    ) -> dict[str, Any]:
        """What the function answers; {} when there is none. Raises moto's JsonRESTError."""
        function = self._function(trigger)
        if not function:
            return {}
        blank = events.RESPONSES.get(trigger, {}) if response is None else response
        place = (self.pool.region, self.pool.id)
        event = events.event(place, source, user, self.client, request, blank, version)
        said = self.gateway.trigger(
            {"function": function, "pool": self.pool.arn, "trigger": trigger, "event": event, "trace": self.trace}
        )
        return _response(trigger, said)

    def _function(self, trigger: str) -> str:
        return events.lambda_arn(self.pool.extended_config.get("LambdaConfig") or {}, trigger)


def _response(trigger: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Raises moto's JsonRESTError, in words that users of AWS have reported."""
    if "failed" in said:
        raise fault("UserLambdaValidationException", f"{trigger} failed with error {said['failed']}.")
    if "error" in said:
        raise fault("UnexpectedLambdaException", f"{trigger} invocation failed due to error {said['error']}.")
    try:
        return events.answer(said.get("payload", ""))
    except events.Unrecognised as error:
        raise unrecognised() from error


def fault(code: str, message: str) -> Exception:
    """An error of Cognito's."""
    from moto.core.exceptions import JsonRESTError

    made: Exception = JsonRESTError(code, message)
    return made


def unrecognised() -> Exception:
    """For an answer that Cognito can't use."""
    return fault("InvalidLambdaResponseException", events.UNRECOGNISED)


def now() -> Asked | None:
    """What this thread answers, if triggers have a say in it."""
    return getattr(_HERE, "asked", None)


@contextmanager
def answering(asked: Asked) -> Iterator[None]:
    """This thread answers that."""
    before = now()
    _HERE.asked = asked
    try:
        yield
    finally:
        _HERE.asked = before


Work = Callable[[Any, Asked, Callable[[], Any]], Any]
"""What an operation does around moto's: given moto's answering object, what is asked, and moto's own way."""


def around(operation: str, work: Work) -> Callable[[Gateway, Callable[[Any], Any]], Callable[[Any], Any]]:
    """Around an operation of `CognitoIdpResponse`: where the pool has triggers, `work` answers."""

    def make(gateway: Gateway, former: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def answer(response: Any) -> Any:
            params = _params(response)
            pool = _pool(response, params)
            if pool is None or not pool.extended_config.get("LambdaConfig"):
                return former(response)
            asked = Asked(gateway, operation, params, pool, str(response.headers.get("X-Amzn-Trace-Id") or ""))
            with answering(asked):
                return work(response, asked, lambda: former(response))

        return answer

    return make


def _params(response: Any) -> dict[str, Any]:
    try:
        said = json.loads(response.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _pool(response: Any, params: Mapping[str, Any]) -> Any:
    """The pool that is named, or whose client is, or whose user's token it is."""
    agnostic = response._get_region_agnostic_backend()
    if pool := params.get("UserPoolId"):
        return response.backend.user_pools.get(pool)
    if client := params.get("ClientId"):
        pools = agnostic._find_backend_for_clientid(client).user_pools.values()
        return next((one for one in pools if client in one.clients), None)
    token = params.get("AccessToken")
    pools = agnostic._find_backend_by_access_token(token).user_pools.values()
    return next((one for one in pools if token in one.access_tokens), None)
