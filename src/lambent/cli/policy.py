"""`lambent policy FUNCTION`: the least policy for what a function did, and how it differs from what its role has."""

import os
from typing import Annotated
from urllib.parse import urlencode

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, account_of, target_of


def policy(
    context: typer.Context,
    function: Annotated[str, typer.Argument(help="The function's name.")],
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Write the least policy for what a function did since the server started."""
    target = target_of(context, endpoint, region)
    asked = urlencode({"policy": function, "account": account_of(os.environ), "region": target.region})
    said = target.page("GET", f"permissions?{asked}")
    output.document(said if json else said["policy"])
    if json:
        return
    for line in said["missing"]:
        output.note(f"its role lacks {line}")
    for line in said["excess"]:
        output.note(f"its role has more than was used: {line}")
