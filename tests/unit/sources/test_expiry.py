"""Items that expire are deleted on the platform's clock."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lambent.clock import ManualClock
from lambent.events.sources.expiry import PAUSES, Expiry
from lambent.model.scope import Scope
from tests.unit.sources.kit import HERE, START


class Tables:
    """One table with a key `id`, in memory; knows the one condition that is asked for."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.items: dict[str, dict[str, Any]] = {}
        self.there, self.looks = True, 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.expiry = Expiry(self.ask, self.clock, self._spawn)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def ask(self, scope: Scope, operation: str, document: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        assert scope == HERE and document["TableName"] == "t"
        if operation == "DescribeTable":
            keys = {"Table": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}
            return (200, keys) if self.there else (400, {})
        if operation == "Scan":
            self.looks += 1
            return 200, {"Items": [one for one in self.items.values() if self._is_over(one, document)]}
        assert operation == "DeleteItem" and document["ConditionExpression"]
        del self.items[document["Key"]["id"]["S"]]
        return 200, {}

    def _is_over(self, item: dict[str, Any], asked: Mapping[str, Any]) -> bool:
        values = asked["ExpressionAttributeValues"]
        said = item.get(asked["ExpressionAttributeNames"]["#t"], {})
        return "N" in said and int(values[":oldest"]["N"]) <= int(said["N"]) <= int(values[":now"]["N"])

    def put(self, name: str, **attributes: Any) -> None:
        self.items[name] = {"id": {"S": name}, **attributes}
        self.expiry.saw("PutItem", HERE, b"{}")

    def enable(self, enabled: bool = True) -> None:
        wanted = {"Enabled": enabled, "AttributeName": "until"}
        body = json.dumps({"TableName": "t", "TimeToLiveSpecification": wanted}).encode()
        self.expiry.saw("UpdateTimeToLive", HERE, body)


def play(scene: Callable[[Tables], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Tables())

    asyncio.run(main())


def test_items_go_when_their_time_has_come() -> None:
    async def scene(tables: Tables) -> None:
        tables.enable()
        tables.put("soon", until={"N": str(int(START) + 100)})
        tables.put("late", until={"N": str(int(START) + 100_000)})
        tables.put("ancient", until={"N": "1"})
        tables.put("text", until={"S": "1800000000"})
        tables.put("never")
        await tables.clock.advance(60)
        assert "soon" in tables.items
        await tables.clock.advance(7_200)
        assert set(tables.items) == {"late", "ancient", "text", "never"}
        await tables.clock.advance(100_000)
        assert set(tables.items) == {"ancient", "text", "never"}

    play(scene)


def test_a_table_at_rest_is_looked_at_less_and_less_often() -> None:
    async def scene(tables: Tables) -> None:
        tables.enable()
        await tables.clock.advance(24 * PAUSES[1])
        assert tables.looks <= 30
        tables.put("soon", until={"N": str(int(tables.clock.wall()))})
        await tables.clock.advance(PAUSES[1])
        assert not tables.items

    play(scene)


def test_a_table_whose_expiry_is_off_or_that_is_gone_is_left_alone() -> None:
    async def scene(tables: Tables) -> None:
        tables.enable()
        tables.enable(False)
        tables.put("soon", until={"N": "1"})
        await tables.clock.advance(7_200)
        tables.enable()
        tables.there = False
        await tables.clock.advance(7_200)
        assert tables.looks == 0 and tables.items
        tables.expiry.saw("UpdateTimeToLive", HERE, b"no JSON")

    play(scene)
