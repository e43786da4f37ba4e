"""Charts, timelines, waterfalls, maps; and the colours of all."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lambent.console import charts, samples, waterfall
from lambent.console.charts import Life, Line, Span, ceiling, chart, short, timeline

CSS = (Path(__file__).parents[3] / "src/lambent/console/static/console.css").read_text("utf-8")
SPAN = Span(0, 3_600, 60)


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (21, 25), (999, 1_000), (float("inf"), 1)]
)
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert ceiling(value) == top


def test_numbers_are_short() -> None:
    assert [short(value) for value in (0.25, 3, 1_200, 3.4e6, 5e9)] == ["0.25", "3", "1.2k", "3.4M", "5G"]


def test_a_chart_is_xml_and_says_what_it_shows() -> None:
    made = chart("A <b>", [Line("a", "c1", [(0, 1), (60, 2), (600, 3)]), Line("n", "c2", [(60, 4)], True)], SPAN)
    root = ElementTree.fromstring(made)
    assert root.get("aria-label") == "A <b>: a 3 at last, n 4 at last"
    [path] = root.iter("path")
    assert path.get("d", "").count("M") == 2, "a gap where a period has no value"
    assert len(list(root.iter("rect"))) == 1


def test_many_milliseconds_are_seconds() -> None:
    span = charts.Span(0.0, 60.0, 60.0)
    text = charts.chart("Duration", [charts.Line("p99", "c3", [(0.0, 1500.0)])], span, " ms")
    assert ">2 s<" in text and ">1<" in text


def test_a_timeline_has_a_rectangle_for_each_phase_that_is_seen() -> None:
    lives = [Life("a", [(0, "init"), (1, "busy"), (2, "frozen")]), Life("<b>", [(0, "init"), (5, "ended")])]
    root = ElementTree.fromstring(timeline(lives, 1.5, 10))
    assert [one.get("class") for one in root.iter("rect")] == ["p-busy", "p-frozen", "p-init"]
    assert all(float(one.get("width", "")) >= 1 for one in root.iter("rect"))


def segment(name: str, key: str, start: float, end: float | None, **more: object) -> dict[str, str]:
    known = {"name": name, "id": key, "start_time": start, **more}
    return {"Id": key, "Document": json.dumps(known | ({} if end is None else {"end_time": end}))}


def test_a_trace_is_rows_below_who_called_them() -> None:
    inner = {"name": "Invocation", "id": "c", "start_time": 1.2, "end_time": 1.9}
    trace = {
        "Segments": [
            segment("late", "d", 1.4, None, parent_id="c"),
            segment("hello", "b", 1.1, 2.0, parent_id="a", subsegments=[inner], fault=True),
            segment("hello", "a", 1.0, 2.1, origin="AWS::Lambda", parent_id="gone"),
        ]
    }
    found = waterfall.rows(trace)
    assert [(row.name, row.depth, row.state) for row in found] == [
        *(("hello", 0, "ok"), ("hello", 1, "fault"), ("Invocation", 2, "ok"), ("late", 3, "open"))
    ]
    bars, seconds = waterfall.bars(found)
    assert seconds == pytest.approx(1.1) and bars[0].x == 0 and bars[0].width == pytest.approx(100)
    assert waterfall.rows({}) == [] and waterfall.bars([]) == ([], 0.0)


def test_a_map_of_services_in_a_circle_is_drawn() -> None:
    services = [
        {"ReferenceId": 0, "Name": "client", "Edges": [{"ReferenceId": 1}]},
        {"ReferenceId": 1, "Name": "<b>", "Edges": [{"ReferenceId": 0}, {"ReferenceId": 1}, {"ReferenceId": 9}]},
    ]
    root = ElementTree.fromstring(waterfall.service_map(services))
    assert len(list(root.iter("path"))) == 3 and len(list(root.iter("rect"))) == 2


def test_every_sample_is_an_event() -> None:
    assert len(samples.NAMES) > 15
    for name in samples.NAMES:
        assert isinstance(json.loads(samples.event(name)), dict)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


LIGHT, DARK = (colours(block) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL))


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(scheme: dict[str, str]) -> None:
    texts = [(text, back) for text in ("text", "dim", "link", "bad", "warn", "ok") for back in ("back", "card", "soft")]
    drawn = [(colour, "card") for colour in ("c1", "c2", "c3", "c4", "c5", "init", "busy", "reset", "ended")]
    pairs = [(pair, 4.5) for pair in [*texts, ("on-main", "main"), ("text", "field")]]
    pairs += [(pair, 3.0) for pair in [*drawn, ("dim", "field"), ("main", "back")]]
    for (front, back), least in pairs:
        bright, other = sorted((luminance(scheme[front]), luminance(scheme[back])), reverse=True)
        assert (bright + 0.05) / (other + 0.05) >= least, (front, back)
