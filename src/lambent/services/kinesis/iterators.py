"""Shard iterators: where a read begins, opaque to clients, good for five minutes."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from lambent.services.kinesis.env import KinesisEnv
from lambent.streams import errors
from lambent.streams.config import Config
from lambent.streams.records import MOST_SEQ, seq_of, shard_of
from lambent.streams.shard_map import Shard, shard_id

SECONDS = 300.0
"""Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html"""


EITHER = (
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) "
    "TRIM_HORIZON or LATEST and no StartingSequenceNumber."
)


@dataclass(frozen=True, slots=True)
class Iterator:
    """Behind the place `after` of a shard."""

    arn: str
    uid: int
    shard: int
    after: int


def write(env: KinesisEnv, stream: Config, shard: int, after: int) -> str:
    """An iterator, as clients get it."""
    said = [stream.arn, stream.uid, shard, after, env.clock.wall()]
    return base64.b64encode(orjson.dumps(said)).decode("ascii")


def read(env: KinesisEnv, text: str) -> Iterator:
    """What an iterator says. Raises StreamError."""
    try:
        arn, uid, shard, after, made = orjson.loads(base64.b64decode(text, validate=True))
        found = Iterator(str(arn), int(uid), int(shard), int(after))
        age = env.clock.wall() - float(made)
        if not 0 <= found.after <= MOST_SEQ:
            raise ValueError(text)
    except (ValueError, TypeError, OverflowError):
        raise errors.invalid("Invalid ShardIterator.") from None
    if age > SECONDS:
        raise errors.StreamError(
            "ExpiredIteratorException",
            f"Iterator expired. The iterator was created at time {_date(float(made))} while right now it is "
            f"{_date(env.clock.wall())} which is further in the future than the tolerated delay of "
            f"{SECONDS * 1000:.0f} milliseconds.",
        )
    return found


def _date(moment: float) -> str:
    """As Java writes it: Thu Jan 22 01:22:02 UTC 2015."""
    return datetime.fromtimestamp(moment, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")


async def place(env: KinesisEnv, stream: Config, shard: Shard, params: Mapping[str, Any]) -> int:
    """The place behind which a read of `ShardIteratorType` (or a starting position's `Type`) begins."""
    kind = params.get("ShardIteratorType") or params.get("Type")
    sequence = params.get("StartingSequenceNumber") or params.get("SequenceNumber")
    if sequence is not None and kind in ("TRIM_HORIZON", "LATEST"):
        raise errors.invalid(f"{EITHER} Request specified {kind} and also a StartingSequenceNumber.")
    match kind:
        case "TRIM_HORIZON":
            return 0
        case "LATEST":
            return env.records.latest
        case "AT_TIMESTAMP":
            return await env.records.place_at(stream, shard.number, _moment(env, params.get("Timestamp")))
        case _ if sequence is None:
            raise errors.invalid(f"{EITHER} Request specified {kind} and no StartingSequenceNumber.")
        case _:
            return _behind(stream, shard, sequence) - (kind == "AT_SEQUENCE_NUMBER")


def _moment(env: KinesisEnv, said: datetime | None) -> float:
    """Seconds since 1970, not in the future."""
    if said is None:
        raise errors.invalid(
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no "
            "timestamp parameter."
        )
    moment, now = said.timestamp(), env.clock.wall()
    if int(moment * 1000) > int(now * 1000):
        raise errors.invalid(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: "
            f"{int(moment * 1000)}, currentTimestampInMillis: {int(now * 1000)}"
        )
    return moment


def _behind(stream: Config, shard: Shard, sequence: str) -> int:
    used = f"StartingSequenceNumber {sequence} used in GetShardIterator on shard {shard.id} in stream {stream.name}"
    invalid = f"{used} under account {stream.scope.account} is invalid"
    try:
        seq, number = seq_of(sequence), shard_of(sequence)
    except ValueError:
        raise errors.invalid(f"{invalid}.") from None
    if number != shard.number:
        raise errors.invalid(
            f"Invalid StartingSequenceNumber. It encodes {shard_id(number)}, while it was used in a call to a shard "
            f"with {shard.id}"
        )
    if seq < shard.begins:
        raise errors.invalid(f"{invalid} because it did not come from this stream.")
    return seq
