"""What was used, as any client can find out: metrics, histories of state machines, what stands in the network.

Every function here takes `client_of`, which makes a service's client, and times in seconds since 1970.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from lambent.clients import members
from lambent.engine.price import Machine, Use, gb_seconds
from lambent.model.prices import COMPRESSED, FREE_STORAGE_MB, SECONDS_A_MONTH, SNAPSHOTS_BILLED

QUERIES = 500
"""Of a request of GetMetricData."""
LEAST_CACHED = 3 * 3600.0
"""Seconds that the snapshot of a version is billed for at least. https://aws.amazon.com/lambda/pricing/"""
POINTS = 60
"""Of a metric's sum: periods of a minute or more."""
Dimensions = dict[str, str]
ClientOf = Callable[[str], Any]
DURATION = "lambda:duration:x86_64"


@dataclass(frozen=True, slots=True)
class Meter:
    """A metric that is billed: which of its dimensions, as what price, under whose name (a dimension's value, or else
    `subject` itself), and what factor."""

    namespace: str
    metric: str
    dimensions: frozenset[str]
    price: Callable[[Dimensions], str]
    subject: str
    factor: Callable[[Dimensions], float] = lambda _: 1.0


def _by_size(said: Dimensions) -> float:
    return gb_seconds(1, float(said["MemorySize"]))


def _queue(said: Dimensions) -> str:
    return "sqs:fifo" if said["QueueName"].endswith(".fifo") else "sqs:standard"


def _requests(said: Dimensions) -> str:
    return f"s3:requests-{said['Tier']}"


def _logs(said: Dimensions) -> str:
    """What functions log is cheaper by tiers; groups of other names that they log into can't be told by their names."""
    return "logs:of-lambda" if said["LogGroupName"].startswith("/aws/lambda/") else "logs:ingested"


def _always(price: str) -> Callable[[Dimensions], str]:
    return lambda _: price


METERS = (
    Meter("AWS/Lambda", "Invocations", frozenset({"FunctionName"}), _always("lambda:requests"), "FunctionName"),
    Meter(
        "Lambent", "BilledDuration", frozenset({"FunctionName", "MemorySize"}), _always(DURATION), "FunctionName",
        _by_size,
    ),
    *(
        Meter("AWS/SQS", metric, frozenset({"QueueName"}), _queue, "QueueName")
        for metric in ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted",
                       "NumberOfEmptyReceives")
    ),
    Meter("AWS/Logs", "IncomingBytes", frozenset({"LogGroupName"}), _logs, "LogGroupName"),
    Meter("AWS/Kinesis", "IncomingRecords", frozenset({"StreamName"}), _always("kinesis:put"), "StreamName"),
    Meter("Lambent", "BucketRequests", frozenset({"BucketName", "Tier"}), _requests, "BucketName"),
    Meter(
        "Lambent", "RestoredMegabytes", frozenset({"FunctionName"}), _always("lambda:snapstart-restore"),
        "FunctionName", lambda _: 1 / 1024,
    ),
    Meter("Lambent", "StreamedBytes", frozenset({"FunctionName"}), _always("lambda:streamed"), "FunctionName"),
    Meter("Lambent", "TracesRecorded", frozenset(), _always("xray:traces"), "traces"),
    Meter("AWS/ApiGateway", "Count", frozenset({"ApiName"}), _always("apigateway:rest"), "ApiName"),
    Meter("AWS/ApiGateway", "Count", frozenset({"ApiId"}), _always("apigateway:http"), "ApiId"),
)  # fmt: skip
"""Messages count one by one: batches of ten cost a tenth. What has no metric here is left out (docs/cost.md)."""
PASSED = ("Lambent", "NetworkBytes", frozenset({"FunctionName"}))
SAID = ("Lambent", "ServiceBytes", frozenset({"FunctionName", "Service"}))
ENDPOINTS = {"kinesis": "kinesis-streams", "ses": "email", "ecr": "ecr.api"}
"""What endpoints of services are called whose requests are signed by another name
(https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html)."""
RUNS = ("AWS/Lambda", "ProvisionedConcurrencyInvocations", frozenset({"FunctionName"}))
READY = ("Lambent", "ProvisionedSeconds", frozenset({"FunctionName", "Version"}))


def used(client_of: ClientOf, start: float, end: float) -> Iterator[Use]:
    """What the metrics say was used: of functions as on demand and on x86_64."""
    client = client_of("cloudwatch")
    for meter in METERS:
        for said, total in _sums(client, (meter.namespace, meter.metric, meter.dimensions), start, end):
            size = int(said.get("MemorySize", 0))
            yield Use(meter.price(said), said.get(meter.subject, meter.subject), total * meter.factor(said), size)


def _sums(
    client: Any, what: tuple[str, str, frozenset[str]], start: float, end: float
) -> Iterator[tuple[Dimensions, float]]:
    """The sum of a metric for each set of these dimensions that has any."""
    namespace, metric, names = what
    for one in members(client, "list_metrics", "Metrics", Namespace=namespace, MetricName=metric):
        said = {pair["Name"]: pair["Value"] for pair in one["Dimensions"]}
        asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": one["Dimensions"]}
        total = _sum(client, asked, start, end) if frozenset(said) == names else 0.0
        if total:
            yield said, total


def _sum(client: Any, asked: dict[str, Any], start: float, end: float) -> float:
    period = max(-(-int(end - start) // POINTS) // 60 * 60, 60)
    found = client.get_metric_statistics(**asked, StartTime=start, EndTime=end, Period=period, Statistics=["Sum"])
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def with_provisioned(client_of: ClientOf, uses: list[Use], start: float, end: float) -> list[Use]:
    """The uses with what stood ready, and that part of durations which was provisioned at its own price: as large as
    the part of a function's invocations that was."""
    metrics, memory = client_of("cloudwatch"), _memory_of(client_of("lambda"))
    ready: list[Use] = []
    for said, seconds in _sums(metrics, READY, start, end):
        size = memory(said["FunctionName"], said["Version"])
        ready.append(Use("lambda:provisioned:x86_64", said["FunctionName"], gb_seconds(seconds * 1000, size), size))
    if not ready:
        return uses
    runs = {use.subject: use.quantity for use in uses if use.price == "lambda:requests"}
    parts = {said["FunctionName"]: total for said, total in _sums(metrics, RUNS, start, end)}
    split = [part for use in uses for part in _split(use, parts.get(use.subject, 0.0) / runs.get(use.subject, 1.0))]
    return [*split, *ready]


def _split(use: Use, part: float) -> Iterator[Use]:
    if use.price != DURATION or part <= 0:
        yield use
        return
    inside = min(part, 1.0) * use.quantity
    yield Use("lambda:provisioned-duration:x86_64", use.subject, inside, use.megabytes)
    if use.quantity > inside:
        yield Use(DURATION, use.subject, use.quantity - inside, use.megabytes)


def ephemeral_storage(client_of: ClientOf, uses: list[Use]) -> Iterator[Use]:
    """What functions have of /tmp now beyond the free part, for as long as they ran."""
    sizes = {
        one["FunctionName"]: one.get("EphemeralStorage", {}).get("Size", FREE_STORAGE_MB) - FREE_STORAGE_MB
        for one in members(client_of("lambda"), "list_functions", "Functions")
    }
    for use in uses:
        more = sizes.get(use.subject, 0)
        if use.price == DURATION and more > 0:
            yield Use("lambda:ephemeral-storage", use.subject, use.quantity / use.megabytes * more)


def _memory_of(client: Any) -> Callable[[str, str], int]:
    @cache
    def memory(function: str, version: str) -> int:
        from botocore.exceptions import ClientError

        try:
            said = client.get_function_configuration(FunctionName=function, Qualifier=version)
        except ClientError:  # it is gone
            return 128
        return int(said["MemorySize"])

    return memory


def logs_kept(client_of: ClientOf, start: float, end: float) -> Iterator[Use]:
    """What log groups hold now, as if they had held it since then or since they were made."""
    for one in members(client_of("logs"), "describe_log_groups", "logGroups"):
        seconds = max(end - max(one["creationTime"] / 1000, start), 0.0)
        kept = one["storedBytes"] * COMPRESSED * seconds / SECONDS_A_MONTH
        if kept:
            yield Use("logs:stored", one["logGroupName"], kept)


def machines(client_of: ClientOf, start: float, end: float) -> Iterator[Machine]:
    """What state machines did that began in this time, by the histories that are kept."""
    client = client_of("stepfunctions")
    for one in members(client, "list_state_machines", "stateMachines"):
        runs, transitions = [], 0
        for run in members(client, "list_executions", "executions", stateMachineArn=one["stateMachineArn"]):
            began = run["startDate"].timestamp()
            if not start <= began <= end:
                continue
            ended = run["stopDate"].timestamp() if "stopDate" in run else end
            runs.append(max(ended - began, 0.0) * 1000)
            events = members(client, "get_execution_history", "events", executionArn=run["executionArn"])
            transitions += sum(event["type"].endswith(("StateEntered", "ExecutionStarted")) for event in events)
        if runs:
            yield Machine(one["name"], one.get("type") == "EXPRESS", tuple(runs), transitions)


def custom_metrics(client_of: ClientOf, start: float, end: float) -> Iterator[Use]:
    """Metrics of namespaces that are not AWS's own, by namespace: each hour in which one has a value is billed.

    Lambda Insights' are among them. https://aws.amazon.com/cloudwatch/pricing/
    """
    client = client_of("cloudwatch")
    every = members(client, "list_metrics", "Metrics")
    found = [one for one in every if not one["Namespace"].startswith("AWS/")]
    hours: Counter[str] = Counter()
    for at in range(0, len(found), QUERIES):
        asked = [
            {"Id": f"m{place}", "MetricStat": {"Metric": one, "Period": 3600, "Stat": "SampleCount"}}
            for place, one in enumerate(found[at : at + QUERIES], at)
        ]
        span = {"StartTime": start, "EndTime": end}
        for said in members(client, "get_metric_data", "MetricDataResults", MetricDataQueries=asked, **span):
            hours[found[int(said["Id"][1:])]["Namespace"]] += len(said["Values"])
    for namespace, many in hours.items():
        yield Use("cloudwatch:metrics", namespace, many * 3600 / SECONDS_A_MONTH)


def alarms(client_of: ClientOf, start: float, end: float) -> Iterator[Use]:
    """Alarms that are there now, each of the metrics that one looks at, since they were last changed."""
    client = client_of("cloudwatch")
    for one in members(client, "describe_alarms", "MetricAlarms"):
        high = one.get("Period", 60) < 60
        many = sum("MetricStat" in query for query in one.get("Metrics", ())) or 1
        yield _standing("cloudwatch:alarms-high-resolution" if high else "cloudwatch:alarms", one, start, end, many)
    for one in members(client, "describe_alarms", "CompositeAlarms", AlarmTypes=["CompositeAlarm"]):
        yield _standing("cloudwatch:alarms-composite", one, start, end, 1)


def _standing(price: str, alarm: dict[str, Any], start: float, end: float, many: int) -> Use:
    since = max(alarm["AlarmConfigurationUpdatedTimestamp"].timestamp(), start)
    return Use(price, alarm["AlarmName"], max(end - since, 0.0) * many / SECONDS_A_MONTH)


def snapshots(client_of: ClientOf, start: float, end: float) -> Iterator[Use]:
    """The snapshots of published versions that are kept, of runtimes for which that is billed: three hours at least."""
    for one in members(client_of("lambda"), "list_functions", "Functions", FunctionVersion="ALL"):
        kept = one.get("SnapStart", {}).get("OptimizationStatus") == "On"
        if kept and one.get("Runtime", "").startswith(SNAPSHOTS_BILLED):
            made = datetime.fromisoformat(one["LastModified"]).timestamp()
            seconds = max(end - max(made, start), LEAST_CACHED if made > start else 0.0)
            yield Use("lambda:snapstart-cache", one["FunctionName"], gb_seconds(seconds * 1000, one["MemorySize"]))


def passed_gateways(client_of: ClientOf, start: float, end: float) -> Iterator[Use]:
    """What functions sent out of their network and received, by its NAT gateway; what they said to AWS's services, by
    an interface endpoint of the service, or by the gateway where there is none."""
    inside = {
        one["FunctionName"]: one["VpcConfig"].get("VpcId", "")
        for one in members(client_of("lambda"), "list_functions", "Functions")
        if one.get("VpcConfig", {}).get("SubnetIds")
    }
    if not inside:
        return
    gateways = members(client_of("ec2"), "describe_nat_gateways", "NatGateways")
    gateway = any(one.get("State") == "available" for one in gateways)
    endpoints = list(members(client_of("ec2"), "describe_vpc_endpoints", "VpcEndpoints"))
    out = _sums(client_of("cloudwatch"), PASSED, start, end)
    said = _sums(client_of("cloudwatch"), SAID, start, end)
    for about, total in (*out, *said):
        name = about["FunctionName"]
        way = _way(endpoints, about.get("Service", ""), inside.get(name, ""), gateway) if name in inside else ""
        if way:
            yield Use(way, name, total)


def _way(endpoints: list[dict[str, Any]], service: str, network: str, gateway: bool) -> str:
    """The price of what goes from a network to a service, "" for elsewhere; of two endpoints the interface counts, for
    names lead to it. Gateway endpoints cost nothing."""
    kinds = {
        one.get("VpcEndpointType", "Gateway")
        for one in endpoints
        if one["ServiceName"].split(".", 3)[-1] == ENDPOINTS.get(service, service)
        and network in ("", one.get("VpcId", network))
    }
    if service and kinds:
        return "endpoint:processed" if "Interface" in kinds else ""
    return "nat:processed" if gateway else ""


def network(client_of: ClientOf, start: float, end: float, *, whole: bool) -> Iterator[Use]:
    """The hours of NAT gateways and interface endpoints, those that began as `whole` ones; an endpoint's for each of
    its subnets."""
    client = client_of("ec2")
    for one in members(client, "describe_nat_gateways", "NatGateways"):
        if one.get("State") == "available":
            yield Use("nat:hour", one["NatGatewayId"], _hours(one["CreateTime"].timestamp(), start, end, whole))
    for one in members(client, "describe_vpc_endpoints", "VpcEndpoints"):
        if one.get("VpcEndpointType") == "Interface":
            hours = _hours(one["CreationTimestamp"].timestamp(), start, end, whole)
            yield Use("endpoint:hour", one["VpcEndpointId"], hours * max(len(one.get("SubnetIds", ())), 1))


def _hours(began: float, start: float, end: float, whole: bool) -> float:
    hours = max(end - max(began, start), 0.0) / 3600
    return float(math.ceil(hours)) if whole else hours
