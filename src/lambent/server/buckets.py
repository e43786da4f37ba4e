"""Buckets and their objects, opened with what was under way when the last server ended."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from lambent.events.object_notices import ObjectNotices
from lambent.events.sending import Send
from lambent.gateway import buckets
from lambent.gateway.exchange import Here
from lambent.model.scope import Caller
from lambent.objects.buckets import Registry
from lambent.objects.contents import Contents
from lambent.objects.lifecycle import Lifecycle
from lambent.objects.notices import Notices
from lambent.objects.objects import Objects
from lambent.objects.uploads import Uploads
from lambent.observe.findings import Ledger
from lambent.server.base import Base, new_id
from lambent.server.here import here
from lambent.services.s3.env import CheckDestination, S3Env
from lambent.services.s3.service import SERVICE
from lambent.settings import StartError
from lambent.store.errors import StoreError
from lambent.store.open import Store
from lambent.wire.http import Request

FOLDER = "objects"


@dataclass(frozen=True, slots=True)
class Buckets:
    """S3, and how its requests are read."""

    env: S3Env
    here: dict[str, Here]


async def open_buckets(
    stack: AsyncExitStack,
    data_dir: Path,
    store: Store,
    base: Base,
    findings: Ledger,
    send: Send,
    twice: Callable[[], bool],
    secret_of: Callable[[str], str | None],
    check_destination: CheckDestination,
) -> Buckets:
    """Raises StartError."""
    try:
        contents = Contents(data_dir / FOLDER, store.objects)
        await contents.open()
        _, highest = await store.objects.numbers()
    except StoreError as error:
        raise StartError(f"the objects of buckets can't be read: {error}") from error
    stack.push_async_callback(contents.close)
    stack.push_async_callback(store.objects.close)
    notices = Notices(base.clock, _numbers(highest))
    sender = ObjectNotices(store.objects, send, findings.report, base.background.spawn, twice)
    store.objects.noticed = sender.told
    registry = Registry(store.resources, new_id)
    objects = Objects(store.objects, contents, registry, notices, base.clock)
    uploads = Uploads(objects)
    lifecycle = Lifecycle(uploads, base.clock, base.background.spawn)
    env = S3Env(
        registry,
        objects,
        uploads,
        contents,
        base.clock,
        findings.report,
        findings.withdraw,
        check_destination,
        lifecycle.arm,
        base.measure,
    )

    def receive(request: Request, caller: Caller) -> Request:
        return buckets.receive(request, caller, base.clock.wall(), secret_of)

    sender.look()
    lifecycle.look()
    return Buckets(env, here(SERVICE, env, receive))


def _numbers(highest: int) -> Callable[[], int]:
    """Ever higher numbers: the last one that is known, and the machine's time, lie below the first."""
    last = max(highest, time.time_ns() // 1000)

    def following() -> int:
        nonlocal last
        last += 1
        return last

    return following
