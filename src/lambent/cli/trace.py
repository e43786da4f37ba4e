"""`lambent trace`: the latest traces as a table, or one as a waterfall, asked of X-Ray as any client would."""

import json as codec
import time
from typing import Annotated, Any

import typer

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.logs import seconds
from lambent.cli.target import EndpointOption, JsonOption, RegionOption, target_of
from lambent.engine.traces import waterfall as ordered
from lambent.engine.traces.documents import Document, end_of

COLUMNS = ("Trace", "Began", "Took", "Status", "Begins with")
BAR = 40
"""Characters of a waterfall's time."""
MOST = 50


def trace(
    context: typer.Context,
    trace_id: Annotated[str | None, typer.Argument(metavar="[TRACE]", help="A trace's id, or a part of it.")] = None,
    *,
    query: Annotated[str | None, typer.Option("--filter", help="X-Ray's filter expression: 'fault', …")] = None,
    since: Annotated[str, typer.Option(metavar="10s|10m|2h|7d", help="How far to look back.")] = "1h",
    spans: Annotated[bool, typer.Option("--otlp", help="One trace in OTLP's JSON, for Jaeger's upload.")] = False,
    json: JsonOption = False,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
) -> None:
    """List the latest traces, or show what happened in one."""
    target = target_of(context, endpoint, region)
    client, now = target.client("xray"), target.now()
    summaries = _summaries(client, query, now - seconds(since), now + 60)
    if trace_id is None:
        _list(summaries, json=json)
        return
    whole = _one(client, trace_id, summaries)
    segments = [codec.loads(one["Document"]) for one in whole["Segments"]]
    if spans:
        from lambent.engine.traces import otlp

        output.document(otlp.request_of([one for one in segments if not one.get("inferred")]))
    elif json:
        output.document({"Id": whole["Id"], "Duration": whole["Duration"], "Segments": segments})
    else:
        for line in waterfall(segments):
            typer.echo(line)


def _summaries(client: Any, query: str | None, start: float, end: float) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"StartTime": start, "EndTime": end} | ({"FilterExpression": query} if query else {})
    found: list[dict[str, Any]] = []
    while len(found) < MOST:
        said = client.get_trace_summaries(**asked)
        found += said["TraceSummaries"]
        if "NextToken" not in said:
            break
        asked["NextToken"] = said["NextToken"]
    return found[:MOST]


def _list(summaries: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        output.document(summaries)
    elif summaries:
        output.table(COLUMNS, [_row(one) for one in summaries], right=("Took",))
    else:
        output.note("no traces: functions with TracingConfig Active are recorded, the first call of each second")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(one["StartTime"].timestamp()))
    entry = one.get("EntryPoint", {})
    return one["Id"], began, _took(one["Duration"]), _status(one), f"{entry.get('Name', '')} {entry.get('Type', '')}"


def _status(one: dict[str, Any]) -> str:
    flags = ("Fault", "Throttle", "Error")
    return next((flag.lower() for flag in flags if one[f"Has{flag}"]), "ok")


def _one(client: Any, asked: str, summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """The trace of an id, or of the one id that begins or ends so. Raises CliError."""
    known = [one["Id"] for one in summaries if one["Id"].startswith(asked) or one["Id"].endswith(asked)]
    if len(known) > 1 and asked not in known:
        raise CliError(f"{len(known)} traces begin or end with {asked}: name one of them whole")
    id_ = asked if asked in known or not known else known[0]
    traces: list[dict[str, Any]] = client.batch_get_traces(TraceIds=[id_])["Traces"]
    if not traces:
        raise CliError(f"there is no trace {asked}")
    return traces[0]


def waterfall(segments: list[Document]) -> list[str]:
    """Lines: each segment beneath what called it, with a bar of when it was."""
    if not segments:
        return []
    start = min(one["start_time"] for one in segments)
    whole = max(max(end_of(one) for one in segments) - start, 1e-6)
    rows = [(_label(row), row.document) for row in ordered.rows(segments)]
    width = max(len(label) for label, _ in rows)
    return [f"{label.ljust(width)}  {_bar(one, start, whole)}  {_took(end_of(one) - one['start_time'])}{_mark(one)}"
            for label, one in rows]  # fmt: skip


def _label(row: ordered.Row) -> str:
    kind = row.document.get("origin", "") if row.is_segment else ""
    return _plain(f"{'  ' * row.depth}{row.document['name']}{f' ({kind})' if kind else ''}")


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor: names are the functions' own."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _bar(one: Document, start: float, whole: float) -> str:
    first = min(int((one["start_time"] - start) / whole * BAR), BAR - 1)
    last = min(max(int((end_of(one) - start) / whole * BAR + 0.5), first + 1), BAR)
    return f"{' ' * first}{'━' * (last - first)}{' ' * (BAR - last)}"


def _took(duration: float) -> str:
    return f"{duration * 1000:.0f} ms" if duration < 10 else f"{duration:.1f} s"


def _mark(one: Document) -> str:
    flag = next((name for name in ("fault", "throttle", "error") if one.get(name)), "")
    return f"  {flag}" if flag else "  …" if one.get("in_progress") else ""
