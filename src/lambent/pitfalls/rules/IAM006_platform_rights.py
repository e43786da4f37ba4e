"""The platform's own rights."""

from collections.abc import Iterator

from lambent.pitfalls.facts.permissions import allows
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule

SOURCES = {"sqs": "sqs:ReceiveMessage", "kinesis": "kinesis:GetRecords", "dynamodb": "dynamodb:GetRecords"}


def check(project: Project) -> Iterator[Hit]:
    """Roles of the stack without the right to log, to read the source, or to make a network interface."""
    for function in project.functions:
        if function.permissions_known and function.listed and "Role" in function.resource.properties:
            for action, why in _needed(function):
                if not allows(function, action):
                    yield Hit(function.fact("Role"), f"the role does not allow {action}: {why}", function)


def _needed(function: Function) -> Iterator[tuple[str, str]]:
    yield "logs:PutLogEvents", "no logs appear"
    for kind, action in SOURCES.items():
        if function.driven_by(kind):
            yield action, "the mapping can't be made"
    if not function.fact("VpcConfig").absent and not function.fact("VpcConfig").unknown:
        yield "ec2:CreateNetworkInterface", "the function can't be made in the VPC"


RULE = Rule(
    code="IAM006",
    title="The role lacks what Lambda itself needs",
    level="error",
    reliability="certain",
    production="Without logs rights nothing is logged, and nothing says so; without the source's the deployment fails.",
    mend="attach AWSLambdaBasicExecutionRole, or the one for the source (AWSLambdaSQSQueueExecutionRole, ...)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",),
    seeds="002, 004",
)
