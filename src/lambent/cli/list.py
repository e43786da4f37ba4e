"""`lambent list`: the functions there are."""

from typing import Any

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, Target, target_of


def all_functions(target: Target) -> list[dict[str, Any]]:
    """Every function's configuration, as AWS shapes it, by name."""
    pages = target.client("lambda").get_paginator("list_functions").paginate()
    found = [about for page in pages for about in page["Functions"]]
    return sorted(found, key=lambda about: str(about["FunctionName"]))


def list_functions(
    context: typer.Context,
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """List the functions."""
    functions = all_functions(target_of(context, endpoint, region))
    if json:
        output.document({"functions": functions})
    elif functions:
        output.table(output.FUNCTION_COLUMNS, output.function_rows(functions), right=output.FUNCTION_NUMBERS)
    else:
        output.note("no functions yet: `lambent deploy DIR` makes one")
