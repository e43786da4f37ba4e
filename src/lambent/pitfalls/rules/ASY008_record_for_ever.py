"""Records of idempotency that never go."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import called
from lambent.pitfalls.facts.project import Function, Project, Resource
from lambent.pitfalls.facts.python import fold
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.finding import Hit, Rule

_LAYERS = ("DynamoDBPersistenceLayer", "DynamoDBPersistence")


def check(project: Project) -> Iterator[Hit]:
    """Tables of Powertools' idempotency without time to live."""
    for function in project.functions:
        for table in _tables(function):
            if table.fact("TimeToLiveSpecification").absent:
                yield Hit(table, f"the records by which {function.id} knows what was done are kept for ever", function)


def _tables(function: Function) -> Iterator[Resource]:
    for module in function.code.loaded if function.code is not None else ():
        for node in module.nodes:
            if isinstance(node, ast.Call) and module.dotted(node.func).rpartition(".")[2] in _LAYERS:
                given = node.args[0] if node.args else keyword(node, "table_name")
                found = called.named(function, fold(given, module), *called.TYPES["dynamodb"])
                if found is not None:
                    yield found


RULE = Rule(
    code="ASY008",
    title="Idempotency records without time to live",
    level="warning",
    reliability="likely",
    production="DynamoDB removes nothing by itself: the table grows with every event, and is paid for; what a crash left"
    " IN_PROGRESS stays there.",
    mend="TimeToLiveSpecification: {AttributeName: expiration, Enabled: true}",
    check=check,
    sources=("https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/",),
    seeds="002",
    silent="the table is of another stack. A record that is written only after the work is found by torture",
)
