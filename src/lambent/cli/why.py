"""`lambent why REQUEST_ID`: what AWS would deny of a request, why, and the least that would allow it."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, target_of


def why(
    context: typer.Context,
    request_id: Annotated[str, typer.Argument(help="The id of a request, as errors and traces have it.")],
    *,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
) -> None:
    """Explain what AWS would deny of a request."""
    said = target_of(context, endpoint, None).page("GET", f"permissions?why={quote(request_id, safe='')}")
    if json:
        output.document(said)
        return
    if not said["denied"] and said["call"] is None:
        output.note(f"nothing is known of a request {request_id}: its id may be wrong, or it was long ago")
        return
    for one in said["denied"]:
        _show(one)
    if not said["denied"]:
        error = said["call"].get("errorCode")
        typer.echo(f"nothing was denied{f'; it failed with {error}' if error else ''}")


def _show(one: dict[str, Any]) -> None:
    import json

    typer.echo(one["text"])
    typer.echo(f"  why: {one['why']}")
    for line in one["policies"] or ["no policy"]:
        typer.echo(f"  looked at: {line}")
    if one["least"]:
        typer.echo(f"  the least that allows it: {json.dumps(one['least'])}")
