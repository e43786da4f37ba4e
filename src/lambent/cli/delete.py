"""`lambent delete`: remove a function with all its versions. Its logs stay, as on AWS."""

from typing import Annotated, Any

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
    client = target_of(context, endpoint, region).client("lambda")
    left = _mappings(client, name)
    client.delete_function(FunctionName=name)
    if json:
        output.document({"deleted": name, **({"mappings": [one["UUID"] for one in left]} if left else {})})
        return
    output.note(f"deleted {name}")
    for one in left:
        output.note(
            f"its event source mapping of {one['EventSourceArn']} is left, as on AWS: "
            f"aws lambda delete-event-source-mapping --uuid {one['UUID']}"
        )


def _mappings(client: Any, name: str) -> list[Any]:
    """Those that will have no function."""
    pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=name)
    try:
        return [one for page in pages for one in page["EventSourceMappings"]]
    except client.exceptions.ResourceNotFoundException:
        return []  # it is for the deletion to say so
