"""Around the alias."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Triggers that go to $LATEST of a function that the stack publishes under an alias."""
    for function in project.functions:
        aliases = [
            one
            for one in function.stack.of("AWS::Lambda::Alias")
            if function.stack.function(one.properties.get("FunctionName"))[0] is function
        ]
        published = bool(aliases) or "AutoPublishAlias" in function.resource.properties
        for trigger in function.triggers if published else ():
            if not trigger.alias and trigger.resource is not function.resource and trigger.kind != "authorizer":
                if trigger.resource.type != "AWS::Lambda::Permission":
                    yield Hit(
                        trigger.place, "it calls $LATEST, not the alias that is deployed", function, trigger.resource.id
                    )


RULE = Rule(
    code="DEP001",
    title="A trigger goes around the alias",
    level="warning",
    reliability="certain",
    production="Each deployment is live at once for this trigger: no shift of traffic, no way back by the alias.",
    mend="name the alias's ARN (!Ref Alias)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html",),
    seeds="002, 004",
)
