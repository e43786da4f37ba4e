"""Subscriptions whose failed deliveries vanish."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """SNS subscriptions of functions and queues without a RedrivePolicy."""
    for function in project.functions:
        for trigger in function.driven_by("sns"):
            if trigger.resource.type != "AWS::Lambda::Permission" and trigger.fact("RedrivePolicy").absent:
                yield Hit(trigger.place, "what SNS can't deliver is gone", function, trigger.resource.id)
    for stack in project.stacks:
        for resource in stack.of("AWS::SNS::Subscription"):
            if resource.properties.get("Protocol") == "sqs" and resource.fact("RedrivePolicy").absent:
                yield Hit(resource, "what SNS can't deliver to the queue is gone")


RULE = Rule(
    code="ESM011",
    title="The SNS subscription has no dead-letter queue",
    level="info",
    reliability="certain",
    production="When SNS may not deliver (a permission, a deleted function) the message is dropped at once; the topic"
    " has no dead-letter queue, only subscriptions have.",
    mend="set RedrivePolicy with a deadLetterTargetArn on the subscription",
    check=check,
    sources=("https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",),
    seeds="002",
)
