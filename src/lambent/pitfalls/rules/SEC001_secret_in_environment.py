"""Secrets that everybody can read who may look at the configuration."""

import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.tree import Map, Unknown
from lambent.pitfalls.finding import Hit, Rule

NAME = re.compile(
    r"PASSWORD|PASSWD|(^|_)PWD$|SECRET|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|AUTH_?TOKEN|ACCESS_?TOKEN|(^|_)TOKEN$|CREDENTIAL",
    re.I,
)
HARMLESS = re.compile(
    r"(NAME|ARN|_ID|PATH|URL|URI|PREFIX|PARAM(ETER)?|KEY_?ID|TTL|HEADER|TABLE|ENABLED|LENGTH|TYPE|REGION|EXPIR\w*)$",
    re.I,
)
HOOK = re.compile(r"(SLACK|TEAMS|DISCORD|MATTERMOST)_?(INCOMING_?)?(WEB)?_?HOOK(_?UR[LI])?$", re.I)
"""Who knows such an address may post there: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
TOKENS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abp]-[\w-]{10,}|sk_live_\w{10,}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
PLACE = re.compile(
    r"^(\W*|changeme|change-me|replace.*|your.*|<.*>|\*+|xxx+|todo|none|null|true|false|example.*|arn:.*|/.*|\d{1,5})$",
    re.I,
)

_AT_DEPLOYMENT = ("env", "ssm", "vault", "doppler")
"""Where the Serverless Framework's variables take what is put into the template."""
DUMMY = re.compile(r"dummy|example|xxxx|your[-_ ]|change|placeholder|insert|fill", re.I)


def check(project: Project) -> Iterator[Hit]:
    """Variables whose name or value is a secret's, with a literal value, a parameter, or a resolved secret."""
    for function in project.functions:
        variables = function.environment
        for name, value in variables.items():
            how = _secret(function, name, value)
            if how is not None:
                place = function.resource.at(variables.at[name])
                yield Hit(place, f"{name} {how}", function)


def _secret(function: Function, name: str, value: object) -> str | None:
    if isinstance(value, str) and TOKENS.search(value):
        return "holds a key in the template"
    if not _named(name):
        return None
    if isinstance(value, str) and "{{resolve:" in value:
        return "is resolved at deployment and stands in the configuration in the clear"
    if isinstance(value, str) and not PLACE.match(value) and not DUMMY.search(value) and "secretsmanager" not in value:
        return "holds a secret in the template"
    if isinstance(value, Unknown) and value.why.partition(":")[0] in _AT_DEPLOYMENT:
        return "is put in at deployment and stands in the configuration in the clear"
    variable = value.why if isinstance(value, Unknown) and value.why.startswith("var.") else ""
    if _named(variable):
        return "gets its secret from a variable, and shows it in the state and the configuration"
    if isinstance(value, Unknown) and value.why.startswith("parameter "):
        parameter = function.stack.parameters.get(value.why[10:])
        if isinstance(parameter, Map) and (_named(value.why[10:]) or str(parameter.get("NoEcho")).lower() == "true"):
            return "gets its secret from a parameter, and shows it in the configuration"
    return None


def _named(name: str) -> bool:
    """Whether a name is a secret's."""
    return bool(HOOK.search(name) or (NAME.search(name) and not HARMLESS.search(name)))


RULE = Rule(
    code="SEC001",
    title="A secret in an environment variable",
    level="error",
    reliability="likely",
    production="GetFunctionConfiguration, the console, the template's history and Terraform's state show it in the clear to"
    " everybody who may read them; rotation needs a deployment.",
    mend="give the secret's name, and read it from Secrets Manager or Parameter Store, cached",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",),
    seeds="000, 001, 002, 004",
    silent="the value is a placeholder, a name, an ARN or unknown",
)
