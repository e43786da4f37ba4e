"""A trigger that may not."""

from collections.abc import Iterator

from lambent.pitfalls.facts.permissions import connected
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.wiring import ASYNC
from lambent.pitfalls.finding import Hit, Rule

NEEDED = {"rule": "events.amazonaws.com", "rule-schedule": "events.amazonaws.com", "s3": "s3.amazonaws.com",
          "sns": "sns.amazonaws.com", "rest": "apigateway.amazonaws.com", "http": "apigateway.amazonaws.com"}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Rules, notifications, subscriptions and integrations of the stack without a permission for their service."""
    for function in project.functions:
        granted = {
            one.properties.get("Principal")
            for one in function.stack.of("AWS::Lambda::Permission")
            if function.stack.function(one.properties.get("FunctionName"))[0] in (function, None)
        }
        if any(not isinstance(one, str) for one in granted) or connected(function.stack):
            continue
        told: set[str] = set()
        for trigger in function.triggers:
            principal = NEEDED.get(trigger.kind)
            own = (
                trigger.resource is function.resource
                or "Credentials" in trigger.settings
                or "RoleArn" in trigger.settings
                or trigger.resource.open
                or function.id.startswith("module.")
            )
            if principal is None or own or principal in granted or "*" in granted or principal in told:
                continue
            if trigger.kind not in ASYNC and (
                "CredentialsArn" in trigger.settings or function.stack.kind == "serverless"
            ):
                continue
            told.add(principal)
            yield Hit(trigger.place, f"{principal} may not invoke {function.id}", function, trigger.resource.id)


RULE = Rule(
    code="IAM005",
    title="The trigger may not invoke the function",
    level="error",
    reliability="certain",
    production="Nothing happens: EventBridge counts FailedInvocations, SNS drops the message, the API answers 500.",
    mend="an AWS::Lambda::Permission for the service, with SourceArn",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",),
    seeds="000, 002",
)
