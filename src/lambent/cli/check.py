"""`lambent check`: the footguns of a project, found by reading it; `lambent explain`: what one of them is."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lambent.cli.target import EndpointOption, RegionOption, Target, target_of

if TYPE_CHECKING:
    from lambent.pitfalls.checking import Report
    from lambent.pitfalls.facts.unread import Unread


def check(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A project's folder, or one template.")] = Path(),
    format: Annotated[str, typer.Option(help="text, json, sarif, github or junit.")] = "text",
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 1 at: error (as is usual), warning, info, never.")
    ] = None,
    select: Annotated[list[str] | None, typer.Option(help="Only these codes or groups (EXE, ESM002).")] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="All but these codes or groups.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show what is only possible too.")] = False,
    baseline: Annotated[Path | None, typer.Option(help="Show only what this file does not have.")] = None,
    write_baseline: Annotated[Path | None, typer.Option(help="Write what is found into a baseline.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended for certain.")] = False,
    running: Annotated[bool, typer.Option("--running", help="Read what is deployed in a server, not PATH.")] = False,
    function: Annotated[list[str] | None, typer.Option(help="With --running: only these functions.")] = None,
    save: Annotated[Path | None, typer.Option(help="With --running: keep what was read in this folder.")] = None,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """Find the footguns of a project: its template, its code, its package. Nothing of it is run."""
    from lambent.pitfalls import formats, remarks

    told: list[Unread] = []
    if running or endpoint:
        if fix:
            raise typer.BadParameter("what is deployed is mended in its template", param_hint="--fix")
        folder = save or _passing(context)
        told = _deployed(target_of(context, endpoint, region), folder, tuple(function or ()))
        settings_at, path = path, folder
    else:
        settings_at = path
    if not path.exists():
        raise typer.BadParameter(f"{path} does not exist", param_hint="PATH")
    try:
        settings = remarks.configuration(settings_at if settings_at.is_dir() else settings_at.parent)
        known = baseline or (settings_at / settings.baseline if settings.baseline else None)
        before = remarks.read_baseline(known) if known is not None and write_baseline is None else {}
    except remarks.BadConfiguration as wrong:
        raise typer.BadParameter(str(wrong)) from None
    fail_on = fail_on or settings.fail_on
    _one_of(format, tuple(formats.FORMATS), "--format")
    _one_of(fail_on, formats.FAIL_ON, "--fail-on")
    codes = tuple(select or settings.select), tuple(ignore or settings.ignore)
    report = _report(path, codes, everything, before, fix)
    report = replace(report, not_read=[*report.not_read, *told])
    if write_baseline is not None:
        write_baseline.write_text(remarks.as_baseline(report.findings), "utf-8")
        return
    typer.echo(formats.FORMATS[format](report))
    if formats.fails(report, fail_on):
        raise typer.Exit(1)


def _passing(context: typer.Context) -> Path:
    """A folder that goes when the command ends."""
    import tempfile

    return Path(context.with_resource(tempfile.TemporaryDirectory(prefix="lambent-check-")))


def _deployed(target: Target, folder: Path, only: tuple[str, ...]) -> "list[Unread]":
    """Write what is deployed into a folder; answers what could not be asked. Raises CliError."""
    from lambent.cli.running import Reader

    reader = Reader(target, folder)
    reader.read(only)
    return reader.not_read


def _one_of(value: str, known: tuple[str, ...], name: str) -> None:
    if value not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint=name)


def _report(
    path: Path, codes: tuple[tuple[str, ...], tuple[str, ...]], everything: bool, before: dict[str, int], fix: bool
) -> "Report":
    from lambent.cli.output import note
    from lambent.pitfalls import checking, mending, remarks

    report = checking.check(path, *codes, everything)
    mended = mending.apply(report.findings, report.project.root) if fix else []
    for one in mended:
        note(f"mended {one.code} in {one.place.path}:{one.place.line}")
    if mended:
        report = checking.check(path, *codes, everything)
    return replace(report, findings=remarks.beyond(report.findings, before))


def explain(code: Annotated[str, typer.Argument(help="A code of the catalogue, such as ESM002.")]) -> None:
    """What a pitfall is: what happens in production, what to do, what others say."""
    from lambent.pitfalls import pages

    text = pages.explained(code.upper())
    if text is None:
        raise typer.BadParameter(f"{code} is no code of the catalogue", param_hint="CODE")
    typer.echo(text)
