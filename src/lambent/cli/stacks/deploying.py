"""`lambent deploy` of an application: each stack in order, what was done and its outputs told."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.stacks import addresses
from lambent.cli.stacks.app import App
from lambent.cli.stacks.finding import Given, apps
from lambent.cli.stacks.rollout import Rollout, account_of_environment, outputs_of
from lambent.cli.target import Target


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of `lambent deploy`."""

    path: Path
    given: Given
    include: Sequence[str] = ()
    json: bool = False


def given(target: Target, name: str | None, parameters: Sequence[str], stage: str | None) -> Given:
    """What was said on the command line. Raises CliError."""
    pairs = {}
    for one in parameters:
        key, sign, value = one.partition("=")
        if not sign or not key:
            raise CliError(f"--param {one}: KEY=VALUE is needed", USAGE)
        pairs[key] = value
    return Given(name, pairs, stage, account_of_environment(), target.region)


def deploy(target: Target, asked: Asked) -> list[App]:
    """Deploy every stack, and print what there is. Raises CliError."""
    found = apps(asked.path, asked.given)
    told = bring(target, found, asked.include)
    if asked.json:
        output.document({"stacks": told})
        return found
    for one in told:
        for key, value in one["outputs"].items():
            typer.echo(f"{key}: {value}")
            if key in one["here"]:
                typer.echo(f"  here: {one['here'][key]}")
    return found


def bring(target: Target, found: Sequence[App], include: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Bring every stack to what its template says. Raises CliError."""
    told = []
    for app in found:
        stack, done = Rollout(target, app, include).bring()
        output.note(f"{app.name}: {done}")
        outputs = outputs_of(stack)
        where = addresses.here(outputs, target.endpoint)
        told.append({"name": app.name, "id": stack.get("StackId", ""), "done": done, "outputs": outputs, "here": where})
    return told


def deploy_and_watch(target: Target, asked: Asked) -> None:
    """Deploy, then let every function run from its folder until Ctrl-C; what was saved last is deployed. Raises
    CliError."""
    from lambent.cli.stacks.watching import StackWatch, watch

    found = deploy(target, asked)
    state = StackWatch(target, lambda: apps(asked.path, asked.given), lambda now: _note(target, now, asked))
    state.start(found)
    watch(state)
    _note(target, apps(asked.path, asked.given), asked)


def _note(target: Target, found: list[App], asked: Asked) -> None:
    bring(target, found, asked.include)
