"""A guard that two at once pass."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """get_item and then put_item without condition, on one table, where what is put is whether it was there."""
    for function in project.functions:
        if effects.at_least_once(function) or not function.listed:
            for call in _guards(function):
                yield Hit(call.place, "two deliveries at once both find nothing, and both go on", function)


def _guards(function: Function) -> Iterator[SdkCall]:
    gets = list(effects.calling(function, "dynamodb", "get_item"))
    for put in effects.calling(function, "dynamodb", "put_item"):
        if "ConditionExpression" in put.arguments or put.open:
            continue
        for get in gets:
            same = get.where.node is put.where.node and get.client == put.client
            if same and get.node.lineno < put.node.lineno and _leaves_when_found(get):
                yield put
                break


def _leaves_when_found(get: SdkCall) -> bool:
    """Whether the function returns (or goes on with the next record) when the item is there."""
    import ast

    for node in ast.walk(get.where.node):
        if isinstance(node, ast.If) and node.lineno >= get.node.lineno:
            names = {inner.value for inner in ast.walk(node.test) if isinstance(inner, ast.Constant)}
            leaves = any(isinstance(inner, ast.Return | ast.Continue) for inner in node.body)
            if "Item" in names and leaves and not _negated(node.test):
                return True
    return False


def _negated(test: object) -> bool:
    import ast

    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return True
    return isinstance(test, ast.Compare) and any(isinstance(one, ast.NotIn) for one in test.ops)


RULE = Rule(
    code="ASY006",
    title="The guard against duplicates is not atomic",
    level="error",
    reliability="certain",
    production='Duplicates arrive together as well: both read "not there", both do the work (the charge, the mail), both'
    " write.",
    mend='put first with ConditionExpression="attribute_not_exists(id)"; or use Powertools\' idempotency',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html",),
    seeds="002, 003",
    elsewhere="The sample of a seed (get_item, then put_item) has this fault.",
)
