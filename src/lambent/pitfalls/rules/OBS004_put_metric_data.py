"""Metrics by API."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """put_metric_data in what the handler reaches."""
    for function in project.functions:
        for call in effects.calling(function, "cloudwatch", "put_metric_data"):
            yield Hit(call.place, "a metric is sent by API in every invocation", function)


RULE = Rule(
    code="OBS004",
    title="Metrics are sent with PutMetricData",
    level="info",
    reliability="certain",
    production="A call of 10 to 50 ms, billed with the function and at $0.01 per 1,000, which can be throttled and fail.",
    mend="print the metric in the embedded metric format (EMF): no call, no permission",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html",),
    seeds="002",
)
