"""Fields of print."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.printing import logs

STRUCTURED = {
    "aws_lambda_powertools",
    "structlog",
    "pythonjsonlogger",
    "aws_lambda_logging",
    "json_log_formatter",
    "loguru",
}


def check(project: Project) -> Iterator[Hit]:
    """print() with text in the handler's reach, where the log format is text."""
    for function in project.functions:
        json_format = not function.fact("LoggingConfig", "LogFormat").absent
        if function.code is None or json_format or function.code.imported & STRUCTURED:
            continue
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and logs(node) and node.args and isinstance(node.args[0], ast.JoinedStr):
                    yield Hit(one.place(node), "a line of text that nobody can query", function)


RULE = Rule(
    code="OBS002",
    title="Logs are lines of text",
    level="info",
    reliability="possible",
    production="Finding the lines of one request among thousands is guesswork; metrics can't be made of them.",
    mend="LoggingConfig: {LogFormat: JSON}, and fields instead of sentences",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html",),
    seeds="002",
)
