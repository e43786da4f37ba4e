"""The catalogue as text: a page for each rule, and the table of all entries."""

import csv
from functools import cache
from pathlib import Path

from lambent.pitfalls import catalogue
from lambent.pitfalls.finding import Rule

_TABLE = Path(__file__).with_name("catalogue.tsv")
WHY_NOT = {
    "CON001": "needs the rate of requests",
    "CON006": "needs the rate of requests",
    "CON009": "needs measured durations",
    "DEP004": "needs both versions at work",
    "CST004": "needs measured memory",
    "CST009": "needs the measured time of Init",
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
