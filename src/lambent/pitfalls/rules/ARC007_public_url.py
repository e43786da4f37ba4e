"""A public address without a bound."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Function URLs with AuthType NONE."""
    for function in project.functions:
        for trigger in function.driven_by("url"):
            auth = trigger.fact("AuthType")
            if auth.value == "NONE":
                capped = not function.fact("ReservedConcurrentExecutions").absent
                bound = "" if capped else ", and nothing bounds what it may cost"
                yield Hit(auth, f"anybody may call the function{bound}", function, trigger.resource.id)
            cors = trigger.settings.get("Cors")
            if isinstance(cors, Map) and cors.get("AllowCredentials") is True and "*" in str(cors.get("AllowOrigins")):
                yield Hit(auth, "every page may call it with the user's credentials", function, trigger.resource.id)


RULE = Rule(
    code="ARC007",
    title="The function URL is public",
    level="warning",
    reliability="certain",
    production="No throttling, no WAF, no usage plan: a loop of one client takes the account's 1,000 environments and is"
    " billed.",
    mend="set AuthType: AWS_IAM, or ReservedConcurrentExecutions and a check of the caller in the code",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",),
    seeds="004",
)
