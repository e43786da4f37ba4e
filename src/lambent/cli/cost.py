"""`lambent cost`: what AWS would have asked for what functions did here, from the metrics that any client can read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.logs import seconds
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, Target, target_of
from lambent.engine.price import Line, Use, bill, gb_seconds, in_a_month, on_arm
from lambent.model.prices import AS_OF, PRICES, REGION

COLUMNS = ("What", "Of", "Used", "Unit", "Dollars")
NUMBERS = ("Used", "Dollars")
POINTS = 60
"""Of a metric's sum: periods of a minute or more."""
Dimensions = dict[str, str]


class By(StrEnum):
    """What the lines are summed up by."""

    LINE = "line"
    SUBJECT = "function"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Meter:
    """A metric that is billed: which of its dimensions, as what price, under whose name, and what factor."""

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


def _always(price: str) -> Callable[[Dimensions], str]:
    return lambda _: price


METERS = (
    Meter("AWS/Lambda", "Invocations", frozenset({"FunctionName"}), _always("lambda:requests"), "FunctionName"),
    Meter(
        "Lambent", "BilledDuration", frozenset({"FunctionName", "MemorySize"}),
        _always("lambda:duration:x86_64"), "FunctionName", _by_size,
    ),
    *(
        Meter("AWS/SQS", metric, frozenset({"QueueName"}), _queue, "QueueName")
        for metric in ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted",
                       "NumberOfEmptyReceives")
    ),
    Meter("AWS/Logs", "IncomingBytes", frozenset({"LogGroupName"}), _always("logs:ingested"), "LogGroupName"),
    Meter("AWS/Kinesis", "IncomingRecords", frozenset({"StreamName"}), _always("kinesis:put"), "StreamName"),
    Meter("AWS/ApiGateway", "Count", frozenset({"ApiName"}), _always("apigateway:rest"), "ApiName"),
    Meter("AWS/ApiGateway", "Count", frozenset({"ApiId"}), _always("apigateway:http"), "ApiId"),
)  # fmt: skip
"""Messages count one by one: batches of ten cost a tenth. What has no metric here is left out (docs/cost.md)."""


def cost(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(metavar="10s|10m|2h|7d", help="How far to look back.")] = "1d",
    by: Annotated[By, typer.Option(help="Sum up by function (queue, API …) or by service.")] = By.LINE,
    at: Annotated[str, typer.Option(metavar="10x", help="As if so many times as much came.")] = "1x",
    month: Annotated[bool, typer.Option("--month", help="As if it went on for a month.")] = False,
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Take off what a month has free.")] = False,
    arm64: Annotated[bool, typer.Option("--arm64", help="As if all functions ran on arm64, as fast.")] = False,
    http_api: Annotated[bool, typer.Option("--http-api", help="As if REST APIs were HTTP APIs.")] = False,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Say what AWS would ask for what ran here: its prices of a date, without what has no metric (docs/cost.md)."""
    back, factor = seconds(since), _times(at)
    target = target_of(context, endpoint, region)
    uses = list(used(target.client, target.now() - back, target.now()))
    on_arm64 = None if arm64 else _on_arm64(target)
    uses = [on_arm(use) if on_arm64 is None or use.subject in on_arm64 else use for use in uses]
    if http_api:
        uses = [Use(use.price.replace(":rest", ":http"), use.subject, use.quantity) for use in uses]
    lines = bill(uses, factor * (in_a_month(back) if month else 1.0), free_tier=free_tier)
    if json:
        output.document(_document(lines, since, month))
        return
    _print(lines, by)
    span = "a month at this pace" if month else f"the last {since}"
    output.note(f"${sum(line.dollars for line in lines):.6f} for {span}; prices of {AS_OF}, {REGION}, first tiers")


def _on_arm64(target: Target) -> set[str]:
    """The functions whose architecture that is."""
    pages = target.client("lambda").get_paginator("list_functions").paginate()
    found = (one for page in pages for one in page["Functions"])
    return {one["FunctionName"] for one in found if one.get("Architectures") == ["arm64"]}


def _times(text: str) -> float:
    try:
        factor = float(text.removesuffix("x"))
    except ValueError:
        factor = -1.0
    if not 0 < factor <= 1e9:
        raise CliError(f"--at {text}: a number of times is needed, as in 10x", USAGE)
    return factor


def used(client_of: Callable[[str], Any], start: float, end: float) -> Iterator[Use]:
    """What the metrics say was used between two times (seconds since 1970); `client_of` makes a service's client."""
    client = client_of("cloudwatch")
    for meter in METERS:
        pages = client.get_paginator("list_metrics").paginate(Namespace=meter.namespace, MetricName=meter.metric)
        for one in (one for page in pages for one in page["Metrics"]):
            said = {pair["Name"]: pair["Value"] for pair in one["Dimensions"]}
            if frozenset(said) != meter.dimensions:
                continue
            total = _sum(client, meter, one["Dimensions"], start, end)
            if total:
                yield Use(meter.price(said), said[meter.subject], total * meter.factor(said))


def _sum(client: Any, meter: Meter, dimensions: list[Dimensions], start: float, end: float) -> float:
    period = max(-(-int(end - start) // POINTS) // 60 * 60, 60)
    asked = {"Namespace": meter.namespace, "MetricName": meter.metric, "Dimensions": dimensions}
    found = client.get_metric_statistics(**asked, StartTime=start, EndTime=end, Period=period, Statistics=["Sum"])
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def _print(lines: list[Line], by: By) -> None:
    if by is By.LINE:
        rows = [
            (line.use.price, line.use.subject, f"{line.use.quantity:,.3f}".rstrip("0").rstrip("."),
             PRICES[line.use.price].unit, f"{line.dollars:.8f}")
            for line in lines
        ]  # fmt: skip
        output.table(COLUMNS, rows, right=NUMBERS)
        return
    sums: dict[str, float] = {}
    for line in lines:
        name = line.service if by is By.SERVICE else line.use.subject
        sums[name] = sums.get(name, 0.0) + line.dollars
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])
    output.table((by.value, "Dollars"), [(name, f"{much:.8f}") for name, much in ordered], right=NUMBERS)


def _document(lines: list[Line], since: str, month: bool) -> dict[str, Any]:
    shown = [
        {
            "price": line.use.price, "subject": line.use.subject, "quantity": line.use.quantity,
            "unit": PRICES[line.use.price].unit, "dollars": line.dollars, "source": PRICES[line.use.price].source,
        }
        for line in lines
    ]  # fmt: skip
    total = sum(line.dollars for line in lines)
    return {"as_of": AS_OF, "region": REGION, "since": since, "month": month, "total": total, "lines": shown}
