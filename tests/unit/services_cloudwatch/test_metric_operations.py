"""Values in, statistics out; what AWS would refuse, and how it says so."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.services_cloudwatch.cloudwatch_kit import NOW, PROTOCOLS, CloudWatch, with_cloudwatch

MOMENT = datetime.fromtimestamp(NOW, UTC)


def span(start: int = -600, end: int = 600) -> dict[str, datetime]:
    return {
        "StartTime": datetime.fromtimestamp(NOW + start, UTC),
        "EndTime": datetime.fromtimestamp(NOW + end, UTC),
    }


def query(name: str = "m", stat: str = "Sum", period: int = 60, id: str = "m1", **more: Any) -> dict[str, Any]:
    return {"Id": id, "MetricStat": {"Metric": metric(name), "Period": period, "Stat": stat}, **more}


def metric(name: str = "m", **dimensions: str) -> dict[str, Any]:
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": "N", "MetricName": name, "Dimensions": pairs}


def test_no_account_is_linked_to_another_one(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await cloudwatch.call("PutMetricData", Namespace="N", MetricData=[{"MetricName": "m", "Value": 1.0}])
        said = await cloudwatch.call("ListMetrics", IncludeLinkedAccounts=True)
        [owner] = said["OwningAccounts"]
        assert owner.isdecimal() and "OwningAccounts" not in await cloudwatch.call("ListMetrics")
        assert (await cloudwatch.call("ListMetrics", OwningAccount=owner))["Metrics"] == said["Metrics"] != []
        assert (await cloudwatch.call("ListMetrics", OwningAccount="999999999999"))["Metrics"] == []

    with_cloudwatch(tmp_path, body)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_values_counts_and_sets_in_every_protocol(tmp_path: Path, protocol: str) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        data = [
            {"MetricName": "m", "Value": 1.5, "Timestamp": MOMENT, "Unit": "Count"},
            {"MetricName": "m", "Values": [2.0, 4.0], "Counts": [1.0, 3.0], "Timestamp": MOMENT, "Unit": "Count"},
            {
                "MetricName": "m",
                "StatisticValues": {"SampleCount": 2, "Sum": 7, "Minimum": 3, "Maximum": 4},
                "Timestamp": datetime.fromtimestamp(NOW + 60, UTC),
                "Unit": "Bytes",
                "Dimensions": [],
            },
        ]
        said = await cloudwatch.call("PutMetricData", Namespace="N", MetricData=data)
        assert "Error" not in said
        said = await cloudwatch.call(
            "GetMetricStatistics", Namespace="N", MetricName="m", Period=60, Statistics=["Sum", "Maximum"], **span()
        )
        assert sorted(said["Datapoints"], key=lambda one: one["Timestamp"]) == [
            {"Timestamp": MOMENT, "Sum": 15.5, "Maximum": 4.0, "Unit": "Count"},
            {"Timestamp": datetime.fromtimestamp(NOW + 60, UTC), "Sum": 7.0, "Maximum": 4.0, "Unit": "Bytes"},
        ]
        said = await cloudwatch.call(
            "GetMetricStatistics", Namespace="N", MetricName="m", Period=60, ExtendedStatistics=["p100"], **span()
        )
        assert said["Datapoints"] == [{"Timestamp": MOMENT, "ExtendedStatistics": {"p100": 4.0}, "Unit": "Count"}]
        said = await cloudwatch.call("GetMetricData", MetricDataQueries=[query()], **span())
        [result] = said["MetricDataResults"]
        assert result["Timestamps"] == [datetime.fromtimestamp(NOW + 60, UTC), MOMENT]
        assert (result["Values"], result["StatusCode"], result["Label"]) == ([7.0, 15.5], "Complete", "m")
        listed = await cloudwatch.call("ListMetrics")
        assert [one["MetricName"] for one in listed["Metrics"]] == ["m"]
        code, _ = await cloudwatch.refused("GetDashboard", DashboardName="unknown")
        assert code == "ResourceNotFound"

    with_cloudwatch(tmp_path, body, protocol)


@pytest.mark.parametrize(
    ("datum", "code", "text"),
    [
        ({}, "InvalidParameterCombination", "At least one of the parameters must be specified."),
        (
            {"Value": 1.0, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}},
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive "
            "and you have specified both.",
        ),
        ({"Value": float("nan")}, "InvalidParameterValue", "The value nan for parameter MetricData.member.1.Value is"),
        ({"Value": 2.0**361}, "InvalidParameterValue", "MetricData.member.1.Value is invalid."),
        (
            {"Values": [1.0] * 151},
            "InvalidParameterValue",
            "The collection MetricData.member.1.Values must not have a size greater than 150.",
        ),
        (
            {"Values": [1.0, 2.0], "Counts": [1.0]},
            "InvalidParameterValue",
            "MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        ),
        ({"Values": [1.0], "Counts": [0.0]}, "InvalidParameterValue", "MetricData.member.1.Counts"),
        (
            {"Value": 1.0, "Timestamp": datetime.fromtimestamp(NOW - 15 * 86400, UTC)},
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
        ),
        (
            {"Value": 1.0, "Timestamp": datetime.fromtimestamp(NOW + 3 * 3600, UTC)},
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.",
        ),
        ({"Value": 1.0, "StorageResolution": 5}, "InvalidParameterValue", "StorageResolution"),
        ({"Value": 1.0, "Unit": "Hours"}, "ValidationError", "metricData.1.member.unit"),
        (
            {"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "b"}] * 31},
            "ValidationError",
            "less than or equal to 30",
        ),
        ({"Value": 1.0, "Dimensions": [{"Name": ":a", "Value": "b"}]}, "InvalidParameterValue", "value :a for"),
        ({"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "é"}]}, "InvalidParameterValue", "member.1.Value"),
        ({"Value": 1.0, "Dimensions": [{"Name": "a", "Value": " "}]}, "InvalidParameterValue", "member.1.Value"),
        ({"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}}, "InvalidParameterValue", "Max"),
    ],
)
def test_a_value_that_is_none_is_refused(tmp_path: Path, datum: dict[str, Any], code: str, text: str) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        good = {"MetricName": "good", "Value": 1.0}
        said = await cloudwatch.refused("PutMetricData", Namespace="N", MetricData=[{"MetricName": "m", **datum}, good])
        assert said[0] == code and text in said[1]
        assert (await cloudwatch.call("ListMetrics"))["Metrics"] == []  # all or none

    with_cloudwatch(tmp_path, body)


def test_aws_s_own_namespaces_and_too_much_at_once_are_refused(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        one = {"MetricName": "m", "Value": 1.0}
        own = await cloudwatch.refused("PutMetricData", Namespace="AWS/Lambda", MetricData=[one])
        assert own == ("InvalidParameterValue", "The value AWS/Lambda for parameter Namespace is invalid.")
        many = await cloudwatch.refused("PutMetricData", Namespace="N", MetricData=[one] * 1001)
        assert many == ("InvalidParameterValue", "The collection MetricData must not have a size greater than 1000.")
        none = await cloudwatch.refused("PutMetricData", Namespace="N", MetricData=[])
        assert none[0] == "MissingParameter"

    with_cloudwatch(tmp_path, body)


async def filled(cloudwatch: CloudWatch, minutes: int = 10) -> None:
    """A metric that has the values 1, 2, 3, … in the last minutes, and one of high resolution."""
    for minute in range(minutes):
        at = datetime.fromtimestamp(NOW - (minutes - minute) * 60, UTC)
        await cloudwatch.call(
            "PutMetricData",
            Namespace="N",
            MetricData=[
                {"MetricName": "m", "Value": float(minute + 1), "Timestamp": at},
                {
                    "MetricName": "fine",
                    "Value": 1.0,
                    "StorageResolution": 1,
                    "Timestamp": datetime.fromtimestamp(NOW - minute, UTC),
                },
            ],
        )


def test_expressions_searches_labels_and_order(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await filled(cloudwatch)
        asked = [
            query(ReturnData=False),
            {"Id": "double", "Expression": "m1 * 2", "Label": "${LAST} of ${MAX} in all ${SUM} ${AVG} ${PROP('Stat')}"},
            {"Id": "quad", "Expression": "double * 2"},
            {"Id": "found", "Expression": "SEARCH('{N} MetricName=m', 'Maximum', 300)"},
            query("fine", "SampleCount", 5, "fine"),
            query("m", "Sum", id="named", Label="[${FIRST_TIME}] ${LABEL}"),
        ]
        options = {"ScanBy": "TimestampAscending", "LabelOptions": {"Timezone": "+0200"}}
        said = await cloudwatch.call("GetMetricData", MetricDataQueries=asked, **span(-600, 0), **options)
        found = {one["Id"]: one for one in said["MetricDataResults"]}
        assert list(found) == ["double", "quad", "found", "fine", "named"]
        assert found["double"]["Values"] == [2.0 * number for number in range(1, 11)]
        assert found["double"]["Label"] == "20 of 20 in all 110 11 ${PROP('Stat')}"
        assert found["quad"]["Values"][-1] == 40.0
        assert (found["found"]["Values"], found["found"]["Label"]) == ([5.0, 10.0], "m")
        assert sum(found["fine"]["Values"]) == 9.0
        assert found["named"]["Label"].startswith("[2026-04-01 ")

    with_cloudwatch(tmp_path, body)


def test_pages_of_data_points(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        await filled(cloudwatch)
        asked = [query(), {"Id": "e", "Expression": "m1 * 10"}, query("none", id="none")]
        values: dict[str, list[float]] = {}
        token: dict[str, str] = {}
        states = []
        for _ in range(10):
            said = await cloudwatch.call(
                "GetMetricData",
                MetricDataQueries=asked,
                MaxDatapoints=7,
                ScanBy="TimestampAscending",
                **span(),
                **token,
            )
            for one in said["MetricDataResults"]:
                values.setdefault(one["Id"], []).extend(one["Values"])
                states.append((one["Id"], one["StatusCode"]))
            if "NextToken" not in said:
                break
            token = {"NextToken": said["NextToken"]}
        assert values["m1"] == [float(number) for number in range(1, 11)]
        assert values["e"] == [10.0 * number for number in range(1, 11)]
        assert states[0] == ("m1", "PartialData") and states[-1][1] == "Complete"
        assert (await cloudwatch.refused("GetMetricData", MetricDataQueries=asked, NextToken="!", **span()))[0] == (
            "InvalidNextToken"
        )

    with_cloudwatch(tmp_path, body)


@pytest.mark.parametrize(
    ("queries", "code", "text"),
    [
        ([{"Id": "M", "Expression": "1"}], "ValidationError", "lowercase"),
        ([query(), query()], "ValidationError", "not unique"),
        ([{"Id": "e"}], "ValidationError", "Exactly one"),
        ([{"Id": "e", "Expression": "m1 +"}], "ValidationError", "Error in expression 'e'"),
        ([{"Id": "e", "Expression": "unknown * 2"}], "ValidationError", "Unknown id 'unknown'"),
        ([{"Id": "e", "Expression": "f"}, {"Id": "f", "Expression": "e"}], "ValidationError", "refers to itself"),
        ([{"Id": "e", "Expression": "1 + 1"}], "ValidationError", "must return a time series"),
        ([query(stat="p200")], "InvalidParameterValue", "p200"),
        ([query(period=45)], "InvalidParameterValue", "45"),
        ([{"Id": "e", "Expression": "SEARCH('{', 'Sum', 60)"}], "ValidationError", "search expression"),
        ([{"Id": "e", "Expression": "SELECT AVG(m) FROM N"}], "NotImplementedException", "Metrics Insights"),
        ([query(), {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m1)"}], "NotImplementedException", "ANOMALY"),
        ([], "MissingParameter", "MetricDataQueries"),
    ],
)
def test_a_query_that_is_none_is_refused(tmp_path: Path, queries: list[Any], code: str, text: str) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        said = await cloudwatch.refused("GetMetricData", MetricDataQueries=queries, **span())
        assert said[0] == code and text in said[1]

    with_cloudwatch(tmp_path, body)


def test_spans_and_statistics_that_are_none_are_refused(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        asked: dict[str, Any] = {"Namespace": "N", "MetricName": "m"}
        many = await cloudwatch.refused(
            "GetMetricStatistics", Period=60, Statistics=["Sum"], **asked, **span(-2 * 86400, 0)
        )
        assert many == (
            "InvalidParameterCombination",
            "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440. You may reduce the "
            "datapoints requested by increasing Period, or decreasing the time range.",
        )
        none = await cloudwatch.refused("GetMetricStatistics", Period=60, **asked, **span())
        assert none[0] == "InvalidParameterCombination"
        backwards = await cloudwatch.refused("GetMetricData", MetricDataQueries=[query()], **span(60, 0))
        assert backwards == ("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")

    with_cloudwatch(tmp_path, body)


def test_metrics_are_listed_by_page_and_by_what_they_are_of(tmp_path: Path) -> None:
    async def body(cloudwatch: CloudWatch) -> None:
        data = [{"MetricName": f"m{number:03d}", "Value": 1.0} for number in range(600)]
        await cloudwatch.call("PutMetricData", Namespace="N", MetricData=data)
        pair = [{"Name": "a", "Value": "x"}]
        await cloudwatch.call(
            "PutMetricData", Namespace="O", MetricData=[{"MetricName": "m", "Value": 1.0, "Dimensions": pair}]
        )
        first = await cloudwatch.call("ListMetrics", Namespace="N")
        rest = await cloudwatch.call("ListMetrics", Namespace="N", NextToken=first["NextToken"])
        assert (len(first["Metrics"]), len(rest["Metrics"])) == (500, 100)
        for dimensions, count in (([{"Name": "a"}], 1), (pair, 1), ([{"Name": "a", "Value": "y"}], 0)):
            found = await cloudwatch.call("ListMetrics", Dimensions=dimensions)
            assert len(found["Metrics"]) == count
        cloudwatch.clock[0] += 4 * 3600
        assert (await cloudwatch.call("ListMetrics", RecentlyActive="PT3H"))["Metrics"] == []
        assert (await cloudwatch.call("ListMetrics", MetricName="m001"))["Metrics"] != []
        cloudwatch.clock[0] += 15 * 86400
        assert (await cloudwatch.call("ListMetrics"))["Metrics"] == []

    with_cloudwatch(tmp_path, body)
