"""MetricDataQueries that need one another."""

import pytest

from lambent.services.cloudwatch.queries import Queries
from lambent.wire.fault import Fault


def _layers(many: int) -> list[dict[str, str]]:
    made = [{"Id": "a0", "Expression": "1"}, {"Id": "b0", "Expression": "1"}]
    for n in range(1, many):
        made += [{"Id": f"{one}{n}", "Expression": f"a{n - 1} + b{n - 1}"} for one in "ab"]
    return made


def test_each_is_looked_at_once_however_many_ways_lead_there() -> None:
    assert len(Queries(_layers(60)).by_id) == 120


def test_a_circle_and_a_long_way_are_refused() -> None:
    with pytest.raises(Fault, match="refers to itself"):
        Queries([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}])
    with pytest.raises(Fault, match="too many others"):
        Queries(list(reversed(_layers(240))))
