"""`lambent destroy`: delete an application's stacks, or one stack by its name."""

from pathlib import Path
from typing import Annotated

import typer

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.stacks.options import StackName, Stage
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, target_of

App = Annotated[str, typer.Argument(metavar="TEMPLATE|DIR|NAME", help="As for `lambent deploy`, or a stack's name.")]


def destroy(
    context: typer.Context,
    source: App,
    *,
    name: StackName = None,
    stage: Stage = None,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Delete the stacks of an application with all that they made, the last one first."""
    from lambent.cli.stacks.app import App as Application
    from lambent.cli.stacks.deploying import given
    from lambent.cli.stacks.finding import apps
    from lambent.cli.stacks.rollout import Rollout

    target = target_of(context, endpoint, region)
    path = Path(source)
    found = apps(path, given(target, name, (), stage)) if path.exists() else [Application(source, {}, Path())]
    gone = [app.name for app in reversed(found) if Rollout(target, app).destroy()]
    if not gone:
        raise CliError(f"there is no stack {', '.join(app.name for app in found)}")
    if json:
        output.document({"deleted": gone})
        return
    for one in gone:
        output.note(f"deleted {one}")
