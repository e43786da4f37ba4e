"""Dynamic references: `{{resolve:service:reference}}` in properties, fetched when a resource is made.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import json
import re
from typing import Any

from lambent.deploy.errors import TemplateInvalid
from lambent.deploy.ports import Ask, Refused
from lambent.model.scope import Scope

FORM = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")
Fetched = dict[tuple[str, str], str]
"""(service, reference) -> value, for one deployment."""


async def fill(value: Any, ask: Ask, scope: Scope, known: Fetched) -> Any:
    """The value with its references replaced. Raises TemplateInvalid, Refused."""
    for service, reference in found(value):
        if (service, reference) not in known:
            known[service, reference] = await FETCH[service](ask, scope, reference)
    return replaced(value, known) if known else value


def found(value: Any) -> set[tuple[str, str]]:
    """The references in a value."""
    if isinstance(value, str):
        return {(match[1], match[2]) for match in FORM.finditer(value)} if "{{resolve:" in value else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(found(one) for one in inner))


def replaced(value: Any, known: Fetched) -> Any:
    """The value with what is known put in."""
    if isinstance(value, str):
        return FORM.sub(lambda match: known.get((match[1], match[2]), match[0]), value)
    if isinstance(value, dict):
        return {name: replaced(one, known) for name, one in value.items()}
    return [replaced(one, known) for one in value] if isinstance(value, list) else value


async def parameter(ask: Ask, scope: Scope, name: str) -> str:
    """A parameter of SSM; `name:3` is a version. Raises TemplateInvalid."""
    try:
        said = await ask(scope, "ssm", "GetParameter", {"Name": name, "WithDecryption": True})
    except Refused as error:
        if error.is_absent:
            raise TemplateInvalid(f"Parameters: [ssm:{name}] cannot be found.") from error
        raise
    return str(said["Parameter"]["Value"])


async def _secret(ask: Ask, scope: Scope, reference: str) -> str:
    """`id:SecretString:key:stage:version`, of which only the id must be there; an id may be an ARN."""
    parts = reference.split(":")
    size = 7 if reference.startswith("arn:") else 1
    name, rest = ":".join(parts[:size]), [*parts[size:], "", "", "", ""]
    params = {"SecretId": name, "VersionStage": rest[2], "VersionId": rest[3]}
    said = await ask(scope, "secretsmanager", "GetSecretValue", {key: one for key, one in params.items() if one})
    text = str(said.get("SecretString", ""))
    return _member(text, rest[1], name) if rest[1] else text


def _member(text: str, key: str, name: str) -> str:
    try:
        value = json.loads(text)[key]
    except ValueError:
        raise TemplateInvalid("Could not parse SecretString JSON") from None
    except (KeyError, TypeError):
        raise TemplateInvalid("Could not find a value associated with JSONKey in SecretString") from None
    return value if isinstance(value, str) else json.dumps(value)


FETCH = {"ssm": parameter, "ssm-secure": parameter, "secretsmanager": _secret}
