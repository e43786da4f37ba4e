"""`lambent mappings`: what reads which queue or stream for which function, and how that goes."""

import os
from typing import Any

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, account_of, target_of

COLUMNS = ("UUID", "State", "Source", "Function", "Running", "Behind", "Last result")
NUMBERS = ("Running", "Behind")


def mappings(
    context: typer.Context,
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """List the event source mappings of an account and region: state, lag, batches in flight, last result."""
    target = target_of(context, endpoint, region)
    mine = f":lambda:{target.region}:{account_of(os.environ)}:"
    found = [one for one in target.page("GET", "mappings")["mappings"] if mine in one["FunctionArn"]]
    if json:
        output.document({"mappings": found})
    elif found:
        output.table(COLUMNS, [row(one) for one in found], right=NUMBERS)
    else:
        output.note(
            "no mappings in this account and region yet: CreateEventSourceMapping makes one (docs/event-sources.md)"
        )


def row(said: dict[str, Any]) -> tuple[str, ...]:
    """A mapping's line; what nothing reads has no figures."""
    source = ":".join(said.get("EventSourceArn", "").split(":")[2:3] + said.get("EventSourceArn", "").split(":")[5:])
    return (
        said["UUID"],
        said["State"],
        source,
        said["FunctionArn"].partition(":function:")[2],
        str(said.get("InFlight", "-")),
        str(said.get("Behind", "-")),
        said.get("LastResult", "not read here"),
    )
