"""Messages into a queue."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lambent.model.limits import Limits
from lambent.queues import md5, outgoing
from lambent.queues.config import Config
from lambent.queues.content import Content
from lambent.queues.errors import QueueError
from lambent.queues.live_queue import DEDUPLICATION_SECONDS, Accepted, Live
from lambent.queues.messages import Messages, sequence_number
from lambent.queues.outgoing import TRACE, Outgoing
from lambent.store.errors import StoreBroken
from lambent.store.queues import Changes, DeduplicationRow, MessageRow

PRUNE_SECONDS = 60.0
"""How often deduplication ids that are of no use any more are dropped from disk."""


class Sent(NamedTuple):
    """What the sender is told."""

    id: str
    md5: str
    md5_attributes: str | None
    md5_system: str | None
    sequence: str | None


@dataclass(slots=True)
class _Batch:
    """What one send writes. `earlier` are messages that were accepted before, under the same deduplication ids."""

    messages: list[MessageRow] = field(default_factory=list)
    contents: list[tuple[int, Content]] = field(default_factory=list)
    deduplications: list[DeduplicationRow] = field(default_factory=list)
    earlier: list[Accepted] = field(default_factory=list)


async def send(
    messages: Messages, limits: Limits, queue: Config, asked: Sequence[Outgoing], *, light: bool = False
) -> list[Sent | QueueError]:
    """Send each message, or say why not. Those that are sent are on disk, `light` ones as `GroupCommit.write` has it.
    Raises StoreError; then none is."""
    live = await messages.live(queue)
    now = messages.clock.wall()
    batch = _Batch()
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    outcomes: list[Sent | QueueError] = []
    for one in asked:
        try:
            outgoing.check(one, queue, limits.sqs_fair_queues)
        except QueueError as fault:
            outcomes.append(fault)
        else:
            outcomes.append(_add(messages, live, queue, batch, one, now, done))
    await _write(messages, live, batch, now, done, light=light)
    for accepted in batch.earlier:
        if accepted.done is not None and not await asyncio.shield(accepted.done):
            raise StoreBroken("the message of that deduplication id could not be written")
    return outcomes


def _add(
    messages: Messages,
    live: Live,
    queue: Config,
    batch: _Batch,
    one: Outgoing,
    now: float,
    done: "asyncio.Future[bool]",
) -> Sent:
    deduplication = _deduplication_id(queue, one)
    key = f"{one.group}\n{deduplication}" if queue.group_deduplication else deduplication
    accepted = live.accepted.get(key, now) if queue.fifo else None
    if accepted is not None:
        batch.earlier.append(accepted)
        return _sent(queue, one, accepted.seq, accepted.id)
    seq, message_id = messages.next_seq(), messages.new_id()
    sent = _sent(queue, one, seq, message_id)
    delay = queue.delay if one.delay is None else one.delay
    group = (one.group or "") if queue.fifo else ""
    batch.messages.append(MessageRow(queue.uid, seq, now, now + delay if delay else 0.0, 0, 0.0, 0.0, group))
    content = Content(
        id=message_id,
        body=one.body,
        md5=sent.md5,
        sender=one.sender,
        attributes=one.attributes,
        trace=str(one.system[TRACE]["StringValue"]) if TRACE in one.system else one.trace,
        group=one.group or "",
        deduplication=deduplication,
        sequence=sent.sequence or "",
    )
    batch.contents.append((seq, content))
    if queue.fifo:
        live.accepted.put(key, Accepted(seq, message_id, done), now)
        batch.deduplications.append(DeduplicationRow(queue.uid, seq, key, message_id, now))
    return sent


def _deduplication_id(queue: Config, one: Outgoing) -> str:
    if not queue.fifo:
        return ""
    return one.deduplication or hashlib.sha256(one.body.encode()).hexdigest()


def _sent(queue: Config, one: Outgoing, seq: int, message_id: str) -> Sent:
    return Sent(
        message_id,
        md5.of_text(one.body),
        md5.of_attributes(one.attributes),
        md5.of_attributes(one.system),
        sequence_number(seq) if queue.fifo else None,
    )


async def _write(
    messages: Messages, live: Live, batch: _Batch, now: float, done: "asyncio.Future[bool]", *, light: bool
) -> None:
    if not batch.messages:
        return
    prune = bool(batch.deduplications) and now - live.pruned > PRUNE_SECONDS
    if prune:
        live.pruned = now
    changes = Changes(
        messages=batch.messages,
        contents=[(seq, content.encode()) for seq, content in batch.contents],
        deduplications=batch.deduplications,
        forgets=[(live.uid, now - DEDUPLICATION_SECONDS)] if prune else (),
    )

    def then() -> None:
        for seq, content in batch.contents:
            messages.remember(seq, content)
        done.set_result(True)

    def undo() -> None:
        for row in batch.deduplications:
            live.accepted.drop(row.key)
        done.set_result(False)

    await messages.put(live, changes, then, undo, light=light)
