"""Writes batches of events, in the store's thread. A disk that takes nothing holds them back, up to a bound."""

import logging
from dataclasses import dataclass
from pathlib import Path

from lambent.observe.logfile import append
from lambent.observe.logindex import Stream

log = logging.getLogger(__name__)

HELD_EVENTS = 200_000


@dataclass(slots=True)
class Batch:
    """Changes of the index, then events by stream; `now` is their time of ingestion (ms since 1970)."""

    now: int
    events: dict[Stream, list[tuple[int, str]]]
    journal: bytes = b""


class Writer:
    """`error` is why the last batch could not be written, None if it could.

    What can't be written is kept for the next batch; beyond `HELD_EVENTS` the oldest are dropped and counted.
    """

    def __init__(self, journal: Path) -> None:
        self.dropped = 0
        self._journal = journal
        self._unwritten = b""
        self._held: list[tuple[int, Stream, list[tuple[int, str]]]] = []
        self.error: OSError | None = None

    def write(self, batch: Batch) -> None:
        """Never raises: what went wrong is logged once, until it goes well again."""
        work = self._held + [(batch.now, stream, events) for stream, events in batch.events.items()]
        self._held = []
        error = self._write_journal(batch.journal)
        for position, (now, stream, events) in enumerate(work):
            if error is None:
                error = _write(stream, events, now)
            if error is not None:
                self._held = work[position:]
                break
        self._bound()
        self._tell(error)

    def _write_journal(self, lines: bytes) -> OSError | None:
        self._unwritten += lines
        if not self._unwritten:
            return None
        try:
            append(self._journal, self._unwritten)
        except OSError as error:
            return error
        self._unwritten = b""
        return None

    def _bound(self) -> None:
        count = sum(len(events) for _, _, events in self._held)
        while count > HELD_EVENTS:
            lost = len(self._held.pop(0)[2])
            count -= lost
            self.dropped += lost

    def _tell(self, error: OSError | None) -> None:
        if error is not None and self.error is None:
            log.error("log events can't be written, they are held back: %s", error)
        elif error is None and self.error is not None:
            log.error("log events are written again; %d were dropped", self.dropped)
        self.error = error


def _write(stream: Stream, events: list[tuple[int, str]], now: int) -> OSError | None:
    if stream.deleted:
        return None
    try:
        stream.file.append(events, now)
    except OSError as error:
        return error
    return None
