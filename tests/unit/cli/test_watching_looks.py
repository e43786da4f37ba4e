"""What a look of `lambent watch` asks the server for, once a second: of what seldom changes, not each time."""

from collections import Counter
from typing import Any

import pytest

from lambent.cli import watching


class Target:
    """A server with one function that nobody invokes; counts what is asked of it."""

    region = "us-east-1"

    def __init__(self, a_second: int = 0) -> None:
        self.asked: Counter[str] = Counter()
        self.a_second = a_second
        self.second = 0.0

    def now(self) -> float:
        return 1_000.0 + self.second

    def findings(self) -> list[dict[str, str]]:
        self.asked["findings"] += 1
        return []

    def page(self, method: str, path: str) -> Any:
        name = path.partition("?")[0]
        self.asked[name] += 1
        return {"permissions": {"next": 0, "calls": []}, "resting": {"environments": []}, "metrics": {"metrics": []}}[
            name
        ]

    def client(self, service: str) -> Any:
        return Client(self.asked, self)


class Client:
    """boto3's, as far as it is asked."""

    class exceptions:
        ResourceNotFoundException = KeyError

    def __init__(self, asked: Counter[str], target: Target) -> None:
        self.asked = asked
        self.target = target

    def filter_log_events(self, startTime: int, limit: int, **_: Any) -> dict[str, Any]:
        """Lines that come evenly since 1000 s."""
        step = 1000 / self.target.a_second if self.target.a_second else 0
        number = int((self.target.now() - 1_000) * self.target.a_second)
        all_of = [(number, int(1_000_000 + number * step)) for number in range(number)]
        found = [
            {"eventId": str(number), "timestamp": at, "logStreamName": "s", "message": "x"}
            for number, at in all_of
            if at >= startTime
        ][:limit]
        self.asked["lines"] += len(found)
        self.asked["newest"] = found[-1]["timestamp"] if found else 0
        return {"events": found}

    def can_paginate(self, operation: str) -> bool:
        return True

    def get_paginator(self, operation: str) -> Any:
        self.asked[operation] += 1
        return Pages({"list_functions": {"Functions": [{"FunctionName": "f"}]}}.get(operation, EMPTY))


EMPTY: dict[str, Any] = {"EventSourceMappings": [], "events": []}


class Pages:
    """One page."""

    def __init__(self, page: dict[str, Any]) -> None:
        self.page = page

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [self.page]


def test_functions_are_listed_every_few_seconds_and_metrics_are_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    target = Target()
    watched = watching.Watched(target, (), 0)  # type: ignore[arg-type]
    for second in range(7):
        now[0] = float(second)
        assert list(watched.look()) == []
    assert list(watched.functions) == ["f"]
    assert (target.asked["list_functions"], target.asked["list_event_source_mappings"]) == (2, 2)
    assert (target.asked["metrics"], target.asked["permissions"], target.asked["resting"]) == (7, 7, 7)


@pytest.mark.parametrize(("a_second", "most"), [(100, 100 * 20 * 2), (20_000, watching.MOST_READ * 3 + 20 * 1_000)])
def test_of_a_busy_log_a_part_is_read_and_it_is_the_latest(
    a_second: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watching.output, "note", lambda text: None)
    target = Target(a_second)
    watched = watching.Watched(target, (), 0)  # type: ignore[arg-type]
    for second in range(21):
        now[0] = target.second = float(second)
        list(watched.look())
    assert target.asked["lines"] <= most
    assert target.asked["newest"] > target.now() * 1000 - 100
    if a_second == 100:  # nothing is left out
        assert target.asked["lines"] >= 100 * 20


def test_who_takes_long_to_be_thought_about_is_thought_about_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now, spent, thought = [0.0], [0.0], [0]

    def look(*_: object) -> list[Any]:
        thought[0] += 1
        spent[0] += 0.2
        return []

    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watching.time, "process_time", lambda: spent[0])
    monkeypatch.setattr("lambent.pitfalls.watching.watching.look", look)
    watched = watching.Watched(Target(), (), 0)  # type: ignore[arg-type]
    for second in range(100):
        now[0] = float(second)
        list(watched.look(last=second == 99))
    assert thought[0] == 100 * watching.SHARE / 0.2 + 1
