"""`lambent cost`: what AWS would have asked for what functions did here, from what any client can find out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from lambent.cli import cost_tags, metering, output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.logs import seconds
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, Target, target_of
from lambent.engine.price import (
    Line,
    Use,
    as_on_demand,
    as_provisioned,
    bill,
    in_a_month,
    of_machine,
    on_arm,
    with_memory,
)
from lambent.model.prices import AS_OF, PRICES, REGION

COLUMNS = ("What", "Of", "Used", "Unit", "Dollars")
NUMBERS = ("Used", "Dollars")
MOST_MB, MOST_PLACES = 10_240, 100_000


class By(StrEnum):
    """What the lines are summed up by."""

    LINE = "line"
    SUBJECT = "function"
    SERVICE = "service"
    TAG = "tag"


class Workflow(StrEnum):
    """The types of state machines."""

    STANDARD = "standard"
    EXPRESS = "express"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How it would be otherwise. `memory` and `provisioned`: function ("" for all) and a number."""

    arm64: bool = False
    http_api: bool = False
    on_demand: bool = False
    workflows: Workflow | None = None
    memory: tuple[tuple[str, int], ...] = ()
    provisioned: tuple[tuple[str, int], ...] = ()


def cost(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(metavar="10s|10m|2h|7d", help="How far to look back.")] = "1d",
    by: Annotated[By, typer.Option(help="Sum up by function (queue, API …), service or tag.")] = By.LINE,
    tag: Annotated[str | None, typer.Option(metavar="KEY", help="The tag, of --by tag.")] = None,
    at: Annotated[str, typer.Option(metavar="10x", help="As if so many times as much came.")] = "1x",
    month: Annotated[bool, typer.Option("--month", help="As if it went on for a month.")] = False,
    free_tier: Annotated[bool, typer.Option("--free-tier", help="Take off what a month has free.")] = False,
    arm64: Annotated[bool, typer.Option("--arm64", help="As if all functions ran on arm64, as fast.")] = False,
    memory: Annotated[
        list[str] | None, typer.Option(metavar="[NAME=]MB", help="As if functions had so much, as fast.")
    ] = None,
    provisioned: Annotated[
        list[str] | None, typer.Option(metavar="NAME=N", help="As if so many environments of it stood ready.")
    ] = None,
    on_demand: Annotated[bool, typer.Option("--on-demand", help="As if none stood ready.")] = False,
    workflows: Annotated[Workflow | None, typer.Option(help="As if state machines were of that type.")] = None,
    http_api: Annotated[bool, typer.Option("--http-api", help="As if REST APIs were HTTP APIs.")] = False,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Say what AWS would ask for what ran here: its prices of a date, without what is not measured (docs/cost.md)."""
    if (by is By.TAG) != (tag is not None):
        raise CliError("--by tag needs --tag KEY, and that needs it", USAGE)
    back, load = seconds(since), _times(at)
    sizes, places = _numbers("--memory", memory, MOST_MB), _numbers("--provisioned", provisioned, MOST_PLACES)
    if any(not name for name, _ in places):
        raise CliError("--provisioned needs a function's name, as in orders=10", USAGE)
    otherwise = WhatIf(arm64, http_api, on_demand, workflows, sizes, places)
    target = target_of(context, endpoint, region)
    uses = changed(target, _used(target, back, month, otherwise), back, otherwise)
    lines = bill(uses, in_a_month(back) if month else 1.0, load=load, free_tier=free_tier)
    if json:
        output.document(_document(lines, since, month))
        return
    _print(lines, by, cost_tags.tagged(target.client, lines, tag) if tag else {})
    span = "a month at this pace" if month else f"the last {since}"
    output.note(f"${sum(line.dollars for line in lines):.6f} for {span}; prices of {AS_OF}, {REGION}, first tiers")


def _used(target: Target, back: float, month: bool, otherwise: WhatIf) -> list[Use]:
    """All that was used. Moto is asked for what it holds only where it holds some of it."""
    from functools import cache

    client_of: Callable[[str], Any] = cache(target.client)
    now = target.now()
    start = now - back
    uses = list(metering.used(client_of, start, now))
    storage = list(metering.ephemeral_storage(client_of, uses))
    uses = metering.with_provisioned(client_of, uses, start, now) + storage
    for standing in (metering.logs_kept, metering.custom_metrics, metering.alarms, metering.snapshots):
        uses += standing(client_of, start, now)
    held = {one.partition("/")[0] for one in target.page("GET", "neighbour")["held"]}
    if "stepfunctions" in held:
        for machine in metering.machines(client_of, start, now):
            express = machine.express if otherwise.workflows is None else otherwise.workflows is Workflow.EXPRESS
            uses += of_machine(machine, express)
    if "ec2" in held:
        uses += metering.network(client_of, start, now, whole=not month)
        uses += metering.passed_gateways(client_of, start, now)
    return uses


def changed(target: Target, uses: list[Use], back: float, otherwise: WhatIf) -> list[Use]:
    """The uses as they would be otherwise; on the architecture that functions have, unless all are on arm64."""
    functions = {one["FunctionName"]: one for one in _functions(target)}
    uses = [on_arm(use) if otherwise.arm64 or _is_arm(functions.get(use.subject, {})) else use for use in uses]
    sizes = dict(otherwise.memory)
    uses = [with_memory(use, sizes.get(use.subject, sizes.get("", use.megabytes))) for use in uses]
    if otherwise.on_demand:
        uses = as_on_demand(uses)
    for name, places in otherwise.provisioned:
        if name not in functions:
            raise CliError(f"there is no function {name}")
        size = sizes.get(name, sizes.get("", functions[name]["MemorySize"]))
        uses = as_provisioned(uses, name, places, size, back)
    if otherwise.http_api:
        uses = [replace(use, price=use.price.replace(":rest", ":http")) for use in uses]
    return uses


def _functions(target: Target) -> Iterable[dict[str, Any]]:
    pages = target.client("lambda").get_paginator("list_functions").paginate()
    return (one for page in pages for one in page["Functions"])


def _is_arm(about: dict[str, Any]) -> bool:
    return about.get("Architectures") == ["arm64"]


def _times(text: str) -> float:
    try:
        factor = float(text.removesuffix("x"))
    except ValueError:
        factor = -1.0
    if not 0 < factor <= 1e9:
        raise CliError(f"--at {text}: a number of times is needed, as in 10x", USAGE)
    return factor


def _numbers(option: str, said: list[str] | None, most: int) -> tuple[tuple[str, int], ...]:
    """Of `name=number` and `number`, the latter for ""."""
    found = []
    for text in said or ():
        name, _, number = text.rpartition("=")
        if not number.isdecimal() or not 0 < int(number) <= most:
            raise CliError(f"{option} {text}: a whole number up to {most:,} is needed, as in orders=512", USAGE)
        found.append((name, int(number)))
    return tuple(found)


def _print(lines: list[Line], by: By, tags: dict[str, str]) -> None:
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
        name = tags.get(name, name) if by is By.TAG else name
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
