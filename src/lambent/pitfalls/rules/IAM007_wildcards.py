"""More than the function needs."""

import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project, Statement
from lambent.pitfalls.finding import Hit, Rule

_EVERYTHING = re.compile(r"\*|arn:[\w*-]+:[\w*-]+:\*?:\*?:\*(?::\*)*")
"""All of everything, or of one service: `arn:aws:logs:*:*:*`."""


def check(project: Project) -> Iterator[Hit]:
    """Allow statements with * as action, service:* on everything, or the administrator's policy."""
    for function in project.functions:
        for statement in function.statements:
            problem = _problem(statement)
            if problem:
                yield Hit(statement.place, problem, function)


def _problem(statement: Statement) -> str | None:
    if not statement.allow or statement.conditional:
        return None
    everything = any(isinstance(one, str) and _EVERYTHING.fullmatch(one) for one in statement.resources)
    if "*" in statement.actions or "*:*" in statement.actions:
        return "every action is allowed" + (" on everything" if everything else "")
    whole = [one for one in statement.actions if isinstance(one, str) and one.endswith(":*")]
    if whole and everything:
        return f"{', '.join(whole)} is allowed on everything"
    return None


RULE = Rule(
    code="IAM007",
    title="The role allows far more than is needed",
    level="warning",
    reliability="certain",
    production="Whoever finds a way into the function (a dependency, an injected argument) may read and delete everything of"
    " the service, or of the account.",
    mend="name the actions that the code calls and the resources by ARN",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",),
    seeds="003",
)
