"""What a snapshot holds on the server's side: its control group and its way out."""

import asyncio
import logging
import os
import subprocess

from lambent.sandbox.groups import Group
from lambent.sandbox.network import Network
from lambent.sandbox.watch import MemoryWatch

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


class Initialising:
    """A snapshot as the watch sees it, while its initialisation runs: its epolls are counted."""

    def __init__(self, name: str, watcher: MemoryWatch) -> None:
        self.id = name
        self._watcher = watcher
        self._process: subprocess.Popen[bytes] | None = None

    def begun(self, process: "subprocess.Popen[bytes]") -> None:
        """Its process has started, again if it had before."""
        self.forget()
        self._process = process
        self._watcher.add(self)

    def over(self) -> None:
        """It stands: its code does not run any more, and holds what it has."""
        self._watcher.remove(self)

    def forget(self) -> None:
        """It has ended."""
        self._watcher.forget(self)

    @property
    def pid(self) -> int:
        """Of the process that all of its are below."""
        return self._process.pid if self._process is not None else 0

    def over_limit(self) -> bool:
        """Its memory is kept within the limit by its control group."""
        return False

    def end_for_memory(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
