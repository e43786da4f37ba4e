"""The queries of Logs Insights that run and have run: each in a process of its own (`insights`), some at a time.

They are in memory: a query that was begun before the server's start is not known any more.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import orjson

from lambent.model.scope import Scope
from lambent.observe import insights

AT_ONCE = 2
"""Processes of an account; more queries of it wait, and keep nobody else waiting."""
AT_MOST = 8
"""Of all accounts."""
MOST = 30
"""Of an account in a region that wait or run: AWS's number by the reference of StartQuery, 100 by its user guide
(CloudWatchLogs-Insights-Query-History)."""
KEPT = 1_000
KEPT_BYTES = 256 << 20
"""Of those that have ended, and their answers; the oldest are forgotten."""
SCHEDULED, RUNNING, COMPLETE, FAILED, CANCELLED = "Scheduled", "Running", "Complete", "Failed", "Cancelled"


@dataclass(slots=True)
class StartedQuery:
    """A query: what was asked (`created` in milliseconds since 1970), how it stands, and what came of it."""

    scope: Scope
    id: str
    text: str
    groups: list[str]
    created: int
    status: str = SCHEDULED
    seconds: float = 0.0
    rows: list[list[tuple[str, str]]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    size: int = 0
    """Bytes of the answer."""
    task: "asyncio.Task[None] | None" = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status not in (SCHEDULED, RUNNING)


class TooManyQueries(Exception):
    """An account has `MOST` of them already."""


class Queries:
    """All of a server's, which keeps so many bytes of answers. Used on one event loop."""

    def __init__(
        self, monotonic: Callable[[], float], command: list[str] | None = None, kept: int = KEPT_BYTES
    ) -> None:
        self._kept = kept
        self._monotonic = monotonic
        self._command = command or [sys.executable, "-m", insights.__name__, str(AT_MOST)]
        self._known: dict[str, StartedQuery] = {}
        self._slots = asyncio.Semaphore(AT_MOST)
        self._own: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def start(self, query: StartedQuery, job: Callable[[], "asyncio.Future[insights.Job]"]) -> None:
        """Begin one; `job` is asked for what to read when its turn has come. Raises TooManyQueries."""
        if sum(not one.ended for one in self.of(query.scope)) >= MOST:
            raise TooManyQueries
        self._known[query.id] = query
        own = self._own.setdefault(query.scope.account, asyncio.Semaphore(AT_ONCE))
        query.task = asyncio.ensure_future(self._run(query, job, own))
        self._forget()

    def _forget(self) -> None:
        """The oldest of those that have ended, but for the last one."""
        ended = [one for one in self._known.values() if one.ended]
        size = sum(one.size for one in ended)
        for old in ended[:-1]:
            if len(self._known) <= KEPT and size <= self._kept:
                return
            size -= old.size
            del self._known[old.id]

    def get(self, scope: Scope, query_id: str) -> StartedQuery | None:
        """One of a scope."""
        query = self._known.get(query_id)
        return query if query is not None and query.scope == scope else None

    def of(self, scope: Scope) -> list[StartedQuery]:
        """A scope's, the newest first."""
        return [one for one in reversed(self._known.values()) if one.scope == scope]

    def stop(self, query: StartedQuery) -> bool:
        """End one; whether it was still to end."""
        if query.ended or query.task is None:
            return False
        query.status = CANCELLED
        return query.task.cancel()

    async def close(self) -> None:
        """End all."""
        tasks = [one.task for one in self._known.values() if one.task is not None and not one.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, query: StartedQuery, job: Callable[[], "asyncio.Future[insights.Job]"], own: asyncio.Semaphore
    ) -> None:
        async with own, self._slots:
            query.status, began = RUNNING, self._monotonic()
            try:
                query.size, said = await self._answer(orjson.dumps(await job()))
            except Exception as error:
                said = {"error": str(error)}
            query.seconds = self._monotonic() - began
            query.rows, query.figures = said.get("rows", []), said.get("figures", {})
            query.status = FAILED if "error" in said else COMPLETE
            self._forget()

    async def _answer(self, job: bytes) -> tuple[int, dict[str, Any]]:
        """How many bytes it has, and what it says."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)
        try:
            said, _ = await process.communicate(job)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return len(said), orjson.loads(said) if said else {"error": f"it ended with status {process.returncode}"}
