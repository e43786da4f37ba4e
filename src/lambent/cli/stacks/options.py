"""Options of the verbs that read an application."""

from typing import Annotated

import typer

StackName = Annotated[
    str | None, typer.Option("--name", help="Stack name.", show_default="as the folder or template says")
]
Stage = Annotated[str | None, typer.Option(help="Of a serverless.yml.")]
