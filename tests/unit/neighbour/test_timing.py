"""How moto's executions wait."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.neighbour.bridges import timing


class Told:
    """A gateway that answers what it was given, and then that the time has passed."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.is_real = False

    def wait(self, said: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(said)
        return self.answers.pop(0) if self.answers else {"kind": "manual", "now": 100.0, "passed": True}


GOES_ON = {"kind": "manual", "now": 0.0, "wait": 7, "passed": False}


def test_a_wait_is_asked_for_until_it_has_passed() -> None:
    gateway: Any = Told(GOES_ON, GOES_ON)
    assert not timing.wait(gateway, threading.Event(), 60)
    assert gateway.asked == [{"seconds": 60}, {"wait": 7}, {"wait": 7}]


def test_a_stop_ends_it() -> None:
    event = threading.Event()
    gateway: Any = Told(GOES_ON)
    former = gateway.wait

    def then_stop(said: dict[str, Any]) -> dict[str, Any]:
        event.set()
        found: dict[str, Any] = former(said)
        return found

    gateway.wait = then_stop
    assert timing.wait(gateway, event, 60)
    assert gateway.asked == [{"seconds": 60}, {"wait": 7, "end": True}]


def test_a_real_clock_is_asked_once() -> None:
    gateway: Any = Told({"kind": "real", "now": 0.0})
    for _ in range(2):
        assert not timing.wait(gateway, threading.Event(), 0)
    assert gateway.asked == [{"seconds": 0}]


def test_a_real_clock_tells_the_time_once() -> None:
    gateway: Any = Told({"kind": "real", "now": 7.0})
    assert timing.now(gateway) == 7.0
    assert timing.now(gateway) > 1_000_000_000
    assert gateway.asked == [{}]


def test_without_a_server_the_machines_time_counts() -> None:
    def fail(_said: Any) -> Any:
        raise OSError

    gateway: Any = SimpleNamespace(wait=fail, is_real=False)
    assert not timing.wait(gateway, threading.Event(), 0)


def test_a_timestamp_is_utc_on_the_platforms_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway: Any = Told()
    env = SimpleNamespace(stack=["1970-01-01T00:02:00Z"])
    state = SimpleNamespace(
        string=SimpleNamespace(eval=lambda env: None), _from_timestamp_string=lambda timestamp: timestamp
    )
    assert timing.until(gateway, None)(state, env) == 20.0
