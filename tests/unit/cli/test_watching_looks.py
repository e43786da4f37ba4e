"""What a look of `lambent watch` asks the server for, once a second: of what seldom changes, not each time."""

from collections import Counter
from typing import Any

import pytest

from lambent.cli import watching


class Target:
    """A server with one function that nobody invokes; counts what is asked of it."""

    region = "us-east-1"

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def now(self) -> float:
        return 1_000.0

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
        return Client(self.asked)


class Client:
    """boto3's, as far as it is asked."""

    def __init__(self, asked: Counter[str]) -> None:
        self.asked = asked

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
