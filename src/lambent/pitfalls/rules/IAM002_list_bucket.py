"""Listing without the right to list."""

from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.permissions import allows, by_its_own_policy
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

LIST = "s3:ListBucket"


def check(project: Project) -> Iterator[Hit]:
    """Listings of a bucket by a function whose role has no s3:ListBucket."""
    for function in project.functions:
        if not function.permissions_known or not function.listed:
            continue
        if not allows(function, LIST) and not by_its_own_policy(function, LIST):
            for call in effects.calling(function, "s3", "list_objects_v2", "list_objects"):
                yield Hit(call.place, "the role does not allow s3:ListBucket", function)
                break


RULE = Rule(
    code="IAM002",
    title="s3:ListBucket is missing",
    level="error",
    reliability="certain",
    production="AccessDenied for ListObjectsV2; and without it a missing key answers 403 instead of 404.",
    mend="allow s3:ListBucket on arn:aws:s3:::bucket (without /*)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html",),
    seeds="002",
)
