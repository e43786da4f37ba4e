"""The `lambent` command.

Exit codes: 0 done; 1 it failed (one line on stderr says why); 2 wrong use; 3 the function reported an error;
130 Ctrl-C. Answers are on stdout, remarks on stderr. Nothing heavy is imported before a command needs it.
"""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from lambent import __version__
from lambent.cli import clock, neighbour, output, state
from lambent.cli.check import check
from lambent.cli.check import explain as explain_pitfall
from lambent.cli.console import console
from lambent.cli.cost import cost
from lambent.cli.delete import delete
from lambent.cli.deploy import deploy
from lambent.cli.destroy import destroy
from lambent.cli.diff import diff
from lambent.cli.doctor import doctor
from lambent.cli.env import env
from lambent.cli.errors import explain
from lambent.cli.invoke import invoke
from lambent.cli.list import list_functions
from lambent.cli.logs import logs
from lambent.cli.mappings import mappings
from lambent.cli.policy import policy
from lambent.cli.reset import cache, reset
from lambent.cli.status import status
from lambent.cli.target import EndpointOption, RegionOption, Target
from lambent.cli.torture import torture
from lambent.cli.trail import trail
from lambent.cli.up import up
from lambent.cli.watching import watch
from lambent.cli.why import why
from lambent.settings import unknown_variables

EPILOG = "Exit codes: 0 done, 1 failed, 2 wrong use, 3 the function reported an error, 130 Ctrl-C."


class Commands(TyperGroup):
    """The commands, with every known error turned into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises typer.Exit for errors that `explain` knows; others are defects and show."""
        try:
            result = super().invoke(ctx)
            # Here, not at interpreter exit, a reader that went away (`| head`) can still be met in silence.
            sys.stdout.flush()
            return result
        except Exception as error:
            known = explain(error)
            if known is None:
                raise
            line, code = known
            output.error(line)
            raise typer.Exit(code) from None


app = typer.Typer(
    cls=Commands,
    name="lambent",
    help="AWS Lambda on your own machine.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lambent {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """AWS Lambda on your own machine."""
    for line in unknown_variables(os.environ):
        output.note(line)
    context.obj = Target(endpoint, region)


app.command("up")(up)
app.command("deploy")(deploy)
app.command("diff")(diff)
app.command("destroy")(destroy)
app.command("invoke")(invoke)
app.command("logs")(logs)
app.command("list")(list_functions)
app.command("mappings")(mappings)
app.command("why")(why)
app.command("trail")(trail)
app.command("cost")(cost)
app.command("policy")(policy)
app.command("delete")(delete)
app.command("console")(console)
app.command("status")(status)
app.command("env")(env)
app.command("doctor")(doctor)
app.command("check")(check)
app.command("explain")(explain_pitfall)
app.command("watch")(watch)
app.command("torture")(torture)
app.command("reset")(reset)
app.add_typer(clock.app, name="clock")
app.add_typer(cache, name="cache")
app.add_typer(neighbour.app, name="neighbour")
app.add_typer(state.app, name="state")


def main() -> None:
    """Entry point of `python -m lambent.cli.main`."""
    from lambent.cli import entry

    entry.main()


if __name__ == "__main__":
    main()
