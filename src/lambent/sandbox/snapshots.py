"""What a snapshot holds on the server's side: its control group and its way out."""

import asyncio
import logging
import os

from lambent.sandbox.groups import Group
from lambent.sandbox.network import Network

_log = logging.getLogger("lambent.sandbox")


class Holding:
    """Of one snapshot, from before it starts until it has ended. `network` is None where it gets no way out; `account`
    is whose it is."""

    def __init__(self, group: Group, network: Network | None, account: str) -> None:
        self._group = group
        self._network = network
        self._account = account
        self._slot = 0

    async def connect(self, namespace: int) -> None:
        """Give the snapshot's network namespace a way out. Without one, too, the snapshot goes on."""
        try:
            if self._network is not None:
                self._slot = await self._network.connect(namespace, self._account)
        except Exception:
            _log.exception("a snapshot gets no network")
        finally:
            os.close(namespace)

    async def release(self) -> None:
        """The snapshot has ended."""
        if self._slot and self._network is not None:
            self._network.free(self._slot)
        await asyncio.to_thread(self._group.remove)
