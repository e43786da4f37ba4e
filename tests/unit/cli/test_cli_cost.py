"""`lambent cost`: what is metered by whom, and how it would be otherwise."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from lambent.cli import cost, cost_tags, metering
from lambent.cli.errors import CliError
from lambent.engine.price import Line, Machine, Use

START, END = 1_000_000.0, 1_000_000.0 + 7200


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Client:
    """Answers from a table; metrics from `sums`: (metric, a dimension's value) to a sum."""

    def __init__(self, answers: dict[str, Any], sums: Mapping[tuple[str, ...], float]) -> None:
        self._answers, self._sums = answers, sums

    def can_paginate(self, _operation: str) -> bool:
        return False

    def list_metrics(self, Namespace: str, MetricName: str) -> dict[str, Any]:
        names = ("FunctionName", "MemorySize" if MetricName == "BilledDuration" else "Version")
        found = [key[1:] for key in self._sums if key[0] == MetricName]
        dimensions = [[{"Name": n, "Value": v} for n, v in zip(names, values, strict=False)] for values in found]
        return {"Metrics": [{"Dimensions": one} for one in dimensions]}

    def get_metric_statistics(self, MetricName: str, Dimensions: list[dict[str, str]], **_: Any) -> dict[str, Any]:
        return {"Datapoints": [{"Sum": self._sums[MetricName, *(one["Value"] for one in Dimensions)]}]}

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_"):
            raise AttributeError(operation)
        return lambda **_params: self._answers[operation]


def clients(answers: dict[str, Any], sums: Mapping[tuple[str, ...], float] = MappingProxyType({})) -> Any:
    client = Client(answers, sums)
    return lambda _service: client


def test_what_was_provisioned_has_its_own_price_and_what_stood_ready_is_a_line() -> None:
    sums = {
        ("Invocations", "f"): 100.0, ("BilledDuration", "f", "512"): 20_000.0,
        ("ProvisionedConcurrencyInvocations", "f"): 75.0, ("ProvisionedSeconds", "f", "3"): 7200.0,
    }  # fmt: skip
    client_of = clients({"get_function_configuration": {"MemorySize": 1024}}, sums)
    found = metering.with_provisioned(client_of, list(metering.used(client_of, START, END)), START, END)
    assert {(use.price, use.quantity) for use in found} == {
        ("lambda:requests", 100.0), ("lambda:duration:x86_64", 2.5), ("lambda:provisioned-duration:x86_64", 7.5),
        ("lambda:provisioned:x86_64", 7200.0),
    }  # fmt: skip


def test_a_state_machine_has_a_transition_for_each_state_and_its_start() -> None:
    answers = {
        "list_state_machines": {"stateMachines": [{"name": "m", "stateMachineArn": "a", "type": "STANDARD"}]},
        "list_executions": {"executions": [
            {"executionArn": "e", "startDate": at(START + 1), "stopDate": at(START + 3)},
            {"executionArn": "old", "startDate": at(START - 1)},
        ]},
        "get_execution_history": {"events": [
            {"type": name} for name in ("ExecutionStarted", "TaskStateEntered", "TaskStateExited", "PassStateEntered")
        ]},
    }  # fmt: skip
    assert list(metering.machines(clients(answers), START, END)) == [Machine("m", False, (2000.0,), 3)]


def test_networks_cost_hours_those_that_began_as_whole_ones_and_endpoints_in_each_zone() -> None:
    endpoint = {"VpcEndpointId": "v", "CreationTimestamp": at(START - 9), "SubnetIds": ["a", "b"]}
    answers = {
        "describe_nat_gateways": {"NatGateways": [
            {"NatGatewayId": "n", "State": "available", "CreateTime": at(END - 60)},
            {"NatGatewayId": "x", "State": "deleted", "CreateTime": at(START)},
        ]},
        "describe_vpc_endpoints": {"VpcEndpoints": [
            endpoint | {"VpcEndpointType": "Interface"}, endpoint | {"VpcEndpointType": "Gateway"}
        ]},
    }  # fmt: skip
    whole = list(metering.network(clients(answers), START, END, whole=True))
    assert whole == [Use("nat:hour", "n", 1.0), Use("endpoint:hour", "v", 4.0)]
    assert next(metering.network(clients(answers), START, END, whole=False)).quantity == pytest.approx(1 / 60)


def test_a_function_and_its_log_group_are_its_tags() -> None:
    lines = [Line(Use(price, name, 1.0), 1.0) for price, name in (
        ("lambda:requests", "f"), ("logs:ingested", "/aws/lambda/f"), ("sqs:standard", "q"), ("xray:traces", "t")
    )]  # fmt: skip
    answers = {
        "get_function": {"Tags": {"team": "a"}}, "get_queue_url": {"QueueUrl": "u"},
        "list_queue_tags": {"Tags": {"other": "b"}},
    }  # fmt: skip
    found = cost_tags.tagged(clients(answers), lines, "team")
    assert found == {"f": "a", "/aws/lambda/f": "a", "q": cost_tags.NONE, "t": cost_tags.NONE}


class There:
    """A target with two functions."""

    def client(self, _service: str) -> "There":
        return self

    def get_paginator(self, _operation: str) -> "There":
        return self

    def paginate(self) -> list[Any]:
        functions = [("f", 512, "x86_64"), ("g", 128, "arm64")]
        named = [{"FunctionName": name, "MemorySize": size, "Architectures": [arch]} for name, size, arch in functions]
        return [{"Functions": named}]


def test_what_if_is_of_each_function_or_of_all() -> None:
    uses = [Use("lambda:duration:x86_64", "f", 1.0, 512), Use("lambda:duration:x86_64", "g", 1.0, 128)]
    uses += [Use("apigateway:rest", "api", 5.0)]

    def said(**asked: Any) -> dict[tuple[str, str], float]:
        found = cost.changed(There(), uses, 3600, cost.WhatIf(**asked))  # type: ignore[arg-type]
        return {(use.price.removeprefix("lambda:"), use.subject): use.quantity for use in found}

    assert said() == {("duration:x86_64", "f"): 1.0, ("duration:arm64", "g"): 1.0, ("apigateway:rest", "api"): 5.0}
    assert said(arm64=True, http_api=True) == {
        ("duration:arm64", "f"): 1.0, ("duration:arm64", "g"): 1.0, ("apigateway:http", "api"): 5.0
    }  # fmt: skip
    assert said(memory=(("", 1024), ("g", 256)))["duration:x86_64", "f"] == 2.0
    assert said(memory=(("", 1024), ("g", 256)))["duration:arm64", "g"] == 2.0
    assert said(provisioned=(("g", 2),))["provisioned:arm64", "g"] == 2 * 3600 * 128 / 1024
    with pytest.raises(CliError, match="no function h"):
        said(provisioned=(("h", 2),))


@pytest.mark.parametrize(
    "wrong",
    [
        ("--memory", "f=0"),
        ("--memory", "x"),
        ("--provisioned", "10"),
        ("--by", "tag"),
        ("--tag", "team"),
        ("--at", "x"),
    ],
)
def test_what_is_not_understood_is_wrong_use(cli: Any, fake: Any, wrong: tuple[str, str]) -> None:
    cli("cost", *wrong, code=2)


def test_logs_that_are_kept_cost_by_their_time() -> None:
    groups = [
        {"logGroupName": "old", "creationTime": 0, "storedBytes": 10**9},
        {"logGroupName": "new", "creationTime": int(END * 1000) - 3_600_000, "storedBytes": 10**9},
        {"logGroupName": "empty", "creationTime": 0, "storedBytes": 0},
    ]
    old, new = metering.logs_kept(clients({"describe_log_groups": {"logGroups": groups}}), START, END)
    assert old.quantity == pytest.approx(0.15e9 * 2 / 730) and new.quantity == pytest.approx(old.quantity / 2)
    assert old.price == new.price == "logs:stored"
