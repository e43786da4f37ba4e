"""What costs something beside invocations: metrics, alarms, snapshots, restores, streams, what passes gateways."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambent.cli import metering
from lambent.engine.price import Use, bill
from lambent.model.prices import SECONDS_A_MONTH

START, END = 1_790_000_000.0, 1_790_000_000.0 + 6 * 3600
NO_ENDPOINTS: dict[str, Any] = {"VpcEndpoints": []}


class Client:
    """Answers operations by their names; a function of the parameters, or what is answered to all."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def can_paginate(self, _operation: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Any:
        answer = self._answers[operation]
        return answer if callable(answer) else lambda **_params: answer


def found(metered: Any, answers: dict[str, Any]) -> list[Use]:
    client = Client(answers)
    return list(metered(lambda _service: client, START, END))


def dollars(use: Use, factor: float = 1.0) -> float:
    return bill([use], factor)[0].dollars


def test_a_custom_metric_is_billed_for_the_hours_in_which_it_has_values() -> None:
    metrics = [
        {"Namespace": name, "MetricName": str(n), "Dimensions": []}
        for name in ("Shop", "AWS/Lambda")
        for n in range(600)
    ]

    def data(MetricDataQueries: list[dict[str, Any]], **_span: Any) -> dict[str, Any]:
        assert len(MetricDataQueries) <= 500
        return {"MetricDataResults": [{"Id": one["Id"], "Values": [3.0, 1.0]} for one in MetricDataQueries]}

    (use,) = found(metering.custom_metrics, {"list_metrics": {"Metrics": metrics}, "get_metric_data": data})
    assert (use.price, use.subject, use.quantity) == ("cloudwatch:metrics", "Shop", 1200 * 3600 / SECONDS_A_MONTH)
    assert dollars(use) == pytest.approx(1200 / 730 * 0.30)


def test_many_metrics_are_cheaper_by_tiers() -> None:
    assert dollars(Use("cloudwatch:metrics", "Shop", 10_000)) == pytest.approx(3_000)
    assert dollars(Use("cloudwatch:metrics", "Shop", 260_000)) == pytest.approx(3_000 + 24_000 + 500)


def test_alarms_are_billed_by_metric_and_kind_since_they_were_changed() -> None:
    about = {"AlarmConfigurationUpdatedTimestamp": datetime.fromtimestamp(END - 3600, UTC)}
    math = [{"Id": "a", "MetricStat": {}}, {"Id": "b", "MetricStat": {}}, {"Id": "e", "Expression": "a/b"}]
    alarms = [
        {"AlarmName": "plain", "Period": 60, **about},
        {"AlarmName": "quick", "Period": 10, **about},
        {"AlarmName": "math", "Metrics": math, **about},
    ]
    answer = {"MetricAlarms": alarms, "CompositeAlarms": [{"AlarmName": "both", **about}]}
    hour = 3600 / SECONDS_A_MONTH
    assert found(metering.alarms, {"describe_alarms": answer}) == [
        Use("cloudwatch:alarms", "plain", hour),
        Use("cloudwatch:alarms-high-resolution", "quick", hour),
        Use("cloudwatch:alarms", "math", 2 * hour),
        Use("cloudwatch:alarms-composite", "both", hour),
    ]


def test_snapshots_are_kept_for_three_hours_at_least_and_those_of_java_are_free() -> None:
    on = {"SnapStart": {"OptimizationStatus": "On"}, "MemorySize": 1024}

    def version(name: str, hours: float, **more: Any) -> dict[str, Any]:
        made = datetime.fromtimestamp(END - hours * 3600, UTC).isoformat()
        return {"FunctionName": name, "Runtime": "python3.12", "LastModified": made, **on, **more}

    those = [
        version("new", 1),
        version("old", 100),
        version("java", 1, Runtime="java21"),
        version("off", 1, SnapStart={}),
    ]
    assert found(metering.snapshots, {"list_functions": {"Functions": those}}) == [
        Use("lambda:snapstart-cache", "new", 3 * 3600.0),
        Use("lambda:snapstart-cache", "old", 6 * 3600.0),
    ]


def answered(sums: dict[tuple[str, ...], float], *dimensions: str) -> dict[str, Any]:
    """CloudWatch with a sum for (namespace, metric, the values of its dimensions)."""
    names = dimensions or ("FunctionName", "Service")

    def listed(Namespace: str, MetricName: str) -> dict[str, Any]:
        those = [key[2:] for key in sums if key[:2] == (Namespace, MetricName)]
        pairs = [[{"Name": n, "Value": one} for n, one in zip(names, values, strict=False)] for values in those]
        return {"Metrics": [{"Dimensions": said} for said in pairs]}

    def statistics(Namespace: str, MetricName: str, Dimensions: list[dict[str, str]], **_: Any) -> dict[str, Any]:
        return {"Datapoints": [{"Sum": sums[Namespace, MetricName, *(one["Value"] for one in Dimensions)]}]}

    return {"list_metrics": listed, "get_metric_statistics": statistics}


def test_bytes_cost_what_a_gateway_processes_where_there_is_one_and_the_function_is_behind_it() -> None:
    sums: dict[tuple[str, ...], float] = {("Lambent", "NetworkBytes", name): 1e11 for name in ("inside", "outside")}
    functions = [{"FunctionName": "inside", "VpcConfig": {"SubnetIds": ["s"]}}, {"FunctionName": "outside"}]
    answers = answered(sums) | {"list_functions": {"Functions": functions}, "describe_vpc_endpoints": NO_ENDPOINTS}
    (use,) = found(
        metering.passed_gateways, answers | {"describe_nat_gateways": {"NatGateways": [{"State": "available"}]}}
    )
    assert use == Use("nat:processed", "inside", 1e11) and dollars(use) == pytest.approx(4.50)
    assert not found(metering.passed_gateways, answers | {"describe_nat_gateways": {"NatGateways": []}})


def test_bytes_to_services_go_by_their_interface_endpoint_or_for_nothing_or_by_the_gateway() -> None:
    services = ("sqs", "kinesis", "s3", "sns")
    sums: dict[tuple[str, ...], float] = {("Lambent", "ServiceBytes", "f", one): 1e11 for one in services}
    sums["Lambent", "ServiceBytes", "outside", "sqs"] = 1e11
    endpoints = [
        {"ServiceName": "com.amazonaws.us-east-1.sqs", "VpcEndpointType": "Interface", "VpcId": "v"},
        {"ServiceName": "com.amazonaws.us-east-1.kinesis-streams", "VpcEndpointType": "Interface", "VpcId": "v"},
        {"ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway", "VpcId": "v"},
        {"ServiceName": "com.amazonaws.us-east-1.sns", "VpcEndpointType": "Interface", "VpcId": "another"},
    ]
    functions = [{"FunctionName": "f", "VpcConfig": {"SubnetIds": ["s"], "VpcId": "v"}}, {"FunctionName": "outside"}]
    answers = answered(sums) | {
        "list_functions": {"Functions": functions},
        "describe_vpc_endpoints": {"VpcEndpoints": endpoints},
        "describe_nat_gateways": {"NatGateways": [{"State": "available"}]},
    }
    uses = found(metering.passed_gateways, answers)
    assert uses == [
        Use("endpoint:processed", "f", 1e11), Use("endpoint:processed", "f", 1e11), Use("nat:processed", "f", 1e11),
    ]  # fmt: skip
    assert dollars(uses[0]) == pytest.approx(1.00)
    without = answers | {"describe_nat_gateways": {"NatGateways": []}}
    assert {use.price for use in found(metering.passed_gateways, without)} == {"endpoint:processed"}


def test_restores_and_streams_have_their_prices() -> None:
    sums: dict[tuple[str, ...], float] = {
        ("Lambent", "RestoredMegabytes", "f"): 2048.0,
        ("Lambent", "StreamedBytes", "f"): 1e9,
    }
    uses = found(metering.used, answered(sums))
    assert uses == [Use("lambda:snapstart-restore", "f", 2.0), Use("lambda:streamed", "f", 1e9)]
    assert [dollars(use) for use in uses] == [pytest.approx(0.0002795996), pytest.approx(0.008)]


def test_what_functions_log_is_cheaper_by_tiers_and_shares_what_is_free() -> None:
    sums = {("AWS/Logs", "IncomingBytes", name): 20e12 for name in ("/aws/lambda/f", "mine")}
    uses = found(metering.used, answered(sums, "LogGroupName"))
    assert [(use.price, dollars(use)) for use in uses] == [
        ("logs:of-lambda", pytest.approx(7_500)), ("logs:ingested", pytest.approx(10_000)),
    ]  # fmt: skip
    free = bill([Use("logs:of-lambda", "f", 5e9), Use("logs:ingested", "g", 5e9)], free_tier=True)
    assert sum(line.dollars for line in free) == pytest.approx(2.5)


def test_a_large_tmp_costs_for_as_long_as_the_function_runs() -> None:
    """10,240 MB for a million seconds: 9.5 GB beyond the free half."""
    functions = [{"FunctionName": "f", "EphemeralStorage": {"Size": 10_240}}, {"FunctionName": "g"}]
    uses = [Use("lambda:duration:x86_64", "f", 1e6 / 4, 256), Use("lambda:duration:x86_64", "g", 1e6, 1024)]
    client = Client({"list_functions": {"Functions": functions}})
    (use,) = metering.ephemeral_storage(lambda _service: client, uses)
    assert use == Use("lambda:ephemeral-storage", "f", 9.5e6) and dollars(use) == pytest.approx(0.29355)
