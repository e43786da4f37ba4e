"""What a table's stream says: of items that have expired, that the service has deleted them; of a stream that was
switched off, that it has ended; of what is not there, an error with a name.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html;
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html (what was written stays readable, and
switching it on again makes another stream), and the errors of the operations of
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html.
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

HEADER = "x-lambent-principal"
"""The header in which the gateway says in whose name it asks."""
PRINCIPAL = "dynamodb.amazonaws.com"
IDENTITY = {"Type": "Service", "PrincipalId": PRINCIPAL}
VIEW = "StreamViewType"
NO_STREAM = "Requested resource not found: Stream: {} not found"
NO_SHARD = "Requested resource not found: Shard: {} in Stream: {} not found"
ERRORS = "com.amazonaws.dynamodb.v20120810#"
TRIMMED = "The sequence number is before the first record of the shard."
EXPIRED = "The shard iterator is not known any more."
"""Words of our own."""


def add_record(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's: a change becomes a record of the stream, unless that was switched off."""

    def add(shard: Any, old: Any, new: Any) -> None:
        if not _enabled(shard.table):
            return
        former(shard, old, new)
        if new is None and shard.items and _is_expiry():
            shard.items[-1].record["userIdentity"] = IDENTITY

    return add


def switch(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's, which forgets what a stream that is switched off has shown."""

    def set_specification(table: Any, streams: dict[str, Any] | None) -> None:
        view = (table.stream_specification or {}).get(VIEW)
        former(table, streams)
        if table.stream_shard is not None and not _enabled(table):
            table.stream_specification[VIEW] = view

    return set_specification


def update(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's, by which a stream that was once switched off can't be switched on."""

    def update_streams(backend: Any, table: Any, stream_specification: dict[str, Any]) -> None:
        if _enabled(table):
            former(backend, table, stream_specification)
        else:
            table.set_stream_specification(stream_specification)

    return update_streams


def describe(_gateway: Gateway, former: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Around moto's: a stream that was switched off is DISABLED, and its shard has an end."""

    def describe_stream(backend: Any, arn: str) -> dict[str, Any]:
        table = _table(backend, arn)
        table.stream_specification.setdefault(VIEW, None)
        said = former(backend, arn)
        if not _enabled(table):
            shard = table.stream_shard
            said["StreamStatus"] = "DISABLED"
            last = shard.starting_sequence_number + max(len(shard.items) - 1, 0)
            said["Shards"][0]["SequenceNumberRange"]["EndingSequenceNumber"] = str(last)
        return said

    return describe_stream


def iterate(_gateway: Gateway, former: Callable[..., Any]) -> Callable[..., Any]:
    """Around moto's, which fails on a shard that is not there."""

    def get_shard_iterator(
        backend: Any, arn: str, shard_id: str, shard_iterator_type: str, sequence_number: Any = None
    ) -> Any:
        from moto.core.exceptions import JsonRESTError
        from moto.dynamodb.exceptions import ResourceNotFoundException

        shard = _table(backend, arn).stream_shard
        if shard.id != shard_id:
            raise ResourceNotFoundException(NO_SHARD.format(shard_id, arn))
        if sequence_number is not None and sequence_number < shard.starting_sequence_number:
            raise JsonRESTError(f"{ERRORS}TrimmedDataAccessException", TRIMMED)
        return former(backend, arn, shard_id, shard_iterator_type, sequence_number)

    return get_shard_iterator


def read(_gateway: Gateway, former: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Around moto's, which fails on an iterator that it does not know, and sees no end."""

    def get_records(backend: Any, iterator_arn: str, limit: int) -> dict[str, Any]:
        from moto.core.exceptions import JsonRESTError

        found = backend.shard_iterators.get(iterator_arn)
        if found is None:
            raise JsonRESTError(f"{ERRORS}ExpiredIteratorException", EXPIRED)
        said = former(backend, iterator_arn, limit)
        shard = found.stream_shard
        behind = backend.shard_iterators[said["NextShardIterator"]].sequence_number
        if _ended(shard) and behind >= shard.starting_sequence_number + len(shard.items):
            del backend.shard_iterators[said.pop("NextShardIterator")]
        return said

    return get_records


def _table(backend: Any, arn: str) -> Any:
    """The table of a stream. Raises ResourceNotFoundException, also for a stream that another one came after."""
    from moto.dynamodb.exceptions import ResourceNotFoundException

    _, _, name = arn.partition(":table/")
    table = backend.dynamodb.tables.get(name.partition("/")[0])
    if table is None or table.stream_shard is None or arn != f"{table.table_arn}/stream/{table.latest_stream_label}":
        raise ResourceNotFoundException(NO_STREAM.format(arn))
    return table


def _ended(shard: Any) -> bool:
    return shard.table.stream_shard is not shard or not _enabled(shard.table)


def _enabled(table: Any) -> bool:
    return bool((table.stream_specification or {}).get("StreamEnabled"))


def _is_expiry() -> bool:
    import flask

    return flask.has_request_context() and flask.request.headers.get(HEADER) == PRINCIPAL
