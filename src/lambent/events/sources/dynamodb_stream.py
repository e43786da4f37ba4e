"""A stream of a DynamoDB table, by the Streams API of whatever answers DynamoDB.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html;
the event: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html and recorded events.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lambent.engine.dynamodb_item import item_size
from lambent.engine.failure_record import DYNAMODB
from lambent.events.sources.pulse import Pulse
from lambent.events.sources.stream import CursorExpired, Page, Position, ShardInfo, StreamGone, StreamRecord

EVENT_VERSION = "1.1"
TARGET = "DynamoDBStreams_20120810"
POLL_SECONDS = 0.25
"""Between looks at a table that others may write to unseen; AWS polls four times a second (with-ddb, above)."""
IDLE_SECONDS = 2.0
"""Between looks at a table all of whose writes are seen."""

Ask = Callable[[str, str, Mapping[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]
"""Call an operation (service, target, document) as the stream's account: status and answer."""


class Failed(Exception):
    """The service answered something else."""


class DynamoDbStream:
    """One stream. `written` beats whenever something may have been written to the table; `all_seen` tells whether
    that is so for every write. `ahead` answers how many seconds the platform's clock is ahead of the machine's, by
    which the service dates its records."""

    filter_key = "dynamodb"
    batch_info = DYNAMODB

    def __init__(self, arn: str, ask: Ask, written: Pulse, all_seen: bool, ahead: Callable[[], float]) -> None:
        self._arn = arn
        self._label = arn.rpartition("/")[2]
        self._ahead = ahead
        self._ask = ask
        self._written = written
        self._seconds = IDLE_SECONDS if all_seen else POLL_SECONDS

    async def shards(self) -> Sequence[ShardInfo]:
        """Its shards. Raises StreamGone."""
        found: list[ShardInfo] = []
        asked: dict[str, Any] = {"StreamArn": self._arn}
        while True:
            said = (await self._call("DescribeStream", asked))["StreamDescription"]
            if said.get("StreamLabel", self._label) != self._label:  # moto: the stream of a table that was made anew
                raise StreamGone(self._arn)
            found += [_shard(one) for one in said.get("Shards") or ()]
            last = said.get("LastEvaluatedShardId")
            if not last:
                return found
            asked["ExclusiveStartShardId"] = last

    async def seek(self, shard: str, position: Position) -> str:
        """A cursor. Raises StreamGone, CursorExpired."""
        asked = {"StreamArn": self._arn, "ShardId": shard, "ShardIteratorType": position.kind}
        if position.sequence:
            asked["SequenceNumber"] = position.sequence
        return str((await self._call("GetShardIterator", asked))["ShardIterator"])

    async def read(self, cursor: str, most: int) -> Page:
        """Up to `most` records. Raises StreamGone, CursorExpired."""
        said = await self._call("GetRecords", {"ShardIterator": cursor, "Limit": min(most, 1_000)})
        return Page([self._record(one) for one in said.get("Records") or ()], said.get("NextShardIterator"))

    def mark(self) -> int:
        """The writes that were seen so far."""
        return self._written.beats

    async def wait(self, mark: int) -> None:
        """Until something may have been written."""
        await self._written.wait(mark, self._seconds)

    def filterable(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record as filters see it: as the function does."""
        return event

    def _record(self, said: Mapping[str, Any]) -> StreamRecord:
        changed = dict(said["dynamodb"])
        arrived = float(changed.get("ApproximateCreationDateTime") or 0.0) + round(self._ahead())
        changed["ApproximateCreationDateTime"] = float(int(arrived))  # recorded: whole seconds, as a float
        changed["SizeBytes"] = sum(item_size(changed.get(name) or {}) for name in ("Keys", "NewImage", "OldImage"))
        event = {
            "eventID": said["eventID"],
            "eventName": said["eventName"],
            "eventVersion": EVENT_VERSION,
            "eventSource": "aws:dynamodb",
            "awsRegion": said.get("awsRegion", ""),
            "dynamodb": changed,
            "eventSourceARN": self._arn,
        }
        if said.get("userIdentity"):
            event["userIdentity"] = {
                "type": said["userIdentity"].get("Type"),
                "principalId": said["userIdentity"].get("PrincipalId"),
            }
        return StreamRecord(changed["SequenceNumber"], _key(changed.get("Keys") or {}), arrived, event)

    async def _call(self, operation: str, document: Mapping[str, Any]) -> dict[str, Any]:
        status, said = await self._ask("dynamodbstreams", f"{TARGET}.{operation}", document)
        if status < 300:
            return said
        code = str(said.get("__type", "")).rpartition("#")[2]
        if code == "ResourceNotFoundException":
            raise StreamGone(self._arn)
        if code in ("ExpiredIteratorException", "TrimmedDataAccessException"):
            raise CursorExpired(code)
        raise Failed(f"{operation} answered {status}: {code} {said.get('message') or said.get('Message') or ''}")


def _shard(said: Mapping[str, Any]) -> ShardInfo:
    parent = said.get("ParentShardId")
    return ShardInfo(said["ShardId"], (parent,) if parent else ())


def _key(keys: Mapping[str, Any]) -> str:
    """What orders an item's changes: its whole key."""
    return repr(sorted((name, sorted(value.items())) for name, value in keys.items()))
