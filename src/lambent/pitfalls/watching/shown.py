"""Sights for people: in the terminal, and as a page."""

from collections.abc import Iterable, Sequence
from html import escape

from lambent.pitfalls import catalogue, pages
from lambent.pitfalls.finding import Finding
from lambent.pitfalls.watching.sight import EVIDENCE, Sight
from lambent.pitfalls.watching.watching import read_of

MENDS = {
    "EXE011": "await, join or cancel all that was begun before the handler answers",
    "EXE013": "look at context.get_remaining_time_in_millis() before each step, and make the steps repeatable",
    "EXE016": "provisioned concurrency or SnapStart where somebody waits; less to import everywhere",
    "LIM001": "put large answers into a bucket and answer a presigned link, or stream them",
    "LIM002": "send the key of an object instead of its content",
    "CST004": "measure at a smaller MemorySize",
    "CST005": "log at INFO, and what is large by its id alone",
    "CST006": "ask for many at once, or be told of changes (events) instead of looking",
    "CST009": "import less, or later; provisioned concurrency and SnapStart move Init out of requests",
    "CON002": "reserved concurrency for what must always run, MaximumConcurrency for what must not take all",
    "CON008": "RDS Proxy, or a connection per environment with a cap on concurrency",
    "CON011": "retries with backoff and jitter (retries.mode standard or adaptive)",
    "PKG001": "build the package for Amazon Linux and the function's architecture and Python",
}
"""What to do about pitfalls that have no rule of their own."""


def mend(code: str) -> str:
    """What to do about a pitfall; "" where the catalogue has no word for it."""
    rule = catalogue.rules().get(code)
    return MENDS.get(code) or (rule.mend if rule is not None else "")


def title(code: str) -> str:
    """What a pitfall is called."""
    rule = catalogue.rules().get(code)
    return rule.title if rule is not None else pages.entries()[code]["title"]


def places(sight: Sight, known: Iterable[Finding]) -> list[str]:
    """`app.py:12 (seen)`, `app.py:7 (read)`: where the code stood, and where reading finds the same pitfall."""
    seen = [f"{sight.place[0]}:{sight.place[1]} (seen)"] if sight.place else []
    return seen + [f"{one.place.path}:{one.place.line} (read)" for one in known][:EVIDENCE]


def text(function: str, sight: Sight, known: Sequence[Finding]) -> str:
    """A sight in a terminal."""
    lines = [f"{sight.code} {sight.level}  {function}: {sight.message}"]
    where = places(sight, known)
    if where:
        lines.append(f"      code: {', '.join(where)}")
    if sight.evidence:
        more = len(sight.evidence) - EVIDENCE
        lines.append(f"      seen in: {', '.join(sight.evidence[:EVIDENCE])}{f' and {more} more' if more > 0 else ''}")
    if mend(sight.code):
        lines.append(f"      mend: {mend(sight.code)}")
    return "\n".join(lines)


def page(sights: Iterable[tuple[str, Sight]], read: Sequence[Finding]) -> str:
    """An HTML page of all of them: nothing of it is fetched from anywhere."""
    rows = "\n".join(_row(function, sight, read) for function, sight in sorted(sights, key=lambda one: one[0]))
    head = "".join(f"<th>{name}</th>" for name in ("function", "pitfall", "what was seen", "code", "mend"))
    style = "body{font:15px sans-serif}td,th{text-align:left;padding:.4em 1em .4em 0;vertical-align:top}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>lambent watch</title><style>{style}</style>'
        f"<h1>What was seen</h1><table><tr>{head}</tr>\n{rows}\n</table></html>\n"
    )


def _row(function: str, sight: Sight, read: Sequence[Finding]) -> str:
    where = "<br>".join(map(escape, places(sight, read_of(read, function, sight.code))))
    seen = escape(sight.message) + "".join(f"<br><code>{escape(one)}</code>" for one in sight.evidence[:EVIDENCE])
    name = f"<b>{sight.code}</b> {sight.level}<br>{escape(title(sight.code))}"
    cells = (escape(function), name, seen, where, escape(mend(sight.code)))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
