"""BatchGetSecretValue: secrets lie with the neighbour, what of them is denied is told one by one.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html ("errors such as
AccessDeniedException while attempting to retrieve any of the secrets" are in `Errors`)
"""

import re
from collections.abc import Mapping
from typing import Any

from lambent.model.parts import DENIED
from lambent.model.scope import Caller
from lambent.services.secretsmanager.env import SecretsEnv

_ENDING = re.compile(r"-[A-Za-z0-9?]{6}$")
"""What an ARN has behind the secret's name."""


async def batch_get_secret_value(env: SecretsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The secrets that may be read; the others among the errors, and nothing of them is asked for."""
    denied: Mapping[str, str] = params.get(DENIED, {})
    asked = {name: value for name, value in params.items() if name != DENIED}
    named = asked.get("SecretIdList") or []
    refused = {one: why for one in named if (why := _why(one, denied))}
    left = [one for one in named if one not in refused]
    if named and not left:
        return {"SecretValues": [], "Errors": _errors(refused)}
    said = await env.ask(caller, "BatchGetSecretValue", asked | ({"SecretIdList": left} if named else {}))
    values = said.get("SecretValues") or []
    found = {one["ARN"]: why for one in values if (why := _why(one["ARN"], denied))}
    shown = [one for one in values if one["ARN"] not in found]
    return {**said, "SecretValues": shown, "Errors": [*(said.get("Errors") or ()), *_errors(refused | found)]}


def _why(secret: str, denied: Mapping[str, str]) -> str:
    """Why a secret (its name or ARN, whole or without its ending) is denied, "" for one that is not."""
    for arn, why in denied.items():
        plain = _ENDING.sub("", arn)
        if secret in (arn, plain, plain.partition(":secret:")[2]):
            return why
    return ""


def _errors(refused: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"SecretId": one, "ErrorCode": "AccessDeniedException", "Message": why} for one, why in refused.items()]
