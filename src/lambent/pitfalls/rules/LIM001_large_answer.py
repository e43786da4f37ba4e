"""An answer as large as the table."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule

LISTS = {("dynamodb", "scan"), ("s3", "list_objects_v2"), ("s3", "list_objects"), ("s3", "get_object")}
BOUNDS = ("Limit", "MaxItems", "MaxKeys", "PaginationConfig", "Range")


def check(project: Project) -> Iterator[Hit]:
    """Whole tables, listings and objects, read by what somebody waits for."""
    for function in project.functions:
        if function.driven_by(*DOORS):
            for call in effects.calls(function):
                if (call.service, call.operation) in LISTS and not _bounded(call):
                    yield Hit(call.place, "the answer grows with what is stored", function)


def _bounded(call: SdkCall) -> bool:
    return call.open or any(name in call.arguments for name in BOUNDS)


RULE = Rule(
    code="LIM001",
    title="An answer that grows with what is stored",
    level="info",
    reliability="possible",
    production="Above 6 MB the caller has an error (502 from an API) instead of the answer, from the day on that the table is"
    " that large.",
    mend="pages, a presigned link to an object, or a streamed answer",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="000, 002",
    elsewhere='A seed says that more is "silently truncated": the answer is replaced by an error.',
    silent="a limit is given; how large it gets is seen by watch: it is only possible",
)
