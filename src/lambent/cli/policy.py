"""`lambent policy FUNCTION`: the least policy for what a function did and for what its code asks for, and how it
differs from what its role has."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from lambent.cli import output
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, Target, account_of, target_of

if TYPE_CHECKING:
    from lambent.pitfalls.facts.project import Project
    from lambent.pitfalls.facts.unread import Unread


def policy(
    context: typer.Context,
    function: Annotated[str, typer.Argument(help="The function's name.")],
    *,
    code: Annotated[bool, typer.Option(help="Read its code as well, Python or JavaScript.")] = True,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Write the least policy for what a function did since the server started, and for what its code asks for."""
    target = target_of(context, endpoint, region)
    asked = urlencode({"policy": function, "account": account_of(os.environ), "region": target.region})
    calls, unread = _calls(target, function) if code else ([], [])
    said = target.page("POST", f"permissions?{asked}", {"calls": calls}, seconds=60)
    output.document(said if json else said["policy"])
    if json:
        return
    places = {f"{one['action']} on {one['resource']}": one["place"] for one in said["code"]}
    for line in said["missing"]:
        output.note(f"its role lacks {line}{f' ({places[line]})' if line in places else ''}")
    for line in said["excess"]:
        output.note(f"its role has more than was used: {line}")
    for one in said["untold"]:
        output.note(f"{one['place']} needs {one['action']}, on what can't be told from the code: let it run once")
    for missing in unread:
        output.note(f"{missing.path} was not read, because {missing.because}")


def _calls(target: Target, function: str) -> "tuple[list[dict[str, Any]], list[Unread]]":
    """What the code asks for, and what of it could not be read."""
    import tempfile

    from botocore.exceptions import ClientError

    from lambent.cli.running import Reader
    from lambent.pitfalls import sdk_operations
    from lambent.pitfalls.facts import reading

    with tempfile.TemporaryDirectory(prefix="lambent-policy-") as folder:
        reader = Reader(target, Path(folder))
        try:
            reader.read_code((function,))
            said = reader.client("lambda").get_function_configuration(FunctionName=function)
        except ClientError:
            return [], []  # there is no such function, which the page says
        project = reading.read(Path(folder))
        variables = said.get("Environment", {}).get("Variables", {})
        calls = [one.document() for one in sdk_operations.of(project, function, variables)]
        return calls, [*reader.not_read, *sorted(set(project.not_read)), *_installed(project)]


def _installed(project: "Project") -> "list[Unread]":
    """What the code imports and brings along: nobody reads that."""
    from lambent.pitfalls.facts.unread import Unread

    packages = [one.code if one.code is not None else one.node for one in project.functions]
    names = sorted({name for one in packages if one is not None for name in one.unread})
    why = "it is installed beside the code: what it asks for counts once the function has asked for it"
    return [Unread(", ".join(names), why)] if names else []
