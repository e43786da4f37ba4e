"""Logs that never expire."""

from collections.abc import Iterator

from lambent.pitfalls import mending
from lambent.pitfalls.facts.project import Function, Project, Resource
from lambent.pitfalls.facts.tree import Ref, Text, Unknown, plain
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions without a log group of their own that expires; log groups of functions that do not."""
    for stack in project.stacks:
        groups = list(stack.of("AWS::Logs::LogGroup"))
        for function in stack.functions:
            if function.listed and not function.resource.open:
                yield from _function(function, groups)


def _function(function: Function, groups: list[Resource]) -> Iterator[Hit]:
    own = [group for group in groups if _of(group, function)]
    if not own:
        named = function.fact("LoggingConfig", "LogGroup")
        if named.absent and not _retention(function):
            yield Hit(function, "its log group is made by Lambda and never expires", function)
        return
    for group in own:
        if group.fact("RetentionInDays").absent:
            text = f"the log group of {function.id} never expires"
            fix = mending.setting(group, group.properties, "RetentionInDays", "30", "retention_in_days = 30")
            yield Hit(group, text, function, group.id, fix=fix)


def _retention(function: Function) -> bool:
    """Whether a custom resource of CDK or a plugin sees to it."""
    stack = function.stack
    types = [one for one in stack.types if one.startswith("Custom::LogRetention")]
    return any(_of(one, function) for one in stack.of(*types))


def _of(group: Resource, function: Function) -> bool:
    name = group.properties.get("LogGroupName")
    configured = function.fact("LoggingConfig", "LogGroup").value
    if isinstance(configured, Ref) and configured.id == group.id:
        return True
    if configured is not None and configured == name:
        return True
    if isinstance(name, Text):
        if any(ref.id == function.id for ref in name.refs()):
            return True
        own = function.fact("FunctionName").value
        return own is not None and plain(name) == f"/aws/lambda/{plain(own)}"
    if isinstance(name, Unknown):
        return True
    own = function.fact("FunctionName").value
    return isinstance(name, str) and name in (f"/aws/lambda/{function.id}", f"/aws/lambda/{own}")


RULE = Rule(
    code="OBS001",
    title="The function's log group never expires",
    level="info",
    reliability="certain",
    production="Lambda makes the group without retention: every line is kept for ever at $0.03 a GB and month, after $0.50"
    " a GB for writing it.",
    mend="declare an AWS::Logs::LogGroup /aws/lambda/<name> with RetentionInDays (14 or 30)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",),
    seeds="000, 002",
    elsewhere="checkov CKV_AWS_338 asks for a year at least: a rule for audit trails, not for a function's debug lines.",
)
