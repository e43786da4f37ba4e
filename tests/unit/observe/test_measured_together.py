"""What is measured together is in each series as if it had come one by one."""

import asyncio
from pathlib import Path

import pytest

from lambent.model.metric import Metric
from lambent.model.scope import Scope
from lambent.observe.series import SeriesStore

MINUTE = 1_775_000_040
API, STAGE = (Metric(Scope(), "AWS/ApiGateway", "Latency", (("of", one),)) for one in ("api", "stage"))
COUNT = Metric(Scope(), "AWS/ApiGateway", "Count")
TOGETHER = ((COUNT,), "Count"), ((API, STAGE), "Milliseconds")
ROWS = (
    (MINUTE + 1.0, (1.0, 5.0)),
    (MINUTE + 2.5, (1.0, None)),
    (MINUTE + 59.9, (1.0, 5.0)),
    (MINUTE + 60.0, (1.0, 7.0)),
)


@pytest.mark.parametrize("waiting", [10_000, 2])
def test_each_value_counts_in_each_of_its_metrics(tmp_path: Path, waiting: int) -> None:
    async def run() -> None:
        store = await SeriesStore.open(tmp_path / "m", lambda: float(MINUTE), waiting=waiting)
        for at, values in ROWS:
            store.measured_together(TOGETHER, at, values)
        latency = {MINUTE: {5.0: 2.0}, MINUTE + 60: {7.0: 1.0}}
        for metric, wanted in (
            (COUNT, {MINUTE: {1.0: 3.0}, MINUTE + 60: {1.0: 1.0}}),
            (API, latency),
            (STAGE, latency),
        ):
            found = await store.read(metric, None, MINUTE, MINUTE + 120, 60)
            assert {start: bucket.values for start, bucket in found.items()} == wanted
        await store.close()

    asyncio.run(run())


def test_what_was_not_measured_makes_no_series(tmp_path: Path) -> None:
    async def run() -> None:
        store = await SeriesStore.open(tmp_path / "m", lambda: float(MINUTE))
        store.measured_together(TOGETHER, MINUTE, (1.0, None))
        assert (store.units(API), store.units(COUNT)) == ([], ["Count"])
        await store.close()

    asyncio.run(run())
