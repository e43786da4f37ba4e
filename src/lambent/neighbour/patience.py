"""How long a request may keep moto's process busy, in which this runs: all others wait for the same interpreter.

What a request makes moto reckon has no bounds of moto's: documents whose aliases unfold, lists that are looked through
for each of their members. A request's thread that has had `SECONDS` of the processor is broken off. What is one call
into C, as the match of a regular expression, cannot be: the server ends a moto that answers nobody (`process.py`).
"""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

SECONDS = 20.0
"""Of processor time: the longest that moto takes for anything that its tests ask is a few."""
LOOKS_SECONDS = 1.0
ENOUGH = 10
"""Turns of a loop, each of which takes what was raised."""


class TooBusy(BaseException):
    """Raised in a request's thread where it is. Not to be caught as moto catches its mistakes."""


@dataclass(slots=True)
class Patience:
    """Looks after the requests under way."""

    seconds: float = SECONDS
    looks_seconds: float = LOOKS_SECONDS
    _began: dict[int, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _some: threading.Event = field(default_factory=threading.Event)
    _looking: threading.Thread | None = None

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """What is done within, in this thread, may take so long. Raises TooBusy."""
        thread = threading.get_ident()
        with self._lock:
            self._began[thread] = spent(thread)
            self._some.set()
            if self._looking is None:
                self._looking = threading.Thread(target=self._look, daemon=True)
                self._looking.start()
        try:
            yield
        finally:
            self._leave(thread)

    def _leave(self, thread: int) -> None:
        """What was raised and has not arrived by now is nobody's: it arrives here. Taking it back would leave the
        interpreter of CPython 3.11 for ever with something to look after, which costs each call and each loop time."""
        while True:
            with suppress(TooBusy):
                with self._lock:
                    self._began.pop(thread, None)
                for _ in range(ENOUGH):
                    pass
                return

    def _look(self) -> None:
        while True:
            self._some.wait()
            with self._lock:
                for thread, began in self._began.items():
                    if spent(thread) - began > self.seconds:
                        _raise(ctypes.c_ulong(thread), ctypes.py_object(TooBusy))
                if not self._began:
                    self._some.clear()
            time.sleep(self.looks_seconds)


def spent(thread: int) -> float:
    """A living thread's processor time, in seconds."""
    return time.clock_gettime(time.pthread_getcpuclockid(thread))


_raise: Callable[..., int] = ctypes.pythonapi.PyThreadState_SetAsyncExc
"""https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc"""
