"""`lambent state save` and `load`: a whole platform's state in one file, to start tests from."""

import os
from pathlib import Path
from typing import Annotated

import typer

from lambent.cli import output
from lambent.cli.reset import Yes, ask
from lambent.settings import help_of
from lambent.settings import load as settled

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Save all that a data folder keeps to a file, or load it."
)
Name = Annotated[str, typer.Argument(help="The file, NAME.lambent.")]
Data = Annotated[Path | None, typer.Option(metavar="DIR", help=help_of("data_dir"), show_default=".lambent")]


@app.command()
def save(name: Name, data_dir: Data = None) -> None:
    """Write what a data folder keeps, that no server runs on, to NAME.lambent."""
    from lambent.server import states

    path = states.path_of(name)
    taken = states.save(_folder(data_dir), path)
    output.note(f"{path}: {output.size(taken)} written")


@app.command()
def load(name: Name, data_dir: Data = None, *, yes: Yes = False) -> None:
    """Put what NAME.lambent has in place of what a data folder keeps."""
    from lambent.server import states
    from lambent.server.reset import is_data_folder

    folder, path = _folder(data_dir), states.path_of(name)
    if is_data_folder(folder):
        ask(f"Remove everything that Lambent keeps in {folder}, and put {path} in its place?", yes)
    states.load(folder, path)
    output.note(f"{folder}: as {path} says")


def _folder(data_dir: Path | None) -> Path:
    return settled({"data_dir": data_dir}, os.environ, Path.cwd()).data_dir
