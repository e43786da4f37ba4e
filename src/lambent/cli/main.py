"""The `lambent` command.

Exit codes: 0 done; 1 it failed (one line on stderr says why); 2 wrong use; 3 the function reported an error;
130 Ctrl-C. Answers are on stdout, remarks on stderr. Nothing is imported but what the command needs.
"""

import os
import sys
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from lambent import __version__
from lambent.cli import output
from lambent.cli.errors import explain
from lambent.cli.target import EndpointOption, RegionOption, Target
from lambent.settings import unknown_variables

EPILOG = "Exit codes: 0 done, 1 failed, 2 wrong use, 3 the function reported an error, 130 Ctrl-C."

COMMANDS = {
    "up": "up:up",
    "deploy": "deploy:deploy",
    "diff": "diff:diff",
    "destroy": "destroy:destroy",
    "invoke": "invoke:invoke",
    "logs": "logs:logs",
    "list": "list:list_functions",
    "mappings": "mappings:mappings",
    "why": "why:why",
    "trail": "trail:trail",
    "cost": "cost:cost",
    "trace": "trace:trace",
    "policy": "policy:policy",
    "delete": "delete:delete",
    "console": "console:console",
    "status": "status:status",
    "env": "env:env",
    "doctor": "doctor:doctor",
    "check": "check:check",
    "explain": "check:explain",
    "watch": "watching:watch",
    "torture": "torture:torture",
    "tune": "tune:tune",
    "reset": "reset:reset",
    "clock": "clock:app",
    "cache": "reset:cache",
    "neighbour": "neighbour:app",
    "state": "state:app",
}
"""Verb -> the module of `lambent.cli` and what it has there, in the order of the help."""


class Loaded(MutableMapping[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module, _, member = COMMANDS[name].partition(":")
            self._made[name] = _command(name, getattr(import_module(f"lambent.cli.{module}"), member))
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _command(name: str, made: Any) -> Any:
    """What typer makes of a function, or of a group of commands."""
    if not isinstance(made, typer.Typer):
        function, made = made, typer.Typer(add_completion=False)
        made.command(name)(function)
    command = get_command(made)
    command.name = name
    return command


class Commands(TyperGroup):
    """The commands, with every known error turned into one line and an exit code."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = Loaded()

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


def main() -> None:
    """Entry point of `python -m lambent.cli.main`."""
    from lambent.cli import entry

    entry.main()


if __name__ == "__main__":
    main()
