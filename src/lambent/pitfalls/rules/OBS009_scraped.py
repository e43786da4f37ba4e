"""Metrics that nobody can fetch."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Module
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.finding import Hit, Rule

SERVERS = {"prometheus_client.start_http_server", "prometheus_client.start_wsgi_server"}
PUSHES = {"prometheus_client.push_to_gateway", "prometheus_client.pushadd_to_gateway"}


def check(project: Project) -> Iterator[Hit]:
    """Prometheus's server in an environment; pushes that overwrite each other."""
    for function in project.functions:
        for module, node in _calls(function):
            name = module.dotted(node.func)
            if name in SERVERS:
                yield Hit(module.place(node), "nothing reaches into an environment to fetch metrics", function)
            elif name in PUSHES and keyword(node, "grouping_key") is None:
                text = "environments overwrite each other's series, and the last one stays"
                yield Hit(module.place(node), text, function, level="warning", reliability="likely")


def _calls(function: Function) -> Iterator[tuple[Module, ast.Call]]:
    for module, statement in function.code.at_import if function.code is not None else ():
        yield from ((module, node) for node in ast.walk(statement) if isinstance(node, ast.Call))
    for one in reached(function):
        yield from ((one.module, node) for node in one.nodes if isinstance(node, ast.Call))


RULE = Rule(
    code="OBS009",
    title="Prometheus can't fetch from a function",
    level="error",
    reliability="certain",
    production="The port is closed to the world and frozen between invocations: there are no metrics, or those of one"
    " environment of many.",
    mend="the embedded metric format, or OpenTelemetry's layer, which pushes",
    check=check,
    sources=("https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html",),
    seeds="002",
)
