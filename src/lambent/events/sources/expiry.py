"""Items of tables that expire (TimeToLive) are deleted, which moto never does by itself.

Tables are those whose TimeToLive was enabled through this endpoint since it started: moto's do not live longer. They
are looked through once a minute while something is written, then less and less often; AWS takes up to some days.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html (numbers only, seconds
since 1970; nothing that is more than five years old).
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import orjson

from lambent.clock import Clock
from lambent.model.scope import Scope

log = logging.getLogger(__name__)

PAUSES = (60.0, 3600.0)
"""Seconds between looks: the shortest, doubled every time, and the longest."""
TOO_OLD = 5 * 365 * 86_400
CONDITION = "attribute_type(#t, :number) AND #t <= :now AND #t >= :oldest"

Ask = Callable[[Scope, str, Mapping[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]
"""Call an operation of DynamoDB as an account, in the name of its expiry: status and answer."""


class Expiry:
    """All tables whose items expire."""

    def __init__(self, ask: Ask, clock: Clock, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._ask = ask
        self._clock = clock
        self._spawn = spawn
        self._tables: dict[tuple[Scope, str], str] = {}
        """Table -> the attribute that says when an item expires."""
        self._pause = PAUSES[0]
        self._set = False

    def saw(self, operation: str, scope: Scope, body: bytes) -> None:
        """A request to DynamoDB was answered."""
        if operation == "UpdateTimeToLive":
            self._update(scope, body)
        self._pause = PAUSES[0]
        self._wind()

    def _update(self, scope: Scope, body: bytes) -> None:
        try:
            said = orjson.loads(body)
            table, wanted = str(said["TableName"]).rpartition("/")[2], said["TimeToLiveSpecification"]
            if wanted["Enabled"]:
                self._tables[scope, table] = str(wanted["AttributeName"])
            else:
                self._tables.pop((scope, table), None)
        except (ValueError, KeyError, TypeError):
            return  # refused where it was sent

    def _wind(self) -> None:
        if self._tables and not self._set:
            self._set = True
            self._clock.call_at(self._clock.monotonic() + self._pause, self._look)

    def _look(self) -> None:
        self._set = False
        self._pause = min(self._pause * 2, PAUSES[1])
        self._clock.began()
        self._spawn(self._sweep())

    async def _sweep(self) -> None:
        try:
            for (scope, table), attribute in list(self._tables.items()):
                await self._expire(scope, table, attribute)
        except Exception:
            log.exception("items that have expired can't be deleted now")
        finally:
            self._clock.ended()
            self._wind()

    async def _expire(self, scope: Scope, table: str, attribute: str) -> None:
        status, said = await self._ask(scope, "DescribeTable", {"TableName": table})
        if status != 200:
            self._tables.pop((scope, table), None)  # it is gone, and may never have been there
            return
        keys = [one["AttributeName"] for one in said["Table"]["KeySchema"]]
        asked: dict[str, Any] = {"TableName": table, **self._condition(attribute)}
        scan = {**asked, "FilterExpression": CONDITION}
        while True:
            _, said = await self._ask(scope, "Scan", scan)
            for item in said.get("Items", ()):
                key = {name: item[name] for name in keys}
                await self._ask(scope, "DeleteItem", {**asked, "Key": key, "ConditionExpression": CONDITION})
            if not said.get("LastEvaluatedKey"):
                return
            scan["ExclusiveStartKey"] = said["LastEvaluatedKey"]

    def _condition(self, attribute: str) -> dict[str, Any]:
        now = int(self._clock.wall())
        values = {":now": {"N": str(now)}, ":oldest": {"N": str(now - TOO_OLD)}, ":number": {"S": "N"}}
        return {"ExpressionAttributeNames": {"#t": attribute}, "ExpressionAttributeValues": values}
