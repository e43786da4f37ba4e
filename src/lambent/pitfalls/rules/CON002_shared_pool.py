"""A neighbour that takes the pool."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule

BURSTS = ("sqs", "s3", "kinesis", "dynamodb", "sns")


def check(project: Project) -> Iterator[Hit]:
    """Functions that people wait for, in a stack with one that bursts and has no bound; neither has a reservation."""
    for stack in project.stacks:
        for neighbour in [one for one in stack.functions if _bursts(one)][:1]:
            for function in stack.functions:
                if function is not neighbour and function.driven_by(*DOORS) and _free(function):
                    yield Hit(function, f"a burst of {neighbour.id} takes the environments that it needs", function)


def _bursts(function: Function) -> bool:
    capped = any(not one.fact("ScalingConfig").absent for one in function.triggers)
    return bool(function.driven_by(*BURSTS)) and _free(function) and not capped


def _free(function: Function) -> bool:
    return function.fact("ReservedConcurrentExecutions").absent


RULE = Rule(
    code="CON002",
    title="A function that people wait for shares its pool with one that bursts",
    level="info",
    reliability="possible",
    production="All functions of an account and region share 1,000 environments: a backlog of one is a 429 of the other.",
    mend="reserve concurrency for the one that people wait for, or bound the one that bursts",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",),
    seeds="001, 002, 004",
    elsewhere="checkov CKV_AWS_115, cdk-nag LambdaConcurrency and guard want a reservation of every function.",
)
