"""PutRecord and PutRecords.

Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html: 500 records and 10 MiB a request,
a record as large as the stream's MaxRecordSizeInKiB.
"""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.kinesis.env import KinesisEnv
from lambent.streams import errors
from lambent.streams.config import Config
from lambent.streams.records import Entry, seq_of
from lambent.streams.shard_map import HASHES

MOST_BYTES = 10 * 1024 * 1024


async def put_record(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One record."""
    stream = await writable(env, caller, params)
    _check_order(env, stream, params.get("SequenceNumberForOrdering"))
    outcome = (await env.records.put(stream, [_entry(stream, params)]))[0]
    if isinstance(outcome, errors.StreamError):
        raise outcome
    answer = {"ShardId": outcome.shard, "SequenceNumber": outcome.sequence}
    return answer | _encryption(stream)


async def put_records(env: KinesisEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Many records, each with an outcome of its own."""
    stream = await writable(env, caller, params)
    entries = [_entry(stream, one, f"records.{at}.member.") for at, one in enumerate(params["Records"], 1)]
    size = sum([one.size for one in entries])
    if size > MOST_BYTES:
        raise errors.invalid(f"Records size exceeds {MOST_BYTES // 1024 // 1024} MB limit")
    outcomes = await env.records.put(stream, entries)
    failed = sum(isinstance(one, errors.StreamError) for one in outcomes)
    return {"FailedRecordCount": failed, "Records": [_told(one) for one in outcomes]} | _encryption(stream)


def _told(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, errors.StreamError):
        return {"ErrorCode": outcome.code, "ErrorMessage": outcome.message}
    return {"SequenceNumber": outcome.sequence, "ShardId": outcome.shard}


async def writable(env: KinesisEnv, caller: Caller, params: Mapping[str, Any]) -> Config:
    """The stream when its shards are not about to change, unless it is still being made. Raises StreamError."""
    stream = env.stream(caller, params)
    while not (gate := env.records.gate(stream)).is_open:
        await gate.opened()
        stream = env.stream(caller, params)
    if stream.status in ("CREATING", "DELETING"):
        raise errors.no_stream(stream.name, stream.scope.account)
    return stream


def _entry(stream: Config, said: Mapping[str, Any], path: str = "") -> Entry:
    key = said.get("PartitionKey")
    if key is None:
        raise errors.missing(f"{path}partitionKey")
    data = said["Data"]
    size = len(data) + len(key if key.isascii() else key.encode())
    if size > stream.document["max_record_kib"] * 1024:
        raise errors.invalid(
            f"Record size {size} exceeds the maximum of {stream.document['max_record_kib']} KiB."  # our wording
        )
    return Entry(data, key, _hash_key(said.get("ExplicitHashKey")), size)


def _hash_key(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text[:40]) >= HASHES:
        raise errors.invalid(
            f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {text}"
        )
    return int(text)


def _check_order(env: KinesisEnv, stream: Config, sequence: str | None) -> None:
    """A record is behind all that came before it, so that any number of the past will do."""
    try:
        past = sequence is None or seq_of(sequence) <= env.records.latest
    except ValueError:
        past = False
    if not past:
        raise errors.invalid(
            f"ExclusiveMinimumSequenceNumber {sequence} used in PutRecord on stream {stream.name} under account "
            f"{stream.scope.account} is invalid."
        )


def _encryption(stream: Config) -> dict[str, Any]:
    kind = stream.document["encryption"].get("EncryptionType")
    return {"EncryptionType": kind} if kind else {}
