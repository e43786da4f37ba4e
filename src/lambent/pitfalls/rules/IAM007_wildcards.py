"""More than the function needs."""

import re
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Function, Project, Statement
from lambent.pitfalls.facts.tree import Text
from lambent.pitfalls.finding import Hit, Rule

_EVERYTHING = re.compile(r"\*|arn:[\w*-]+:[\w*-]+:[^:]*:[^:]*:\*(?::\*)*(?:/\*)*")
"""All of everything, or of one service: `arn:aws:logs:*:*:*`, `arn:aws:dynamodb:eu-west-1:*:*`."""
_DATA = re.compile(
    r"(dynamodb:(Get|Put|Update|Delete|Query|Scan|Batch)|s3:(Get|Put|Delete)Object|sqs:(Send|Receive|Delete)Message|sns:Publish"
    r"|lambda:Invoke|kinesis:(Put|Get)Record|firehose:Put|secretsmanager:GetSecret|states:StartExecution|kms:Decrypt)\w*\*?",
    re.IGNORECASE,
)
"""Actions on what can be named by an ARN (https://docs.aws.amazon.com/service-authorization/latest/reference/)."""


def check(project: Project) -> Iterator[Hit]:
    """Allow statements with * as action, service:* on everything, the administrator's policy, or data of all resources."""
    for function in project.functions:
        for statement in function.statements:
            problem = _problem(statement)
            if problem:
                yield Hit(statement.place, problem, function)
            elif (reach := _far(statement)) and not _to_phones(statement, function):
                yield Hit(statement.place, reach, function, reliability="likely")


def _problem(statement: Statement) -> str | None:
    if not statement.allow or statement.conditional:
        return None
    everything = _everything(statement)
    if "*" in statement.actions or "*:*" in statement.actions:
        return "every action is allowed" + (" on everything" if everything else "")
    whole = [one for one in statement.actions if isinstance(one, str) and one.endswith(":*")]
    if whole and everything:
        return f"{', '.join(whole)} is allowed on everything"
    return None


def _everything(statement: Statement) -> bool:
    parts = (one.parts if isinstance(one, Text) else (one,) for one in statement.resources)
    texts = ("".join(part if isinstance(part, str) else "?" for part in one) for one in parts)
    return any(_EVERYTHING.fullmatch(one) for one in texts)


def _far(statement: Statement) -> str | None:
    """What may be done to the data of every table, queue or function of the account."""
    if not statement.allow or statement.conditional or not _everything(statement):
        return None
    acts = [one for one in statement.actions if isinstance(one, str) and _DATA.fullmatch(one)]
    more = f" and {len(acts) - 1} more" if len(acts) > 1 else ""
    return f"{acts[0]}{more} is allowed on everything, not on what the function uses" if acts else None


def _to_phones(statement: Statement, function: Function) -> bool:
    """Whether all it may do is publish, and the code sends SMS: a phone number has no ARN."""
    acts = {one.lower() for one in statement.actions if isinstance(one, str)}
    return acts == {"sns:publish"} and any("PhoneNumber" in one.arguments for one in effects.calls(function))


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
    node=True,
    seeds="003",
)
