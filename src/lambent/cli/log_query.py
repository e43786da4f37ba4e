"""`lambent logs FUNCTION --query …`: a query of Logs Insights, asked like any client would, and its rows as a table."""

import time
from typing import Any

import typer

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError

POLL_SECONDS = 0.1
UNDER_WAY = ("Scheduled", "Running")
WIDEST = 80
"""Characters of a column."""

Row = dict[str, str]


def show(client: Any, group: str, query: str, start: int, end: int, *, json: bool) -> None:
    """Print what a query answers about a log group's events from `start` to `end` (seconds since 1970)."""
    said = answer(client, group, query, start, end)
    rows: list[Row] = [{one["field"]: one["value"] for one in row if one["field"] != "@ptr"} for row in said["results"]]
    if json:
        output.document({"log_group": group, "rows": rows, "statistics": said["statistics"]})
        return
    for line in table(rows):
        typer.echo(line)
    figures = said["statistics"]
    output.note(f"{len(rows)} rows; {figures['recordsMatched']:.0f} of {figures['recordsScanned']:.0f} events matched")


def answer(client: Any, group: str, query: str, start: int, end: int) -> dict[str, Any]:
    """GetQueryResults of a query that has ended. Raises CliError."""
    asked = {"logGroupName": group, "queryString": query, "startTime": start, "endTime": end}
    try:
        query_id = client.start_query(**asked)["queryId"]
    except client.exceptions.MalformedQueryException as error:
        raise CliError(f"--query: {error.response['Error']['Message']}", USAGE) from None
    said: dict[str, Any]
    while (said := client.get_query_results(queryId=query_id))["status"] in UNDER_WAY:
        time.sleep(POLL_SECONDS)
    if said["status"] != "Complete":
        raise CliError(f"the query has ended as {said['status']}: ask for less, by --since or by a filter")
    return said


def table(rows: list[Row]) -> list[str]:
    """Lines: the names of the columns, and the rows."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([_cell(row.get(name, "")) for name in names] for row in rows)] if rows else []
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _cell(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= WIDEST else f"{plain[: WIDEST - 1]}…"
