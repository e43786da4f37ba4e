"""`lambent status`: is it up, how strongly does it confine, where does it keep what, what does it hold."""

from pathlib import Path
from typing import Any

import typer

from lambent.cli import output, places
from lambent.cli.list import all_functions
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, is_loopback, target_of


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
    if is_loopback(target.endpoint) and "cache_dir" in health:
        typer.echo()
        places.table(Path(health["data_dir"]), Path(health["cache_dir"]))
    if functions:
        typer.echo()
        output.table(output.FUNCTION_COLUMNS, output.function_rows(functions), right=output.FUNCTION_NUMBERS)


def headline(endpoint: str, health: dict[str, Any], functions: int) -> str:
    """`Lambent 0.2.0 at http://127.0.0.1:4566, isolation namespace, 2 functions`."""
    plural = "function" if functions == 1 else "functions"
    level = health.get("isolation", {}).get("level", "?")
    return f"Lambent {health.get('version', '?')} at {endpoint}, isolation {level}, {functions} {plural}"
