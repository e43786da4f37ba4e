"""`lambent clock`: what time it is for all that waits, and `lambent clock advance 6h`."""

from typing import Annotated, Any

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, Target, target_of

ADVANCE_SECONDS = 120
"""How long the server may take for a move: what falls due on the way is run."""

app = typer.Typer(add_completion=False, invoke_without_command=True, help="Show the server's clock, or move it.")


@app.callback()
def clock(context: typer.Context, *, json: JsonOption = False, endpoint: EndpointOption = None) -> None:
    """Show the server's clock, or move it."""
    target = target_of(context, endpoint, None)
    context.obj = target
    if context.invoked_subcommand is None:
        _show(target.page("GET", "clock"), json)


@app.command()
def advance(
    context: typer.Context,
    by: Annotated[str, typer.Argument(help="Seconds, or as in 90s, 10m, 6h, 1h30m, 2d.")],
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
) -> None:
    """Move a clock that stands still (`lambent up --clock manual`); everything that falls due on the way happens."""
    target: Target = target_of(context, endpoint, None)
    _show(target.page("POST", "clock", {"advance": by}, seconds=ADVANCE_SECONDS), json)


def _show(said: dict[str, Any], json: bool) -> None:
    if json:
        output.document(said)
        return
    speed = f", {said['scale']:g} times as fast" if said["kind"] == "scaled" else ""
    typer.echo(f"{said['time']} ({said['kind']}{speed})")
    if said.get("running"):
        output.note(f"{said['running']} events were still being worked on when the clock moved")
