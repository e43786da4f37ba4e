"""Calls API destinations: with what authorizes, no faster than they may be called."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from lambent.buses import calling
from lambent.buses.calling import Call
from lambent.buses.registry import CONNECTION, DESTINATION, Document, Registry
from lambent.model.delivery import Delivery, DeliveryFailed
from lambent.model.scope import Scope

AGAIN = frozenset({401, 407, 409, 429})
"""Statuses below 500 that may be others another time."""
EARLIER = 10.0
"""Seconds before its end that a token is not used any more."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    body: bytes


Ask = Callable[[Call], Awaitable[Said]]
"""Sends a request to the web, as far as it is in reach. Raises DeliveryFailed when nobody answers."""


class ApiDestinations:
    """`now` answers seconds since 1970; `pause` and `monotonic` are of real time, which the web goes by."""

    def __init__(
        self,
        registry: Registry,
        ask: Ask,
        now: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._ask = ask
        self._now = now
        self._pause = pause
        self._monotonic = monotonic
        self._tokens: dict[str, tuple[str, float]] = {}
        """By the uid of a connection and of its last change: a token and when it ends."""
        self._turns: dict[str, float] = {}

    async def __call__(self, delivery: Delivery) -> None:
        """Send what is for a destination. Raises DeliveryFailed."""
        destination, connection = self._find(delivery.target)
        await self._turn(destination)
        said = await self._call(delivery, destination, connection)
        if said.status in calling.AGAIN and connection["kind"] == calling.OAUTH:
            self._tokens.pop(_key(connection), None)
            said = await self._call(delivery, destination, connection)
        if not 200 <= said.status < 300:
            passing = said.status >= 500 or said.status in AGAIN
            raise DeliveryFailed(f"{destination['endpoint']} answered {said.status}", passing=passing, code=_code(said))

    def _find(self, arn: str) -> tuple[Document, Document]:
        parts = arn.split(":", 5)
        scope = Scope(parts[4], parts[3])
        destination = self._registry.uniquely(DESTINATION, scope, parts[5])
        if destination is None:
            raise DeliveryFailed(f"there is no API destination {arn}", passing=False, code="NotFound")
        connection = self._registry.uniquely(CONNECTION, scope, destination["connection"].split(":", 5)[5])
        if connection is None or not connection["auth"]:
            text = f"the connection {destination['connection']} is not there, or not authorized"
            raise DeliveryFailed(text, passing=False, code="NotFound")
        return destination, connection

    async def _turn(self, destination: Document) -> None:
        """Wait until a destination may be called once more."""
        now = self._monotonic()
        turn = max(self._turns.get(destination["uid"], 0.0), now)
        self._turns[destination["uid"]] = turn + 1 / destination["rate"]
        if turn > now:
            await self._pause(turn - now)

    async def _call(self, delivery: Delivery, destination: Document, connection: Document) -> Said:
        token = await self._token(connection) if connection["kind"] == calling.OAUTH else ""
        call = calling.request_of(destination, connection, delivery.attributes, delivery.body, token)
        return await self._ask(call)

    async def _token(self, connection: Document) -> str:
        known = self._tokens.get(_key(connection))
        if known is not None and self._now() < known[1]:
            return known[0]
        call = calling.token_request(connection)
        said = await self._ask(call)
        if not 200 <= said.status < 300:
            text = f"{call.url} answered {said.status} when a token was asked for"
            raise DeliveryFailed(text, passing=said.status >= 500 or said.status == 429, code=_code(said))
        try:
            token, lasts = calling.token_of(said.body)
        except ValueError as error:
            text = f"{call.url} answered no token: {error}"
            raise DeliveryFailed(text, passing=False, code="InvalidToken") from error
        self._tokens[_key(connection)] = token, self._now() + lasts - EARLIER
        return token


def _key(connection: Document) -> str:
    return f"{connection['uid']}@{connection['modified']}"


CODES: Mapping[int, str] = {401: "AccessDenied", 403: "AccessDenied", 404: "NotFound", 429: "Throttling"}


def _code(said: Said) -> str:
    return CODES.get(said.status, "InternalError" if said.status >= 500 else "ClientError")
