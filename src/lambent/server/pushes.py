"""What services push, opened with what the last server left undelivered."""

import functools
from collections.abc import Callable
from contextlib import AsyncExitStack

from lambent.events.pushes import Pushes, Ways
from lambent.neighbour.outbox import Outbox
from lambent.observe.findings import Ledger
from lambent.permissions.gate import Gate
from lambent.server import permissions
from lambent.server.base import Base
from lambent.settings import StartError
from lambent.store.errors import StoreError
from lambent.store.open import Store
from lambent.store.pushes import PushStore


async def open_pushes(
    store: Store, base: Base, outbox: Outbox, gate: Gate, findings: Ledger, twice: Callable[[], bool]
) -> Pushes:
    """It takes pushes from now on; `resume_pushes` sends what the last server left. Raises StartError."""
    outbox.may_cross = functools.partial(permissions.may_cross, gate)
    ways = Ways(outbox, functools.partial(permissions.may_push, gate, base, findings.report), twice)
    pushes = Pushes(PushStore(store.database), base.clock, ways, findings.report, base.background.spawn)
    try:
        await pushes.open()
    except StoreError as error:
        raise StartError(f"what waits to be delivered can't be read: {error}") from error
    return pushes


async def resume_pushes(stack: AsyncExitStack, pushes: Pushes) -> None:
    """Go on with what the last server left. Raises StartError."""
    try:
        await pushes.resume()
    except StoreError as error:
        raise StartError(f"what waits to be delivered can't be read: {error}") from error
    stack.push_async_callback(pushes.close)
