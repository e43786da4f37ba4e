"""What a request makes moto reckon ends."""

import subprocess
import sys
import threading
import time

import pytest

from lambent.neighbour.patience import Patience, TooBusy


def reckon(seconds: float) -> int:
    """So much processor time of this thread, as code does that catches its mistakes."""
    began, number = time.thread_time(), 0
    while time.thread_time() - began < seconds:
        try:
            number += 1
        except Exception:
            number = 0
    return number


def test_who_reckons_too_long_is_broken_off_and_nobody_else() -> None:
    patience, others = Patience(0.2, 0.02), []

    def other() -> None:
        with patience.bounded():
            time.sleep(1.0)  # waiting is not reckoning
            others.append(reckon(0.05))

    beside = threading.Thread(target=other)
    beside.start()
    with pytest.raises(TooBusy), patience.bounded():
        reckon(20)
    beside.join()
    assert others and others[0]


def test_the_next_request_of_a_thread_begins_anew() -> None:
    patience = Patience(0.3, 0.02)
    for _ in range(4):
        with patience.bounded():
            assert reckon(0.15)


def test_nothing_is_raised_when_a_request_is_over() -> None:
    patience = Patience(0.0, 0.0)
    for _ in range(300):
        try:
            with patience.bounded():
                reckon(0.001)
        except TooBusy:
            pass
        reckon(0.001)


TRACED = """
import sys
from lambent.neighbour.patience import Patience
with Patience().bounded():
    pass
sys.setprofile(lambda *_: None)
print((lambda: "goes on")())
"""


def test_the_interpreter_has_nothing_left_to_look_after() -> None:
    """With something left, CPython 3.11 never gets into a function that is traced."""
    done = subprocess.run([sys.executable, "-c", TRACED], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "goes on\n"
