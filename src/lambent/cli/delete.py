"""`lambent delete`: remove a function with all its versions. Its logs stay, as on AWS."""

from typing import Annotated

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, target_of


def delete(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name or ARN.")],
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Delete a function. Its logs stay, as on AWS."""
    target_of(context, endpoint, region).client("lambda").delete_function(FunctionName=name)
    if json:
        output.document({"deleted": name})
    else:
        output.note(f"deleted {name}")
