"""`lambent reset` and `lambent cache clean`: empty what a server keeps, and what runtimes need."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from lambent.cli import output, places
from lambent.cli.errors import USAGE, CliError
from lambent.cli.target import EndpointOption, target_of
from lambent.settings import cache_dir, help_of, load

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]

cache = typer.Typer(
    add_completion=False, invoke_without_command=True, help="Show where runtime clients are kept, or remove them."
)


def reset(
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help=help_of("data_dir"), show_default=".lambent")
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what is kept of this service (s3, sqs, dynamodb, …).")
    ] = None,
    *,
    yes: Yes = False,
) -> None:
    """Remove every function, queue, stream, event and log of a data folder that no server runs on."""
    settings = load({"data_dir": data_dir}, os.environ, Path.cwd())
    folder = settings.data_dir
    if service is not None:
        _reset_service(folder, service, yes)
        return
    from lambent.server import reset as server

    if not server.is_data_folder(folder):
        raise CliError(f"{folder}: no data of Lambent's is there")
    taken = output.size(places.size_of(folder))
    besides = " and in its database" if settings.database else ""
    ask(f"Remove everything that Lambent keeps in {folder} ({taken}){besides}?", yes)
    server.reset(folder, settings.database)
    output.note(f"{folder}: {taken} removed")


def _reset_service(folder: Path, service: str, yes: bool) -> None:
    from lambent.server import reset as server
    from lambent.server.reset_service import reset_service

    if not server.is_data_folder(folder):
        raise CliError(f"{folder}: no data of Lambent's is there")
    ask(f"Remove what Lambent keeps of {service} in {folder}?", yes)
    there = reset_service(folder, service)
    output.note(f"{folder}: {service} {'removed' if there else 'held nothing'}")


@cache.callback()
def show(context: typer.Context) -> None:
    """Show where runtime clients are kept, for all data folders of this user."""
    if context.invoked_subcommand is None:
        folder = cache_dir(os.environ)
        typer.echo(f"{folder} {output.size(places.size_of(folder))}")


@cache.command()
def clean(context: typer.Context, *, endpoint: EndpointOption = None) -> None:
    """Remove them all; they are installed again where a function needs them."""
    folder = cache_dir(os.environ)
    if _in_use(context, endpoint, folder):
        raise CliError(f"{folder}: a server runs on it: stop it first")
    taken = output.size(places.size_of(folder))
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        taken = "nothing"
    except OSError as error:
        raise CliError(f"{error.filename}: {error.strerror}") from None
    output.note(f"{folder}: {taken} removed")


def _in_use(context: typer.Context, endpoint: str | None, folder: Path) -> bool:
    try:
        return target_of(context, endpoint, None).health().get("cache_dir") == str(folder)
    except CliError:
        return False


def ask(question: str, yes: bool) -> None:
    """Go on when the user wants it. Raises CliError."""
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError(f"{question} Say so with --yes", USAGE)
    if not typer.confirm(question, err=True):
        raise CliError("nothing was removed")
