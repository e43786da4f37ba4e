"""Prometheus' text format, as its own parser reads it, and who is taken for Prometheus."""

import re

import pytest

from lambent.gateway.scraping import is_scrape
from lambent.model.scope import Scope
from lambent.observe.metrics import Metrics
from lambent.observe.prometheus import counted, of_lambda, single, written
from lambent.wire.http import Request

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
ARN = "arn:aws:lambda:eu-west-1:111111111111:function:f"
LINE = re.compile(r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? -?[\d.e+]+')


def test_functions_are_counted_once_and_in_seconds() -> None:
    metrics = Metrics(lambda: 1_000.0)
    metrics.ran(f"{ARN}:live", 250.0, False)
    metrics.ran(ARN, 750.0, True)
    metrics.add("ConcurrentExecutions", Scope("111111111111", "eu-west-1"), "f", 3.0)
    text = written(of_lambda(metrics.document()["metrics"]))
    labels = '{account="111111111111",region="eu-west-1",function="f"}'
    assert f"lambent_invocations_total{labels} 2\n" in text
    assert f"lambent_errors_total{labels} 1\n" in text
    assert f"lambent_duration_seconds_sum{labels} 1\nlambent_duration_seconds_count{labels} 2\n" in text
    assert f"lambent_concurrent_executions_max{labels} 3\n" in text
    assert text.count("# TYPE lambent_duration_seconds summary") == 1
    assert all(LINE.fullmatch(line) for line in text.splitlines() if not line.startswith("#"))


def test_labels_are_escaped_and_empty_families_left_out() -> None:
    family = counted("lambent_findings", "Findings", [(("code", 'a"b\\c\nd'),)] * 2)
    text = written([family, counted("nothing", "none", []), single("value", "gauge", "one", 0.5)])
    assert text.splitlines()[2] == 'lambent_findings{code="a\\"b\\\\c\\nd"} 2'
    assert "nothing" not in text and text.endswith("value 0.5\n")


@pytest.mark.parametrize(
    ("method", "path", "headers", "scrape"),
    [
        ("GET", "/metrics", {"accept": ACCEPT}, True),
        ("GET", "/metrics", {"accept": "*/*"}, False),
        ("GET", "/metrics", {}, False),
        ("PUT", "/metrics", {"accept": ACCEPT}, False),
        ("GET", "/metrics/key", {"accept": ACCEPT}, False),
        ("GET", "/metrics", {"accept": ACCEPT, "authorization": "AWS4-HMAC-SHA256 …"}, False),
    ],
)
def test_a_bucket_named_metrics_is_not_taken_away(
    method: str, path: str, headers: dict[str, str], scrape: bool
) -> None:
    assert is_scrape(Request(method, path, "", headers)) is scrape
