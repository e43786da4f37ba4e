"""`lambent tune`: how much memory a function is best given, as AWS Lambda Power Tuning finds out."""

from pathlib import Path
from typing import Annotated

import typer

from lambent.cli import output
from lambent.cli.errors import USAGE, CliError
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, target_of
from lambent.engine.tuning import LEAST_MB, LEAST_RUNS, MOST_MB, MOST_RUNS, Strategy, link

POWERS = "128,256,512,1024,1536,2048,3008"


def tune(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FUNCTION", help="Name of a function of the server.")],
    event: Annotated[Path, typer.Option(metavar="FILE", help="The event, as JSON (- for stdin).")],
    powers: Annotated[str, typer.Option(metavar="MB,MB,…", help="How much memory to try.")] = POWERS,
    num: Annotated[int, typer.Option(min=LEAST_RUNS, max=MOST_RUNS, help="How many runs of each.")] = 10,
    strategy: Annotated[Strategy, typer.Option(help="What is best.")] = Strategy.COST,
    weight: Annotated[float, typer.Option(min=0, max=1, help="Of balanced: 0 is speed, 1 is cost.")] = 0.5,
    parallel: Annotated[bool, typer.Option("--parallel", help="All runs of a power at once.")] = False,
    on_aws: Annotated[
        str | None, typer.Option(metavar="MB=MS", help="What a run takes on AWS: durations become those there.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the picture as SVG.")] = None,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Measure a function at several memory sizes, and say which is cheapest or fastest; it stays as it is."""
    from lambent.cli import tuning, tuning_pictures
    from lambent.cli.torture import read_event

    sizes = sizes_of(powers)
    wanted = tuning.Wanted(name, read_event(event), sizes, num, strategy, weight, parallel, _reference(on_aws, sizes))
    tuned = tuning.tune(target_of(context, endpoint, region), wanted, _silent if json else output.note)
    if svg is not None:
        svg.write_text(tuning_pictures.svg(tuned.stats, tuned.best.power), "utf-8")
    if json:
        output.document(tuned.document())
        return
    for line in tuning_pictures.bars(tuned.stats, tuned.best.power):
        typer.echo(line)
    typer.echo(f"\n{tuning_pictures.sentence(tuned.best, strategy)}\n{link(tuned.stats)}")
    for line in tuned.notes():
        output.note(line)


def _silent(_line: str) -> None:
    pass


def sizes_of(text: str) -> tuple[int, ...]:
    """Megabytes, the least first. Raises CliError."""
    try:
        found = sorted({int(one) for one in text.split(",")})
    except ValueError:
        found = []
    if not found or not LEAST_MB <= found[0] <= found[-1] <= MOST_MB:
        raise CliError(f"--powers {text}: MB from {LEAST_MB} to {MOST_MB:,} are needed, as in 128,512,1024", USAGE)
    return tuple(found)


def _reference(text: str | None, sizes: tuple[int, ...]) -> tuple[int, float] | None:
    """A power that is measured, and the milliseconds there. Raises CliError."""
    if text is None:
        return None
    power, _, milliseconds = text.partition("=")
    try:
        found = int(power), float(milliseconds)
    except ValueError:
        found = 0, 0.0
    if found[0] not in sizes or not 0 < found[1] <= 900_000:
        raise CliError(f"--on-aws {text}: one of --powers and milliseconds are needed, as in {sizes[0]}=310", USAGE)
    return found
