"""How each service of AWS words what was denied, and what it holds against policies where nothing in particular is
asked for: denials.json has it, with its sources.

A policy that allows sqs:* on every queue of an account so allows ListQueues, as on AWS.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from lambent.engine.authorisation.decide import Ask
from lambent.engine.authorisation.explain import Words
from lambent.model.scope import Scope
from lambent.permissions.parameters import partition_of
from lambent.permissions.requests import Right

EVERYTHING = "*"
_OF_IAM = re.compile(r"arn:[a-z-]+:iam::[^:]*:(user|role|group|instance-profile|policy)/(?:.*/)?([^/]+)")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NO_SECRET = re.compile(r"arn:[a-z-]+:secretsmanager:[^:]*:[^:]*:secret:(.+)-\?{6}")


@cache
def table() -> dict[str, Any]:
    """denials.json: `prefixes` and `lower` (how actions are written), `quoted` (resources in quotes), `star` (services
    that say "*"), `at_large` (service or action -> what it is held against), `said` (action -> the resource's words),
    `by_arn` (what of IAM's own is called by its ARN)."""
    found: dict[str, Any] = json.loads(files("lambent.permissions").joinpath("denials.json").read_text("utf-8"))
    return found


def at_large(right: Right, scope: Scope) -> str:
    """What AWS holds against policies for a right that is about nothing in particular, "*" where it is that."""
    forms = table()["at_large"]
    form = str(forms.get(right.action) or forms.get(right.action.partition(":")[0]) or EVERYTHING)
    values = {"Partition": partition_of(scope.region), "Region": scope.region, "Account": scope.account}
    return _VARIABLE.sub(lambda one: values.get(one[1]) or str(right.params.get(one[1]) or ""), form) or EVERYTHING


def words(ask: Ask) -> Words:
    """The action and the resource as the service's error says them."""
    prefix, _, name = ask.action.partition(":")
    said = f"{table()['prefixes'].get(prefix, prefix)}:{name.lower() if prefix in table()['lower'] else name}"
    return Words(said, _resource(ask, prefix))


def _resource(ask: Ask, prefix: str) -> str:
    known = table()
    if ask.action in known["said"]:
        return str(known["said"][ask.action])
    if ask.resource == EVERYTHING:
        return EVERYTHING if prefix in known["star"] else ""
    if prefix in known["quoted"]:
        return f'"{ask.resource}"'
    missing = _NO_SECRET.fullmatch(ask.resource)
    own = _OF_IAM.fullmatch(ask.resource) if prefix == "iam" and ask.action not in known["by_arn"] else None
    if missing is not None:
        return missing[1]
    if own is None:
        return ask.resource
    kind, called = own[1].replace("-", " "), own[2]
    return f"{kind} {ask.resource if kind == 'policy' and ask.action != 'iam:CreatePolicy' else called}"
