"""Signals to one process of a sandbox: its first thread has them, also when it has just been frozen."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lambent.sandbox.inside import processes

TIMES = 20
"""kill(2) misses the first thread about one time in three."""
THREADED = """
import os, signal, socket, threading
held = socket.socketpair()
signal.signal(signal.SIGTERM, lambda number, frame: os.write(1, b"t"))
if BLOCKED:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    waits = lambda: [os.write(1, bytes([64 + signal.sigwait([signal.SIGTERM])])) for _ in iter(int, 1)]
else:
    waits = lambda: held[0].recv(1)
threading.Thread(target=waits, daemon=True).start()
os.write(1, b"r")
while True:
    held[1].recv(1)
"""


@pytest.fixture
def threaded(request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[bytes]"]:
    """A process whose first thread waits, and a second one; the parameter: SIGTERM is the second one's alone."""
    code = f"BLOCKED = {request.param}\n{THREADED}"
    with subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE) as process:
        assert said(process) == b"r"
        yield process
        process.kill()


def said(process: "subprocess.Popen[bytes]") -> bytes:
    """What it writes next; nothing if it does not."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 10)
    return os.read(process.stdout.fileno(), 1) if ready else b""


@pytest.mark.parametrize("threaded", [False], indirect=True)
def test_the_first_thread_has_the_signal_that_follows_a_freeze(threaded: "subprocess.Popen[bytes]") -> None:
    for _ in range(TIMES):
        threaded.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, threaded.pid, os.WSTOPPED)
        threaded.send_signal(signal.SIGCONT)
        processes.signal_one(threaded.pid, signal.SIGTERM)
        assert said(threaded) == b"t"


@pytest.mark.parametrize("threaded", [True], indirect=True)
def test_another_thread_has_it_if_the_first_one_blocks_it(threaded: "subprocess.Popen[bytes]") -> None:
    processes.signal_one(threaded.pid, signal.SIGTERM)
    assert said(threaded) == bytes([64 + signal.SIGTERM])


def test_a_process_that_has_ended_takes_it() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        processes.signal_one(process.pid, signal.SIGTERM)


CHAIN = """
import os, threading, time
def deeper(left):
    if not left:
        os.write(1, b"r")
    elif os.fork() == 0:
        threading.Thread(target=deeper, args=(left - 1,)).start()
    time.sleep(60)
deeper(5)
"""


def test_children_of_threads_are_below_a_process_too() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", CHAIN], stdout=subprocess.PIPE) as first:
        assert said(first) == b"r"
        below = processes.descendants(first.pid)
        for pid in (first.pid, *below):
            os.kill(pid, signal.SIGKILL)
    assert len(below) == 5


def test_a_chain_may_be_as_long_as_processes_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_children", lambda pid: [pid + 1] if pid < 5000 else [])
    assert processes.descendants(1) == list(range(2, 5001))
