"""`lambent console`: pages for people, beside a running server."""

import functools
import json as codec
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from lambent import __version__
from lambent.cli import output
from lambent.cli.errors import CliError, explain
from lambent.cli.target import EndpointOption, RegionOption, Target, account_of, target_of

MISSING = "the console is not installed: pip install 'lambent[console]'"
EVENTS = Path("events")
"""Where saved events lie, as the SAM CLI's templates have them."""


def console(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(metavar="PORT", help="Where it listens, on the loopback; 0: any.")] = 0,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    events: Annotated[Path, typer.Option(metavar="DIR", help="The folder of saved events.")] = EVENTS,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Look at a server in the browser, until Ctrl-C."""
    target = target_of(context, endpoint, region)
    target.health()
    fixed = replace(target, given_endpoint=target.endpoint, given_region=target.region)
    serving = _serving()
    try:
        serving.serve(_site(fixed, events), port, lambda lasting, once: _ready(lasting, once if open_it else ""))
    except OSError as error:
        raise CliError(f"port {port}: {error.strerror}: choose another with --port") from None
    except KeyboardInterrupt:
        return


def _serving() -> Any:
    """What serves. Raises CliError where it is not installed."""
    try:
        from lambent.console import serving
    except ModuleNotFoundError as error:
        if error.name in ("starlette", "jinja2", "uvicorn", "markupsafe"):
            raise CliError(MISSING) from None
        raise
    return serving


def _site(target: Target, events: Path) -> Any:
    from lambent.cli.metering import used
    from lambent.console.api import Api
    from lambent.console.site import Site
    from lambent.engine.price import Line, bill

    api = Api(target, account_of(os.environ))

    def spent(seconds: float) -> list[Line]:
        return bill(used(api.client, target.now() - seconds, target.now()))

    return Site(api, explain, spent, events, __version__, functools.partial(_measure, target))


def _measure(target: Target, asked: Mapping[str, str], told: Callable[[str], None]) -> dict[str, Any]:
    """What `lambent tune` finds, as the console shows it. Raises CliError."""
    from markupsafe import Markup

    from lambent.cli import tuning, tuning_pictures
    from lambent.cli.tune import sizes_of
    from lambent.engine.tuning import LEAST_RUNS, MOST_RUNS, Strategy

    try:
        event = codec.loads(asked["payload"])
    except ValueError as error:
        raise CliError(f"the event is not JSON: {error}") from None
    runs = int(asked["num"]) if asked["num"].isdecimal() else 0
    if not LEAST_RUNS <= runs <= MOST_RUNS or asked["strategy"] not in set(Strategy):
        raise CliError(f"{LEAST_RUNS} to {MOST_RUNS:,} runs are needed, and one of the strategies")
    wanted = tuning.Wanted(asked["function"], event, sizes_of(asked["powers"]), runs, asked["strategy"])
    tuned = tuning.tune(target, wanted, told)
    said = tuned.document()["results"]
    return {
        "picture": Markup(tuning_pictures.svg(tuned.stats, tuned.best.power)),  # noqa: S704 - made of numbers
        "sentence": tuning_pictures.sentence(tuned.best, wanted.strategy),
        "link": said["stateMachine"]["visualization"],
        "notes": tuned.notes(),
        "best": tuned.best.power,
        "stats": said["stats"],
    }


def _ready(lasting: str, once: str) -> None:
    typer.echo(f"The console is ready, until Ctrl-C: {lasting}")
    if once:
        import webbrowser

        if not webbrowser.open(once):
            output.note("no browser could be started here: open the link above")
