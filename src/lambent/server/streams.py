"""The streams of Kinesis, opened with what was under way when the last server ended."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lambent.clock import Clock
from lambent.events.sources.pulse import Pulses
from lambent.observe.findings import Ledger
from lambent.server.base import Base, new_id
from lambent.services.kinesis import settling
from lambent.services.kinesis.env import KinesisEnv
from lambent.services.kinesis.growing import Growing
from lambent.settings import StartError
from lambent.store.errors import StoreError
from lambent.store.open import Store
from lambent.store.stream_records import StreamRecords
from lambent.streams.records import Records
from lambent.streams.registry import Registry
from lambent.streams.subscriptions import Subscriptions
from lambent.streams.trimming import Trimmer


@dataclass(frozen=True, slots=True)
class Streams:
    """All streams; `pulses` beat by a stream's uid when something was written to it."""

    registry: Registry
    records: Records
    pulses: Pulses
    env: KinesisEnv


async def open_streams(stack: AsyncExitStack, store: Store, base: Base, findings: Ledger, lasting: bool) -> Streams:
    """Raises StartError."""
    pulses = Pulses()
    pace = _pace(base.clock)
    kept = StreamRecords(store.database)
    registry = Registry(store.resources, new_id)
    records = Records(kept, base.clock, pace, pulses.beat, pulses.forget)
    try:
        await records.open(list(registry))
        astray = await kept.astray({stream.uid for stream in registry})
    except StoreError as error:
        raise StartError(f"the streams can't be read: {error}") from error
    records.measure = base.measure
    stack.push_async_callback(kept.close)

    async def wait(uid: int, beats: int, seconds: float) -> None:
        await pulses.of(uid).wait(beats, seconds)

    spawn = base.background.spawn
    spawn(kept.drop(astray))
    env = KinesisEnv(
        registry,
        records,
        base.clock,
        new_id,
        spawn,
        asyncio.sleep,
        lambda uid: pulses.of(uid).beats,
        wait,
        findings.report,
        findings.withdraw,
        Subscriptions(base.clock.monotonic, pace),
        lasting,
    )
    records.wrote = Growing(env).wrote
    settling.resume(env)
    Trimmer(registry, records, base.clock, spawn).start()
    return Streams(registry, records, pulses, env)


def _pace(clock: Clock) -> Callable[[], float]:
    """The time that limits of so much a second go by. A clock moved by hand stands still, and nobody could do anything
    a second time: there the machine's own time passes, too."""
    return (lambda: clock.monotonic() + time.monotonic()) if clock.kind == "manual" else clock.monotonic
