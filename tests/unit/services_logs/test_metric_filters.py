"""Metric filters as boto3 sees them."""

from pathlib import Path
from typing import Any

from lambent.services.logs.metric_filters import MOST
from tests.unit.services_logs.wired import HERE, NOW, Wired, with_logs

COUNT: list[dict[str, Any]] = [{"metricName": "m", "metricNamespace": "N", "metricValue": "1"}]


def test_filters_are_kept_shown_and_deleted(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName="g")
        for name in ("b", "a"):
            await logs.call(
                "PutMetricFilter", logGroupName="g", filterName=name, filterPattern="ERROR", metricTransformations=COUNT
            )
        assert [one.name for one in logs.filters.of(HERE, "g")] == ["m", "m"]
        page = await logs.call("DescribeMetricFilters", logGroupName="g", limit=1)
        assert page["metricFilters"] == [
            {
                "filterName": "a",
                "filterPattern": "ERROR",
                "metricTransformations": COUNT,
                "logGroupName": "g",
                "creationTime": NOW,
            }
        ]
        rest = await logs.call("DescribeMetricFilters", nextToken=page["nextToken"])
        assert [one["filterName"] for one in rest["metricFilters"]] == ["b"]
        by_metric = await logs.call("DescribeMetricFilters", metricName="other", metricNamespace="N")
        assert by_metric["metricFilters"] == []
        groups = await logs.call("DescribeLogGroups")
        assert groups["logGroups"][0]["metricFilterCount"] == 2
        await logs.call("DeleteMetricFilter", logGroupName="g", filterName="a")
        assert len(logs.filters.of(HERE, "g")) == 1
        assert await logs.refused("DeleteMetricFilter", logGroupName="g", filterName="a") == (
            "ResourceNotFoundException",
            "The specified metric filter does not exist.",
        )
        await logs.call("DeleteLogGroup", logGroupName="g")
        assert logs.filters.of(HERE, "g") == ()

    with_logs(tmp_path, body)


def test_what_can_t_be_a_filter_is_refused(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        await logs.call("CreateLogGroup", logGroupName="g")

        async def code(group: str = "g", pattern: str = "ERROR", **more: Any) -> str:
            said = [COUNT[0] | more]
            asked = {"logGroupName": group, "filterName": "f", "filterPattern": pattern, "metricTransformations": said}
            return (await logs.refused("PutMetricFilter", **asked))[0]

        assert await code("unknown") == "ResourceNotFoundException"
        assert await code(pattern="{ $.a = ") == "InvalidParameterException"
        assert await code(metricValue="many") == "InvalidParameterException"
        assert await code(metricValue="$.a") == "InvalidParameterException"
        assert (
            await code(pattern="{ $.a = * }", dimensions={"D": "$.a"}, defaultValue=1.0) == "InvalidParameterException"
        )
        for number in range(MOST):
            await logs.call(
                "PutMetricFilter",
                logGroupName="g",
                filterName=f"f{number}",
                filterPattern="",
                metricTransformations=COUNT,
            )
        assert await code() == "LimitExceededException"

    with_logs(tmp_path, body)


def test_a_pattern_is_tried_out(tmp_path: Path) -> None:
    async def body(logs: Wired) -> None:
        said = await logs.call(
            "TestMetricFilter",
            filterPattern="[ip, status = 4*, size]",
            logEventMessages=["1.1.1.1 200 7", "1.1.1.1 404 10"],
        )
        assert said["matches"] == [
            {
                "eventNumber": 2,
                "eventMessage": "1.1.1.1 404 10",
                "extractedValues": {"$ip": "1.1.1.1", "$status": "404", "$size": "10"},
            }
        ]
        said = await logs.call(
            "TestMetricFilter", filterPattern="{ $.a.b > 1 }", logEventMessages=['{"a": {"b": 2}}', "no"]
        )
        assert said["matches"][0]["extractedValues"] == {"$.a.b": "2"}

    with_logs(tmp_path, body)
