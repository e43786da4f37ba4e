"""`lambent diff`: what deploying an application would change."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lambent.cli import output
from lambent.cli.stacks.options import StackName, Stage
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, target_of

App = Annotated[Path, typer.Argument(metavar="TEMPLATE|DIR", help="As for `lambent deploy`.")]
Params = Annotated[list[str] | None, typer.Option("--param", "-p", metavar="K=V", help="A template's parameter.")]
MARKS = {"Add": "+", "Remove": "-", "Modify": "~", "Import": "+"}


def diff(
    context: typer.Context,
    source: App,
    *,
    name: StackName = None,
    param: Params = None,
    stage: Stage = None,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Show which resources deploying would add, change, replace or remove. Nothing is changed."""
    from lambent.cli.stacks.deploying import given
    from lambent.cli.stacks.finding import apps
    from lambent.cli.stacks.rollout import Rollout

    target = target_of(context, endpoint, region)
    found = {app.name: Rollout(target, app).changes() for app in apps(source, given(target, name, param or (), stage))}
    if json:
        output.document({"stacks": found})
        return
    for stack, changes in found.items():
        output.note(f"{stack}: {len(changes) or 'no'} change{'' if len(changes) == 1 else 's'}")
        for one in changes:
            typer.echo(line(one))


def line(change: dict[str, Any]) -> str:
    """One change: `~ Worker AWS::Lambda::Function (Timeout)`, with what is replaced."""
    names = sorted({one["Target"]["Name"] for one in change.get("Details", []) if "Name" in one["Target"]})
    about = f" ({', '.join(names)})" if names else ""
    replaced = {"True": ", replaced", "Conditional": ", perhaps replaced"}.get(change.get("Replacement", ""), "")
    kept = ", kept" if change.get("PolicyAction") == "Retain" else ""
    return f"{MARKS[change['Action']]} {change['LogicalResourceId']} {change['ResourceType']}{about}{replaced}{kept}"
