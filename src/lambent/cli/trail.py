"""`lambent trail`: who called what, the latest calls as CloudTrail records them."""

import os
from typing import Any

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, account_of, target_of

COLUMNS = ("Time", "Who", "Call", "Error", "Request")


def trail(context: typer.Context, *, json: JsonOption = False, endpoint: EndpointOption = None) -> None:
    """List the latest calls of an account, the newest first."""
    said = target_of(context, endpoint, None).page("GET", f"permissions?trail={account_of(os.environ)}")
    if json:
        output.document(said)
    elif said["Records"]:
        output.table(COLUMNS, [_row(one) for one in said["Records"]])
    else:
        output.note("no calls yet")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    service = one["eventSource"].partition(".")[0]
    who = one["userIdentity"]["arn"].split(":", 5)[5]
    return one["eventTime"], who, f"{service}:{one['eventName']}", one.get("errorCode", ""), one["requestID"]
