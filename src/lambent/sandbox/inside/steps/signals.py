"""Signals are handled as in a newly started Python, not as in the keeper."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` makes enums, which touches much shared memory

from ..contexts import ProcessContext


def run(context: ProcessContext) -> None:
    """SIGPIPE is ignored by Python itself; an executed program gets the default."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL if context.argv else signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
