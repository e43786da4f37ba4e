"""When alarms are evaluated: at each whole minute, every ten seconds while there is one of a shorter period."""

from pathlib import Path

import pytest

from lambent.clock import ManualClock
from lambent.services.cloudwatch.alarms import evaluating
from lambent.services.cloudwatch.alarms.evaluating import Evaluator
from tests.unit.services_cloudwatch.cloudwatch_kit import NOW, CloudWatch, with_cloudwatch

ALARM = {
    "Namespace": "n", "MetricName": "m", "Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip


def test_the_clock_stops_where_an_alarm_may_be_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        clock, stops, seen = ManualClock(NOW + 5.0), [], []

        async def evaluate(env: object, alarm: object, at: int) -> None:
            seen.append((alarm.name, at - NOW))  # type: ignore[attr-defined]

        monkeypatch.setattr(evaluating, "evaluate", evaluate)
        clock.on_move = lambda: stops.append(round(clock.wall() - NOW))
        evaluator = Evaluator(cloudwatch.env, clock)
        await clock.advance(120)
        assert stops == [60, 120, 125]
        await cloudwatch.call("PutMetricAlarm", AlarmName="long", Period=60, **ALARM)
        await cloudwatch.call("PutMetricAlarm", AlarmName="short", Period=10, **ALARM)
        await clock.advance(60)
        assert [at for name, at in seen if name == "short"] == [130, 140, 150, 160, 170, 180]
        assert [at for name, at in seen if name == "long"] == [180]
        await cloudwatch.call("DeleteAlarms", AlarmNames=["short"])
        await clock.advance(120)
        assert stops[-4:] == [190, 240, 300, 305]
        evaluator.close()
        stops.clear()
        await clock.advance(120)
        assert stops == [425]

    with_cloudwatch(tmp_path, body)
