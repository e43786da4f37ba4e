"""`lambent deploy`: create or update a function from a folder or a zip, or an application by its template.

What can be seen to be wrong is refused before anything is uploaded.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lambent.cli import output, package
from lambent.cli import watch as watching
from lambent.cli.errors import USAGE, CliError
from lambent.cli.rollout import Wish, bring, findings_of
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, Target, target_of
from lambent.model.reserved_variables import RESERVED

Source = Annotated[
    Path, typer.Argument(metavar="DIR|ZIP|TEMPLATE", help="A function's folder or zip; or a template, or its folder.")
]
Name = Annotated[str | None, typer.Option(help="Function or stack name.", show_default="as the folder or zip")]
Handler = Annotated[
    str | None,
    typer.Option(metavar="MODULE.FUNCTION", help="What to call.", show_default="found in the code"),
]
Runtime = Annotated[str | None, typer.Option(help="Such as python3.13.", show_default="this Python's")]
Memory = Annotated[int | None, typer.Option(metavar="MB", min=128, help="Also sets the CPU.", show_default="128")]
Timeout = Annotated[int | None, typer.Option(metavar="SECONDS", min=1, help="Of one invocation.", show_default="3")]
Tmp = Annotated[int | None, typer.Option(metavar="MB", min=512, help="Size of /tmp.", show_default="512")]
Role = Annotated[str | None, typer.Option(metavar="ARN", help="Execution role.", show_default="…:role/lambent")]
Env = Annotated[
    list[str] | None,
    typer.Option("--env", "-e", metavar="K=V", help="A variable; again for more. They replace those there are."),
]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
Include = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Pack these files although they look like secrets, as in '.env'."),
]
Watch = Annotated[bool, typer.Option("--watch", help="Then run it from DIR itself, each saved file at once.")]
Params = Annotated[
    list[str] | None, typer.Option("--param", "-p", metavar="K=V", help="A template's parameter; again for more.")
]
Stage = Annotated[str | None, typer.Option(help="Of a serverless.yml.", show_default="as it says, or dev")]


def deploy(
    context: typer.Context,
    source: Source,
    *,
    name: Name = None,
    handler: Handler = None,
    runtime: Runtime = None,
    memory: Memory = None,
    timeout: Timeout = None,
    tmp: Tmp = None,
    role: Role = None,
    env: Env = None,
    description: Description = None,
    include: Include = None,
    watch: Watch = False,
    param: Params = None,
    stage: Stage = None,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Create or update a function, or all that a template (SAM, CloudFormation, cdk.out, serverless.yml) names.

    An existing function keeps what is not given. Waits until it is ready; prints its ARN, or the stack's outputs.
    """
    of_function = (handler, runtime, memory, timeout, tmp, role, env, description)
    if all(one is None for one in of_function) and _is_application(source):
        _application(target_of(context, endpoint, region), source, name, param, stage, include, watch, json)
        return
    if param or stage:
        raise CliError(f"{source} is no template: --param and --stage are for applications", USAGE)
    wish = Wish(
        name=name or _name_of(source),
        handler=handler,
        runtime=runtime,
        memory=memory,
        timeout=timeout,
        tmp=tmp,
        role=role,
        description=description,
        environment=variables(env) if env else None,
    )
    _function(target_of(context, endpoint, region), source, wish, include or (), watch, json)


def _function(target: Target, source: Path, wish: Wish, include: Sequence[str], watch: bool, json: bool) -> None:
    if watch and json:
        raise CliError("--json prints one document: --watch never ends", USAGE)
    if watch:
        watching.require_unwatched(target, source, wish.name)
    code = package.load(source, include)
    if code.withheld:
        output.note(_withheld(code.withheld))
    about, done = bring(target, code, wish)
    findings = findings_of(target, about["FunctionArn"])
    if json:
        output.document({"function": about, "done": done, "findings": findings})
        return
    output.note(f"{wish.name}: {' and '.join(done) or 'nothing to change'}")
    for finding in findings:
        output.finding(finding)
    typer.echo(about["FunctionArn"])
    if watch:
        watching.watch(target, source, wish, include)


def _is_application(source: Path) -> bool:
    from lambent.cli.stacks import finding as stacks

    return stacks.is_application(source)


def _application(
    target: Target,
    source: Path,
    name: str | None,
    param: list[str] | None,
    stage: str | None,
    include: list[str] | None,
    watch: bool,
    json: bool,
) -> None:
    from lambent.cli.stacks import deploying

    if watch and json:
        raise CliError("--json prints one document: --watch never ends", USAGE)
    asked = deploying.Asked(source, deploying.given(target, name, param or (), stage), include or (), json)
    if watch:
        deploying.deploy_and_watch(target, asked)
    else:
        deploying.deploy(target, asked)


def _withheld(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"left out, as secrets: {', '.join(names[:5])}{more} (to pack one: --include {names[0].rstrip('/')})"


def variables(pairs: list[str]) -> dict[str, str]:
    """`["K=V"]` -> `{"K": "V"}`. Raises CliError (2): bad form, reserved or repeated names."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise CliError(f"--env {pair}: K=V is needed", USAGE)
        if key in RESERVED:
            raise CliError(f"--env {key}: this name is Lambda's own", USAGE)
        if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", key):
            raise CliError(f"--env {pair}: a name is a letter, then at least one letter, digit or underscore", USAGE)
        if key in found:
            raise CliError(f"--env {key}: given twice", USAGE)
        found[key] = value
    return found


def _name_of(source: Path) -> str:
    name = source.resolve().stem if source.suffix == ".zip" else source.resolve().name
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
        raise CliError(f"{name!r} can't be a function's name: give one with --name", USAGE)
    return name
