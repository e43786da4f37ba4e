"""`lambent up`: settle the settings and hand over to the server."""

import gc
import os
from pathlib import Path
from typing import Annotated

import typer

from lambent.settings import CLOCKS, FUNCTION_TIMES, IAM, ISOLATION, NETWORK, help_of, load


def up(
    host: Annotated[str | None, typer.Option(help=help_of("host"), show_default="127.0.0.1")] = None,
    port: Annotated[str | None, typer.Option(metavar="PORT", help=help_of("port"), show_default="4566")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help=help_of("data_dir"), show_default=".lambent")
    ] = None,
    isolation: Annotated[
        str | None,
        typer.Option(metavar="|".join(ISOLATION), help=help_of("isolation"), show_default="auto"),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(metavar="|".join(NETWORK), help=help_of("network"), show_default="auto"),
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(metavar="|".join(CLOCKS), help=help_of("clock"), show_default="real"),
    ] = None,
    time_scale: Annotated[
        str | None, typer.Option(metavar="FACTOR", help=help_of("time_scale"), show_default="1")
    ] = None,
    function_time: Annotated[
        str | None,
        typer.Option(metavar="|".join(FUNCTION_TIMES), help=help_of("function_time"), show_default="machine"),
    ] = None,
    duplicate_rate: Annotated[
        str | None, typer.Option(metavar="0..1", help=help_of("duplicate_rate"), show_default="0")
    ] = None,
    origins: Annotated[
        str | None, typer.Option(metavar="ORIGIN,…", help=help_of("origins"), show_default="none")
    ] = None,
    host_names: Annotated[
        str | None, typer.Option(metavar="NAME,…", help=help_of("host_names"), show_default="none")
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help=help_of("tls"))] = False,
    tls_port: Annotated[str | None, typer.Option(metavar="PORT", help=help_of("tls_port"), show_default="4567")] = None,
    iam: Annotated[str | None, typer.Option(metavar="|".join(IAM), help=help_of("iam"), show_default="report")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove first what the data folder keeps.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings file.", show_default="lambent.toml, if there"),
    ] = None,
) -> None:
    """Start Lambent here and serve until Ctrl-C."""
    flags = {
        "host": host,
        "port": port,
        "data_dir": data_dir,
        "isolation": isolation,
        "network": network,
        "clock": clock,
        "time_scale": time_scale,
        "function_time": function_time,
        "duplicate_rate": duplicate_rate,
        "origins": origins,
        "host_names": host_names,
        "tls": "on" if tls else None,
        "tls_port": tls_port,
        "iam": iam,
    }
    settings = load(flags, os.environ, Path.cwd(), config)
    gc.disable()  # until the server is ready: what it makes before then is no garbage
    from lambent.server import reset, run

    if fresh and reset.is_data_folder(settings.data_dir):
        reset.reset(settings.data_dir, settings.database)
    raise typer.Exit(run(settings))
