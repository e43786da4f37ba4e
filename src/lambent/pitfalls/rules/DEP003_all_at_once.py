"""Everything at once."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """DeploymentPreference AllAtOnce or without alarms; an alias without any."""
    for function in project.functions:
        alias = function.fact("AutoPublishAlias")
        kind = function.fact("DeploymentPreference", "Type")
        if alias.absent or function.resource.type != "AWS::Serverless::Function":
            continue
        if function.fact("DeploymentPreference").absent:
            yield Hit(alias, "the alias moves to the new version all at once", function, reliability="likely")
        elif kind.value == "AllAtOnce":
            yield Hit(kind, "AllAtOnce moves the alias at once", function)
        elif isinstance(kind.value, str) and function.fact("DeploymentPreference", "Alarms").absent:
            yield Hit(kind, "traffic shifts slowly, and no alarm turns it back", function)


RULE = Rule(
    code="DEP003",
    title="A deployment that nothing turns back",
    level="info",
    reliability="certain",
    production="A version that fails takes all the traffic until somebody notices.",
    mend="DeploymentPreference: Type Canary10Percent5Minutes with Alarms on the alias's errors",
    check=check,
    sources=(
        "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/automating-updates-to-serverless-apps.html",
    ),
    seeds="002, 004",
    silent="no alias is published",
)
