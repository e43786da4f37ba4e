"""The catalogue as text: a page for each rule, and the table of all entries."""

import csv
from functools import cache
from pathlib import Path

from lambent.pitfalls import catalogue
from lambent.pitfalls.finding import Rule

_TABLE = Path(__file__).with_name("catalogue.tsv")
WHY_NOT = {
    "EXE002": "whether state is meant to be shared shows only when two environments answer",
    "EXE005": "whether a file of an earlier invocation matters shows only when it is missing",
    "EXE013": "which effects are done when time is over shows only at run time",
    "EXE014": "only with managed instances, which are not built yet",
    "EXE016": "the time of a start is measured, not read",
    "LIM001": "the size of an answer depends on data",
    "LIM002": "the size of a request depends on data",
    "LIM003": "the size of a message depends on data",
    "LIM008": "the built package is measured at deployment",
    "LIM009": "the built image is measured at deployment",
    "LIM012": "the size of what is downloaded depends on data",
    "CON001": "needs the rate of requests",
    "CON002": "which function is critical is not written anywhere",
    "CON005": "what was believed is not written anywhere",
    "CON006": "needs the rate of requests",
    "CON008": "connections are counted at run time",
    "CON009": "needs measured durations",
    "CON011": "a caller's retries show when it is throttled",
    "ASY004": "needs how long events wait",
    "ASY008": "shows when the function is killed between effect and record",
    "ASY010": "shows when an answer is lost and the client asks again",
    "ESM004": "shows when the function is killed after some records",
    "ESM009": "order and lag show at run time",
    "ARC002": "one function for many routes is a design, not a fault",
    "ARC004": "which calls belong to one process is not written anywhere",
    "ARC006": "needs measured times",
    "SFN004": "whether a wrapper may go is a matter of design",
    "NET003": "what is reached inside the network shows at run time",
    "NET005": "needs the peak of concurrency",
    "NET006": "reachability of a port is tried at run time",
    "IAM004": "keys and their policies are evaluated at run time",
    "OBS005": "metrics are validated when they are printed",
    "OBS009": "scrapers are seen at run time",
    "PKG003": "needs the built package",
    "PKG004": "needs the built layers",
    "PKG006": "needs the built image",
    "PKG008": "the region of a deployment is not in the template",
    "DEP004": "needs both versions at work",
    "CST001": "needs the bytes that go through the gateway",
    "CST003": "needs measurements at several sizes",
    "CST004": "needs measured memory",
    "CST005": "needs the amount that is logged",
    "CST006": "needs the number of calls per invocation",
    "CST008": "whether every dependency has a build for arm64 is not in the template",
    "CST009": "needs the measured time of Init",
    "CST010": "budgets are set for accounts, not in a project",
}
"""Entries that `check` does not find, and why."""


@cache
def entries() -> dict[str, dict[str, str]]:
    """Code -> the catalogue's row: title, and by what it can be found."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def page(rule: Rule) -> str:
    """The page of a rule, in Markdown."""
    entry = entries()[rule.code]
    others = [f"`lambent {name}`" for name, codes in found_by().items() if rule.code in codes]
    lines = [
        f"# {rule.code}: {rule.title}",
        "",
        f"Level {rule.level}, {rule.reliability}. In the catalogue: {entry['title']}.",
        "",
        f"**In production.** {rule.production}",
        "",
        f"**Mend.** {rule.mend}.",
        "",
        *([f"**Silent when** {rule.silent}.", ""] if rule.silent else []),
        *(["**Reads** Python, JavaScript and TypeScript.", ""] if rule.node else []),
        *([f"**What others say.** {rule.elsewhere}", ""] if rule.elsewhere else []),
        *([f"Found at run time as well: by {' and '.join(others)}.", ""] if others else []),
        "Sources:",
        "",
        *(f"- <{source}>" for source in rule.sources),
    ]
    return "\n".join(lines) + "\n"


def explained(code: str) -> str | None:
    """The page of a code; for what has no rule its title and why; None for what the catalogue does not have."""
    rule = catalogue.rules().get(code)
    if rule is not None:
        return page(rule)
    entry = entries().get(code)
    if entry is None:
        return None
    others = [f"`lambent {name}`" for name, codes in found_by().items() if code in codes]
    told = f"Found by {' and '.join(others)}.\n" if others else ""
    return f"{code}: {entry['title']}\n\nNot found by check: {WHY_NOT[code]}.\n{told}"


def found_by() -> dict[str, frozenset[str]]:
    """Which pitfalls are found while functions run, and which in trials."""
    from lambent.pitfalls.torture import judging, schedules
    from lambent.pitfalls.watching import watching

    return {"watch": watching.codes(), "torture": schedules.codes() | judging.codes()}


def table() -> str:
    """The page of all entries."""
    rules, others = catalogue.rules(), found_by()
    all_of = rules.keys() | others["watch"] | others["torture"]
    lines = [
        "# The catalogue",
        "",
        f"{len(entries())} pitfalls: `lambent check` finds {len(rules)} by reading, [`lambent watch`](../watch.md)"
        f" {len(others['watch'])} while functions run, [`lambent torture`](../torture.md) {len(others['torture'])}"
        f' by doing to them what AWS does; {len(all_of)} are found by one of them. "could": it would show there, and'
        " is not looked for yet.",
        "",
        "| code | pitfall | check | watch | torture |",
        "| --- | --- | --- | --- | --- |",
    ]
    for code, entry in entries().items():
        found = f"[{rules[code].reliability}]({code}.md)" if code in rules else f"no: {WHY_NOT[code]}"
        marks = " | ".join(
            "yes" if code in codes else "could" if entry[name] else "–" for name, codes in others.items()
        )
        lines.append(f"| {code} | {entry['title'].replace('|', '/')} | {found} | {marks} |")
    return "\n".join(lines) + "\n"
