"""Anybody may invoke."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

SCOPED = ("SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken", "FunctionUrlAuthType")
SERVICES = ("s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com", "apigateway.amazonaws.com",
            "logs.amazonaws.com", "elasticloadbalancing.amazonaws.com", "iot.amazonaws.com", "ses.amazonaws.com")  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Permissions for everybody, or for a service without a source."""
    for stack in project.stacks:
        for resource in stack.of("AWS::Lambda::Permission"):
            principal = resource.properties.get("Principal")
            if resource.open or any(key in resource.properties for key in SCOPED):
                continue
            function = stack.function(resource.properties.get("FunctionName"))[0]
            if principal == "*":
                yield Hit(resource, "everybody may invoke the function", function, resource.id, "error")
            elif principal in SERVICES:
                yield Hit(resource, f"{principal} may invoke it for any account", function, resource.id)


RULE = Rule(
    code="IAM008",
    title="The function may be invoked by too many",
    level="warning",
    reliability="certain",
    production="Any account can point its bucket, topic or API at the function: events are forged, and billed to you.",
    mend="set SourceArn (for S3 SourceAccount as well)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",),
    seeds="002",
)
