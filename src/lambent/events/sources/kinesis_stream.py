"""A Kinesis stream as a mapping reads it.

The event: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and recorded events. On AWS a mapping looks at
a shard once a second; here it is woken by what comes.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambent.engine.failure_record import KINESIS
from lambent.events.sources.pulse import Pulse
from lambent.events.sources.stream import Page, Position, ShardInfo, StreamGone, StreamRecord
from lambent.store.stream_records import RecordRow
from lambent.streams.config import Config
from lambent.streams.records import Records, seq_of, sequence_number
from lambent.streams.registry import Registry
from lambent.streams.shard_map import shard_id

IDLE_SECONDS = 30.0


class KinesisStream:
    """The stream of an ARN, or of a consumer's. `written` answers the pulse of a stream's uid, `role` the ARN of the
    role that the function runs under."""

    filter_key = "data"
    batch_info = KINESIS

    def __init__(
        self,
        arn: str,
        registry: Registry,
        records: Records,
        written: Callable[[int], Pulse],
        role: Callable[[], str],
    ) -> None:
        self._arn = arn
        self._registry = registry
        self._records = records
        self._written = written
        self._role = role

    def _stream(self) -> Config:
        found = self._registry.by_arn(self._arn)
        if found is None:
            raise StreamGone(self._arn)
        return found

    async def shards(self) -> Sequence[ShardInfo]:
        """Its shards. Raises StreamGone."""
        return [
            ShardInfo(one.id, tuple(map(shard_id, one.parents)), one.opened, not one.open)
            for one in self._stream().shards
        ]

    async def seek(self, shard: str, position: Position) -> str:
        """A cursor. Raises StreamGone."""
        stream = self._stream()
        there = stream.shard(shard)
        if there is None:
            raise StreamGone(f"{self._arn} has no {shard}")
        match position.kind:
            case "LATEST":
                after = self._records.latest
            case "AT_TIMESTAMP":
                after = await self._records.place_at(stream, there.number, position.timestamp)
            case "AFTER_SEQUENCE_NUMBER":
                after = seq_of(position.sequence)
            case _:
                after = 0
        return f"{stream.uid}:{there.number}:{after}"

    async def read(self, cursor: str, most: int) -> Page:
        """Up to `most` records. Raises StreamGone, for another stream of the same name, too."""
        uid, number, after = map(int, cursor.split(":"))
        stream = self._stream()
        if stream.uid != uid:
            raise StreamGone(self._arn)
        found = await self._records.read(stream, number, after, most)
        records = [self._record(stream, row) for row in found.rows]
        return Page(records, None if found.ended else f"{uid}:{number}:{found.after}")

    def mark(self) -> int:
        """The writes so far."""
        return self._pulse().beats

    async def wait(self, mark: int) -> None:
        """Until something was written."""
        await self._pulse().wait(mark, IDLE_SECONDS)

    def _pulse(self) -> Pulse:
        found = self._registry.by_arn(self._arn)  # another one, when a stream was deleted and made again
        return self._written(found.uid if found is not None else 0)

    def filterable(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record as filters see it: the members of `kinesis`, with `data` as the text that it encodes."""
        said = event["kinesis"]
        try:
            data = base64.b64decode(said["data"]).decode()
        except UnicodeDecodeError:
            data = ""
        return {**event, **said, "data": data}

    def _record(self, stream: Config, row: RecordRow) -> StreamRecord:
        sequence = sequence_number(row.shard, row.seq)
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": row.key,
                "sequenceNumber": sequence,
                "data": base64.b64encode(row.data).decode("ascii"),
                "approximateArrivalTimestamp": round(row.arrived, 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id(row.shard)}:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role(),
            "awsRegion": stream.scope.region,
            "eventSourceARN": self._arn,
        }
        return StreamRecord(sequence, row.key, row.arrived, event)
