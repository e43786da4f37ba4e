"""`lambent status`: is it up, how strongly does it confine, what does it hold."""

from typing import Any

import typer

from lambent.cli import output
from lambent.cli.list import all_functions
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, target_of


def status(
    context: typer.Context,
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Show the server's health and its functions. Fails (1) when no server answers."""
    target = target_of(context, endpoint, region)
    health = target.health()
    functions = all_functions(target)
    if json:
        output.document({"endpoint": target.endpoint, "health": health, "functions": functions})
        return
    typer.echo(headline(target.endpoint, health, len(functions)))
    if functions:
        typer.echo()
        output.table(output.FUNCTION_COLUMNS, output.function_rows(functions), right=output.FUNCTION_NUMBERS)


def headline(endpoint: str, health: dict[str, Any], functions: int) -> str:
    """`Lambent 0.1.0 at http://127.0.0.1:4566, isolation namespace, 2 functions`."""
    plural = "function" if functions == 1 else "functions"
    level = health.get("isolation", {}).get("level", "?")
    return f"Lambent {health.get('version', '?')} at {endpoint}, isolation {level}, {functions} {plural}"
