"""This process's wall clock becomes the platform's, read from its dial (`lambent.environments.clock_dial`).

The package time-machine exchanges the functions of `time` and `datetime` where C has them, so that references which
were imported before are exchanged too. What it reads then is the dial. Monotonic clocks are left alone.

As a script: whether the time-machine in the folder sys.argv[1] does that in this interpreter. Silent if it does.
"""

from __future__ import annotations

import mmap
import os
import sys
import time
import types
from typing import Any, Callable

OURS = ("time_machine", "_time_machine")
TESTS = types.ModuleType("unittest")
TESTS.TestCase = object  # type: ignore[attr-defined]
ASIDE = {"pytest": None, **({"unittest": TESTS} if sys.version_info >= (3, 10) else {})}
"""What time-machine imports for the sake of tests, and what it gets in its place; None: it is not there."""


def tell(dial: str, folder: str) -> Any:
    """Go by `dial` from now on. `folder` holds time-machine; answers what still reads the machine's clock, as `time`
    does. Raises ImportError, OSError."""
    read = reader(dial)
    machine = _import(folder)
    machine.travel(0, tick=False).start().time_ns = read
    _exchange_texts()
    return machine.escape_hatch.time


def reader(dial: str) -> Callable[[], int]:
    """What the dial says now, in nanoseconds since 1970."""
    with open(dial, "rb") as file:
        page = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    words, scale = page.cast("q"), page.cast("d")[0]
    if scale == 0:
        return lambda: words[2]
    wall, began, now = words[2], words[1], time.monotonic_ns
    return lambda: wall + int((now() - began) * scale)


def _import(folder: str) -> Any:
    """time-machine, and none of what it brings along: the function has its own, or none."""
    before = dict(sys.modules)
    sys.path.insert(0, folder)
    sys.modules.update(ASIDE)  # type: ignore[arg-type]
    try:
        import time_machine  # type: ignore[import-not-found]
    finally:
        sys.path.remove(folder)
        for name in ASIDE:
            del sys.modules[name]
        for name in [name for name in sys.modules if name not in before and _is_in(folder, name)]:
            del sys.modules[name]
        sys.modules.update({name: before[name] for name in ASIDE if name in before})
    return time_machine


def _is_in(folder: str, name: str) -> bool:
    return name not in OURS and (getattr(sys.modules[name], "__file__", None) or "").startswith(folder + "/")


def _exchange_texts() -> None:
    """The two that time-machine leaves: without an argument they ask the C library."""
    ctime, asctime = time.ctime, time.asctime

    def told_ctime(seconds: Any = None) -> str:
        return ctime(time.time() if seconds is None else seconds)

    def told_asctime(*moment: Any) -> str:
        return asctime(*(moment or (time.localtime(),)))

    time.ctime, time.asctime = told_ctime, told_asctime


# --- a look at time-machine, when it is installed


def check(folder: str) -> None:
    """Raises AssertionError, ImportError when time-machine does not do what is expected of it."""
    import datetime
    import struct
    import tempfile

    class Own(datetime.datetime):
        """The function's own kind."""

    shown = 2_000_000_000
    real, monotonic, earlier = time.time(), time.monotonic(), time.time
    with tempfile.NamedTemporaryFile() as dial:
        dial.write(struct.pack("dqq", 0.0, 0, shown * 10**9 + 123_456_789))
        dial.flush()
        machine = tell(dial.name, folder)
    moment = datetime.datetime(2033, 5, 18, 3, 33, 20, 123456)
    utc = datetime.timezone.utc
    reads: dict[str, tuple[object, object]] = {
        "time": (int(earlier()), shown),
        "time_ns": (time.time_ns(), shown * 10**9 + 123_456_789),
        "clock_gettime": (int(time.clock_gettime(time.CLOCK_REALTIME)), shown),
        "gmtime": (time.gmtime()[:6], moment.timetuple()[:6]),
        "localtime": (time.localtime(), time.localtime(shown)),
        "strftime": (time.strftime("%c"), time.strftime("%c", time.localtime(shown))),
        "ctime": (time.ctime(), time.ctime(shown)),
        "asctime": (time.asctime(), time.asctime(time.localtime(shown))),
        "now": (datetime.datetime.now(utc).replace(microsecond=0, tzinfo=None), moment.replace(microsecond=0)),
        "today": (datetime.date.today(), datetime.date.fromtimestamp(shown)),
        "own": (isinstance(Own.now(utc), Own) or sys.version_info < (3, 10), True),
        "monotonic": (abs(time.monotonic() - monotonic) < 60, True),
        "machine": (abs(machine.time() - real) < 60, True),
        "modules": ([name for name in ("pytest", "dateutil") if name in sys.modules], []),
    }
    wrong = [name for name, (read, expected) in reads.items() if read != expected]
    assert not wrong, "this time-machine does not move " + ", ".join(wrong)


if __name__ == "__main__":
    check(os.path.abspath(sys.argv[1]))
