"""`lambent neighbour`: what answers the services that Lambent does not, and `lambent neighbour acknowledge`."""

from typing import Any

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, Target, target_of

app = typer.Typer(
    add_completion=False, invoke_without_command=True, help="Show what moto is and holds, or forget what it lost."
)


@app.callback()
def neighbour(context: typer.Context, *, json: JsonOption = False, endpoint: EndpointOption = None) -> None:
    """Show what moto is and holds, or forget what it lost."""
    target = target_of(context, endpoint, None)
    context.obj = target
    if context.invoked_subcommand is None:
        _show(target.page("GET", "neighbour"), json)


@app.command()
def acknowledge(context: typer.Context, *, json: JsonOption = False, endpoint: EndpointOption = None) -> None:
    """Forget what moto lost when it died or was stopped: requests are answered again by what it holds now."""
    target: Target = target_of(context, endpoint, None)
    said = target.page("POST", "neighbour", {"acknowledge": True})
    if json:
        output.document(said)
    else:
        output.note(f"forgotten: {', '.join(said['acknowledged'])}" if said["acknowledged"] else "nothing was lost")


def _show(said: dict[str, Any], json: bool) -> None:
    if json:
        output.document(said)
        return
    typer.echo(f"moto is {said['state']}, and holds: {', '.join(said['held']) or 'nothing'}")
    for service, why in said["lost"].items():
        typer.echo(f"lost: {service}, because {why}")
    if said["lost"]:
        output.note("`lambent neighbour acknowledge` forgets what was lost")
