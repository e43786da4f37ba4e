"""Invoking the function of a mapping: what it is now, and what came of a try."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from lambent.model import lineage, loops, trace
from lambent.model.async_event import Handling
from lambent.model.event_source import EventSource
from lambent.model.finding import Finding
from lambent.model.function import FunctionVersion
from lambent.model.invocation import Invocation, Outcome, Throttled
from lambent.model.scope import Scope

log = logging.getLogger(__name__)

Resolve = Callable[[Scope, str, str], Handling | None]
Invoke = Callable[[FunctionVersion, Invocation], Awaitable[Outcome]]
Lacking = Callable[[EventSource], Awaitable[str]]
"""Why a mapping may not read its source, "" where it may."""


class Unavailable(Exception):
    """The function can't be run now: throttled, not ready, or a fault of ours."""


class NotAllowed(Exception):
    """The function's role may not read the source."""


class Missing(Exception):
    """There is no such function, version or alias."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A try that ran: under which request id, which version, with what outcome."""

    request_id: str
    version: str
    outcome: Outcome


class Target:
    """The functions of all mappings. `new_id` makes request ids, `header` the trace header of one, with what came with
    the records ("" for none)."""

    def __init__(
        self,
        resolve: Resolve,
        invoke: Invoke,
        new_id: Callable[[], str],
        header: Callable[[FunctionVersion, str, str], str],
        report: Callable[[Finding], None],
        lacking: Lacking,
    ) -> None:
        self._resolve = resolve
        self._invoke = invoke
        self._new_id = new_id
        self._header = header
        self._report = report
        self._lacking = lacking

    async def check_rights(self, source: EventSource) -> None:
        """Before its source is read. Raises NotAllowed."""
        lacking = await self._lacking(source)
        if lacking:
            raise NotAllowed(lacking)

    def handling(self, source: EventSource) -> Handling:
        """How the function is run now. Raises Missing."""
        handling = self._resolve(source.scope, source.function, source.qualifier)
        if handling is None:
            raise Missing(source.function)
        return handling

    def is_loop(self, source: EventSource, header: str) -> bool:
        """Whether what came with a trace header would call the function once too often. Raises Missing."""
        handling = self.handling(source)
        rounds = lineage.advance(header, handling.function.arn).rounds
        if not handling.stops_loops or rounds < lineage.ROUNDS:
            return False
        self._report(loops.stopped(handling.function.arn, self._new_id()))
        return True

    async def once(self, source: EventSource, payload: bytes, traces: Sequence[str] = ()) -> Ran:
        """One try. `traces` are the headers that came with the records. Raises Unavailable, Missing."""
        handling = self.handling(source)
        if not handling.ready:
            raise Unavailable("the function is not active")
        request_id = self._new_id()
        header = self._enter(handling, self._header_of(handling.function, traces, request_id))
        invocation = Invocation(request_id, payload, handling.arn, header, links=tuple(traces))
        try:
            outcome = await self._invoke(handling.function, invocation)
        except Throttled as error:
            raise Unavailable(error.reason) from error
        except Exception as error:
            log.error("a batch of %s was not run", source.arn, exc_info=error)
            raise Unavailable(str(error)) from error
        return Ran(request_id, handling.function.version, outcome)

    def _header_of(self, function: FunctionVersion, traces: Sequence[str], request_id: str) -> str:
        """Of a function that traces, what is done with messages that are recorded is another trace, linked to theirs
        (https://docs.aws.amazon.com/xray/latest/devguide/xray-tracelinking.html); else it is part of theirs."""
        given = lineage.furthest(traces)
        if function.traced and any(trace.SAMPLED in one for one in traces):
            given = trace.anew(given, self._header(function, "", request_id).partition(";")[0])
        return self._header(function, given, request_id)

    def _enter(self, handling: Handling, header: str) -> str:
        entered = lineage.advance(header, handling.function.arn)
        if handling.stops_loops and entered.is_unseen_loop:
            self._report(loops.unseen(handling.function.arn, header))
        return entered.header
