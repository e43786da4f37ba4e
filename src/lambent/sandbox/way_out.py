"""The way out of one host's sandboxes: the network that they are connected to, and another one when it has ended."""

import asyncio
import functools
import logging
import os
from pathlib import Path

from lambent.sandbox.errors import LevelUnavailable, StepFailed
from lambent.sandbox.names import Elsewhere, Leads
from lambent.sandbox.network import Network, Slot
from lambent.sandbox.sandbox import Made, Sandbox
from lambent.sandbox.spec import NAT, NONE, Level, SandboxSpec

REVIVE_SECONDS = 30.0
"""Between tries to have another network process when there could be none."""
LOST = "the network process has ended; another is started with the next environment"
_log = logging.getLogger("lambent.sandbox")


class WayOut:
    """Shared by all sandboxes of a host. Without `open` there is none."""

    def __init__(self, owner: str, state_dir: Path) -> None:
        self._owner = owner
        self._state_dir = state_dir
        self.network: Network | None = None
        self._leads: Leads = lambda _name, _account: False
        self._elsewhere: Elsewhere = lambda _name: None
        self._problem = ""
        self._reviving: asyncio.Task[None] | None = None
        self._revive_from = 0.0

    async def open(self, network: str, level: Level) -> None:
        """Have a network, if the setting `network` and the level allow it. Raises LevelUnavailable if it must be."""
        if network == NONE:
            self._problem = "switched off by the setting network"
        elif level is Level.NAMESPACE:
            try:
                self.network = await Network.open(self._owner, self._state_dir)
                self._problem = "; ".join(self.network.notes)
            except StepFailed as failed:
                self._problem = str(failed)
        if network == NAT and level is Level.NAMESPACE and self.network is None:
            raise LevelUnavailable(f"network nat is not possible here: {self._problem}")

    def lead(self, leads: Leads, elsewhere: Elsewhere = lambda _name: None) -> None:
        """Names of which `leads` says so for a sandbox's account are its own loopback address; others are asked of the
        host's servers, as are, beside, those that `elsewhere` wants to know of."""
        self._leads, self._elsewhere = leads, elsewhere
        if self.network is not None:
            self.network.lead(leads, elsewhere)

    async def close(self) -> None:
        """After the last sandbox."""
        if self._reviving is not None:
            await asyncio.wait([self._reviving])
        if self.network is not None:
            await self.network.close()

    @property
    def problem(self) -> str:
        """Why sandboxes don't reach the internet, or nothing if they do."""
        return LOST if self.network is not None and self.network.lost else self._problem

    @property
    def users(self) -> int:
        """The descriptor of the user namespace that networks belong to, or -1."""
        return self.network.users if self.network is not None else -1

    def standing(self, asked: str) -> Network | None:
        """The network for who asks for `asked`, if it has not ended."""
        return self.network if self.network is not None and not self.network.lost and asked == NAT else None

    async def slot(self, spec: SandboxSpec, made: Made) -> Slot | None:
        """A way out for the sandbox, if it is to have one and there is one."""
        if spec.network != NAT or spec.zygote.snapshot is not None:
            return None
        network = await self._living()
        if network is None:
            return None
        slot = await network.slot(spec.account)
        made.free = functools.partial(network.free, slot.number)
        return slot

    async def connect_restored(self, sandbox: Sandbox, made: Made) -> None:
        """What is forked from a snapshot has made its namespace itself: it may not enter one of the server's."""
        namespace, sandbox.network = sandbox.network, -1
        if namespace < 0:
            return
        try:
            network = await self._living() if sandbox.spec.network == NAT else None
            if network is not None:
                made.free = functools.partial(network.free, await network.connect(namespace, sandbox.spec.account))
        finally:
            os.close(namespace)

    async def _living(self) -> Network | None:
        """The network, another one if it has ended; None if there can be none."""
        if self.network is not None and self.network.lost:
            await self._revive()
        return None if self.network is None or self.network.lost else self.network

    async def _revive(self) -> None:
        """Whoever finds that the network process has ended has another one started; the others wait with him."""
        if self._reviving is None and asyncio.get_running_loop().time() > self._revive_from:
            self._reviving = asyncio.create_task(self._reconnect())
        if self._reviving is not None:
            await asyncio.shield(self._reviving)

    async def _reconnect(self) -> None:
        former = self.network
        assert former is not None
        try:
            self.network = await Network.open(self._owner, self._state_dir, former)
            self.network.lead(self._leads, self._elsewhere)
            _log.warning("there is another network process: environments from before it have no way out")
        except StepFailed as failed:
            _log.error("no other network process can be had: %s", failed)
            self._revive_from = asyncio.get_running_loop().time() + REVIVE_SECONDS
        finally:
            self._reviving = None
