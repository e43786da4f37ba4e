"""A listing for each event."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule

EVENTS = ("s3", "sqs", "sns", "kinesis", "dynamodb", "iot", "logs")
LISTS = ("list_objects_v2", "list_objects", "list_object_versions")


def check(project: Project) -> Iterator[Hit]:
    """Whole buckets listed by functions that are invoked for each event; a call for each key of a listing."""
    for function in project.functions:
        if function.driven_by(*EVENTS):
            for call in effects.calling(function, "s3", *LISTS):
                if "Prefix" not in call.arguments and not call.open and not _some(call):
                    yield Hit(call.place, "the whole bucket is listed for every event", function)


def _some(call: SdkCall) -> bool:
    bounds = ("MaxKeys", "PaginationConfig", "StartAfter")
    return any(name in call.arguments for name in bounds) or any(isinstance(one, ast.Starred) for one in call.node.args)


RULE = Rule(
    code="CST006",
    title="The bucket is listed for every event",
    level="warning",
    reliability="likely",
    production="$0.005 for 1,000 LISTs, one for each 1,000 keys: 10,000 of them for each of a million events are $50,000.",
    mend="take the key from the event; keep an index (DynamoDB, S3 Inventory) for what needs all of them",
    check=check,
    node=True,
    sources=("https://aws.amazon.com/s3/pricing/",),
    seeds="002",
    silent="a prefix or a bound is given, or nothing but a schedule drives it",
)
