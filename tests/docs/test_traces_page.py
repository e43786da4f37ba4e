"""What docs/traces.md says is so."""

import re
from pathlib import Path

from lambent.engine.traces import filter as expressions
from lambent.environments import xray_daemon
from lambent.observe import tracefile, tracing
from lambent.services.xray import reading
from lambent.settings import SETTINGS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "traces.md").read_text("utf-8")


def test_every_keyword_that_is_answered_is_on_the_page_and_no_other() -> None:
    keywords = expressions.FLAGS | expressions.NUMBERS | expressions.TEXTS
    answered = {one for one in keywords if not one.startswith(expressions.UNBUILT)}
    shown = {one for one in answered if f"`{one}`" in PAGE or (one.startswith("http.") and "`http.*`" in PAGE)}
    assert shown == answered
    assert not [one for one in keywords - answered if f"`{one}`" in PAGE]


def test_findings_and_settings_on_the_page_are_there() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src" / "lambent").rglob("*.py"))
    codes = re.findall(r"finding \(?`([a-z-]+)`", PAGE)
    assert len(codes) >= 3
    assert [code for code in codes if f'"{code}"' not in source] == []
    assert {"otlp_traces", "trace_mb"} <= {one.name for one in SETTINGS}


def test_numbers_on_the_page_are_those_of_the_code() -> None:
    for number in (f"{xray_daemon.A_SECOND:,}", f"{reading.PAGE:,} traces", f"{reading.GRAPHED:,}",
                   f"{tracefile.TRACE_BYTES // 1000} KB", f"up to {tracing.MOST_LINKS}"):  # fmt: skip
        assert number in PAGE, number
