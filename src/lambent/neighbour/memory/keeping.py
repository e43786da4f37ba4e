"""Keeps what moto holds: soon after each change, and gives it back to the next moto."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson

from lambent.model.finding import Finding
from lambent.neighbour.holdings import STATELESS, Holdings, not_kept
from lambent.neighbour.memory.files import NAME, Files
from lambent.neighbour.request_model import Asked

log = logging.getLogger(__name__)

SOON = 0.2
"""Seconds between a change and when it is kept, at least: changes that come together are kept together."""
SHARE = 0.04
"""Of its time, that moto spends on being kept while it is changed all the time."""
RUNS_SECONDS = 2.0
"""How often executions that run are looked at: nobody asks for what they change."""
AGAIN_SECONDS = 1.0
"""How soon what could not be written is written again."""
LAST_SECONDS = 10.0
"""For what is kept at the end."""
TRIES = 2
"""Of a moto that ends while it reads something."""
NOT_KEPT = "neighbour-not-kept"
UNREAD = "neighbour-state-unread"
INTERRUPTED = "executions-interrupted"

Ask = Callable[[str, bytes | None], Awaitable[tuple[int, bytes]]]
"""A question to the moto that lives (`inside.Memory`), with a body: its status and answer. Raises OSError when moto
ended, or another one answered."""


class Keeping:
    """One for all of moto's lives. Without `folder` nothing is kept."""

    def __init__(
        self, folder: Path | None, holdings: Holdings, ask: Ask, soon: float = SOON, again: float = AGAIN_SECONDS
    ) -> None:
        self._files = Files(folder) if folder else None
        self._holdings = holdings
        self._ask = ask
        self._soon, self._again = soon, again
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waiting: dict[str, set[str]] = {}
        self._deaths: dict[str, int] = {}
        """How often moto ended while it read what was kept of one of its services."""
        self._one_at_a_time = asyncio.Lock()
        self._unwritten: dict[str, str] = {}
        """Of moto's services that could not be written, why."""
        self._sizes: dict[str, int] = {}
        """What each takes, which has to be there twice while it is written."""

    def refuse(self, asked: Asked) -> None:
        """Raises Fault (503) for what may change something while that can't be kept."""
        if self._files is None or asked.reads or asked.service in STATELESS:
            return
        if self._unwritten:
            name, why = next(iter(self._unwritten.items()))
            raise not_kept(f"what {name} holds can't be kept ({why})")
        if not self._files.has_room(max(self._sizes.values(), default=0)):
            raise not_kept(f"what {asked.service} would hold can't be kept: the disk is full")

    def changed(self) -> None:
        """Something has changed: it will be kept soon."""
        self._woken.set()
        if self._task is None and self._files is not None:
            self._task = asyncio.create_task(self._run(), name="moto's memory")

    async def close(self) -> None:
        """Keep what has changed, and no more after that."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        if self._files is not None and self._holdings.changed:
            try:
                await asyncio.wait_for(self.keep(), LAST_SECONDS)
            except TimeoutError:
                log.error("moto's memory: the last changes could not be kept in %s seconds", LAST_SECONDS)

    async def _run(self) -> None:
        rest = self._soon
        while True:
            await self._woken.wait()
            await asyncio.sleep(rest)
            self._woken.clear()
            rest = max(self._soon, await self.keep() / SHARE)
            if self._unwritten:
                asyncio.get_running_loop().call_later(self._again, self._woken.set)

    async def keep(self) -> float:
        """Keep what was touched since the last time; answers the seconds for which moto did nothing else."""
        async with self._one_at_a_time:
            changed = self._holdings.changed
            try:
                await self._look()
                seconds, failed = await self._keep_all()
            except OSError as error:
                log.debug("moto's memory: %s", error)
                return 0.0
            self._holdings.kept({service: number for service, number in changed.items() if service not in failed})
            return seconds

    async def _look(self) -> None:
        """Find what was touched. Raises OSError."""
        _, content = await self._ask("touched", None)
        said = orjson.loads(content)
        for name, services in said["touched"].items():
            if NAME.fullmatch(name):
                self._waiting.setdefault(name, set()).update(map(str, services))
        if said["running"]:
            asyncio.get_running_loop().call_later(RUNS_SECONDS, self._woken.set)

    async def _keep_all(self) -> tuple[float, set[str]]:
        """The seconds that it took moto, and the services that could not be kept. Raises OSError."""
        seconds, failed = 0.0, set()
        for name in list(self._waiting):
            began = time.monotonic()
            status, content = await self._ask(f"save {name}", None)
            seconds += time.monotonic() - began
            services = self._waiting.pop(name)
            if status != 200 or not await self._written(name, services, content):
                failed |= services
            if status != 200:
                text = f"What {name} holds can't be kept: {content.decode('utf-8', 'replace')[:200]}"
                self._holdings.say(Finding(NOT_KEPT, f"moto/{name}", text))
        return seconds, failed

    async def _written(self, name: str, services: set[str], content: bytes) -> bool:
        assert self._files is not None
        try:
            await asyncio.to_thread(self._write, self._files, name, services, content)
        except OSError as error:
            self._waiting.setdefault(name, set()).update(services)
            self._not_written(name, error.strerror or str(error))
            return False
        self._sizes[name] = len(content)
        if self._unwritten.pop(name, None):
            log.warning("moto's memory: %s is kept again", name)
        return True

    def _not_written(self, name: str, why: str) -> None:
        if name not in self._unwritten:
            log.error("moto's memory: %s can't be kept: %s", name, why)
            text = f"The last changes of {name} can't be written: {why}. Until they are, they last as long as moto."
            self._holdings.say(Finding(NOT_KEPT, f"moto/{name}", text, "make room on the disk of the data folder"))
        self._unwritten[name] = why

    @staticmethod
    def _write(files: Files, name: str, services: set[str], content: bytes) -> None:
        before = files.read(name)
        services = services | (before.services if before else set())
        if before is None or before.content != content or before.services != services:
            files.write(name, services, content)

    async def give_back(self, why: str) -> None:
        """What was kept is held by a new moto, which answers from now on; `why` says what became of the last one.

        Raises OSError when this one ended, too.
        """
        async with self._one_at_a_time:
            self._waiting, self._unwritten = {}, {}
            there: set[str] = set()
            missing: set[str] = set()
            for name in self._files.names() if self._files else ():
                services, given = await self._give(name)
                (there if given else missing).update(services)
            self._holdings.lose(why, there - missing)
            await self._ask("open", None)

    async def _give(self, name: str) -> tuple[frozenset[str], bool]:
        """The services that something was kept of, and whether moto has it. Raises OSError."""
        assert self._files is not None
        kept = await asyncio.to_thread(self._files.read, name)
        if kept is None:
            self._set_aside(name, "it can't be read")
            return frozenset(), False
        self._sizes[name] = len(kept.content)
        try:
            status, content = await self._ask(f"load {name}", kept.content)
        except OSError:
            self._deaths[name] = self._deaths.get(name, 0) + 1
            if self._deaths[name] >= TRIES:
                self._set_aside(name, "moto ended when it read it")
            raise
        self._deaths.pop(name, None)
        if status != 200:
            self._set_aside(name, content.decode("utf-8", "replace")[:200])
            return kept.services, False
        if number := orjson.loads(content)["interrupted"]:
            self._waiting[name] = set(kept.services)
            self.changed()
            text = f"{number} executions ran when moto ended, and have failed."
            self._holdings.say(Finding(INTERRUPTED, "moto/stepfunctions", text))
        return kept.services, True

    def _set_aside(self, name: str, why: str) -> None:
        assert self._files is not None
        try:
            where = self._files.set_aside(name)
        except OSError as error:
            log.error("moto's memory: %s can't be set aside: %s", name, error.strerror)
            return
        text = f"What was kept of {name} is not read by this moto: {why}. It was set aside."
        self._holdings.say(Finding(UNREAD, f"moto/{name}", text, f"it lies in {where.parent.name}/{where.name}"))
