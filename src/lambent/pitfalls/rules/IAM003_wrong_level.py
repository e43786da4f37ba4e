"""Actions and resources of different levels."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project, Statement
from lambent.pitfalls.facts.tree import Ref, Text
from lambent.pitfalls.finding import Hit, Rule

OBJECT = {"s3:getobject", "s3:putobject", "s3:deleteobject", "s3:getobjectversion", "s3:putobjectacl"}
BUCKET = {"s3:listbucket", "s3:getbucketlocation", "s3:listbucketversions"}


def check(project: Project) -> Iterator[Hit]:
    """Statements whose S3 actions can't apply to any of their resources."""
    for function in project.functions:
        for statement in function.statements:
            yield from _statement(function, statement)


def _statement(function: Function, statement: Statement) -> Iterator[Hit]:
    levels = {_level(one, function) for one in statement.resources}
    if not statement.allow or "?" in levels or not levels:
        return
    actions = {one.lower() for one in statement.actions if isinstance(one, str)}
    if levels == {"bucket"} and actions & OBJECT:
        names = ", ".join(sorted(actions & OBJECT))
        yield Hit(statement.place, f"{names} needs the bucket's ARN with /*", function)
    if levels == {"object"} and actions & BUCKET:
        names = ", ".join(sorted(actions & BUCKET))
        yield Hit(statement.place, f"{names} needs the bucket's ARN without /*", function)


def _level(value: object, function: Function) -> str:
    if isinstance(value, str) and value.startswith("arn:aws:s3:::"):
        rest = value[13:]
        return "?" if "*" in rest.partition("/")[0] else "object" if "/" in rest else "bucket"
    if isinstance(value, Ref) and value.attribute.lower() == "arn":
        target = function.stack.target(value)
        return "bucket" if target is not None and target.type == "AWS::S3::Bucket" else "?"
    if isinstance(value, Text) and isinstance(value.parts[0], str | Ref):
        text = "".join(part if isinstance(part, str) else "x" for part in value.parts)
        if text.startswith("arn:aws:s3:::") or (
            isinstance(value.parts[0], Ref) and value.parts[0].attribute.lower() == "arn"
        ):
            return "object" if "/" in text else "?" if isinstance(value.parts[-1], str) else "bucket"
    return "?"


RULE = Rule(
    code="IAM003",
    title="The action and the resource are of different levels",
    level="error",
    reliability="certain",
    production="The statement allows nothing: AccessDenied at the first call.",
    mend="arn:aws:s3:::bucket for s3:ListBucket, arn:aws:s3:::bucket/* for objects",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html",),
    seeds="002",
    elsewhere="cfn-lint I3510 sees literal ARNs only, and is off by default.",
)
