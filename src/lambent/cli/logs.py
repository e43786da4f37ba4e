"""`lambent logs`: a function's log, read through CloudWatch Logs like any client would."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from lambent.cli import log_query, output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.target import EndpointOption, RegionOption, Target, target_of
from lambent.clients import Event, Tail

POLL_SECONDS = 0.5


def logs(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name or ARN.")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(metavar="10s|10m|2h|7d", help="How far to look back.")] = "10m",
    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON document on stdout; with --follow one JSON object a line."),
    ] = False,
    query: Annotated[
        str | None, typer.Option("--query", metavar="TEXT", help="Ask Logs Insights, and print the rows.")
    ] = None,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Print a function's log: START, END and REPORT lines and what it prints."""
    back = seconds(since)
    target = target_of(context, endpoint, region)
    start = int((target.now() - back) * 1000)
    group, missing = log_group(target, name)
    client = target.client("logs")
    if query is not None:
        log_query.show(client, group, query, start // 1000, int(target.now()), json=json)
        return
    if follow:
        show = _print_json if json else _print
        for events in watch(lambda at: read(client, group, at, missing), Tail(start), time.sleep):
            show(events)
    events = Tail(start).fresh(read(client, group, start, missing))
    if json:
        output.document({"log_group": group, "events": events})
        return
    _print(events)
    if not events:
        output.note(f"nothing in {group} in the last {since}: --since looks further back")


def seconds(text: str) -> int:
    """`90s`, `10m`, `2h`, `7d` in seconds. Raises CliError (2)."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise CliError(f"--since {text}: a number and s, m, h or d is needed, as in 10m", USAGE)
    return int(match[1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[match[2]]


def log_group(target: Target, name: str) -> tuple[str, Exception | None]:
    """The function's log group; and AWS's fault if there is no such function, whose logs may outlive it."""
    from botocore.exceptions import ClientError

    try:
        about = target.client("lambda").get_function_configuration(FunctionName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException" or ":" in name:
            raise
        return f"/aws/lambda/{name}", error
    group: str = about.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{about['FunctionName']}"
    return group, None


def read(client: Any, group: str, start: int, missing: Exception | None = None) -> list[Event]:
    """Every event of a log group from `start` (milliseconds) on; none if the group is not there yet.

    Raises `missing` when it was given and the group isn't there either.
    """
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=max(start, 0))
    try:
        return [event for page in pages for event in page["events"]]
    except client.exceptions.ResourceNotFoundException:
        if missing is not None:
            raise missing from None
        return []


def some(client: Any, group: str, start: int, most: int) -> list[Event]:
    """The first events of a log group from `start` on, at most so many; none if the group is not there yet."""
    try:
        said = client.filter_log_events(logGroupName=group, startTime=max(start, 0), limit=most)
    except client.exceptions.ResourceNotFoundException:
        return []
    return list(said["events"])


def watch(look: Callable[[int], list[Event]], tail: Tail, pause: Callable[[float], None]) -> Iterator[list[Event]]:
    """What is new, look after look, without end."""
    while True:
        yield tail.fresh(look(tail.start))
        pause(POLL_SECONDS)


def line(event: Event) -> str:
    """`2026-08-24 10:15:02.123  START RequestId: …`, in UTC as Lambda's own clock."""
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{event['timestamp'] % 1000:03d}  {event['message'].rstrip()}"


def _print(events: list[Event]) -> None:
    for event in events:
        typer.echo(line(event))


def _print_json(events: list[Event]) -> None:
    import json

    for event in events:
        typer.echo(json.dumps(event, ensure_ascii=False))
