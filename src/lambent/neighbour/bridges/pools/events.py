"""What a trigger of a user pool is told, and what its answer may say. Pure.

Source: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
(user pool Lambda trigger common parameters), and the page of each trigger.
"""

import json
from collections.abc import Mapping
from typing import Any

SDK = "aws-sdk-unknown-unknown"
"""What AWS says of most SDKs."""
NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""The client of what an administrator does."""
UNRECOGNISED = "Unrecognizable lambda output"
TOKENS = "TokenGeneration"
RESPONSES: Mapping[str, Mapping[str, Any]] = {
    "PreSignUp": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    "CustomMessage": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    "DefineAuthChallenge": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    "CreateAuthChallenge": {
        "publicChallengeParameters": None,
        "privateChallengeParameters": None,
        "challengeMetadata": None,
    },
    "VerifyAuthChallengeResponse": {"answerCorrect": None},
    "UserMigration": {
        "userAttributes": None,
        "forceAliasCreation": None,
        "enableSMSMFA": None,
        "finalUserStatus": None,
        "messageAction": None,
        "desiredDeliveryMediums": None,
    },
}
"""What a response is before the function has had its say, by trigger; {} where nothing is."""
KINDS: Mapping[str, type] = {
    "autoConfirmUser": bool,
    "autoVerifyEmail": bool,
    "autoVerifyPhone": bool,
    "smsMessage": str,
    "emailMessage": str,
    "emailSubject": str,
    "challengeName": str,
    "issueTokens": bool,
    "failAuthentication": bool,
    "publicChallengeParameters": dict,
    "privateChallengeParameters": dict,
    "challengeMetadata": str,
    "answerCorrect": bool,
    "userAttributes": dict,
    "finalUserStatus": str,
    "claimsOverrideDetails": dict,
    "claimsAndScopeOverrideDetails": dict,
}
"""What the members of a response have to be."""


class Unrecognised(Exception):
    """The answer is none that Cognito knows."""


def event(
    place: tuple[str, str],
    source: str,
    user: str,
    client: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    version: str = "1",
) -> dict[str, Any]:
    """The whole event; `place` is the pool's region and id."""
    region, pool = place
    return {
        "version": version,
        "region": region,
        "userPoolId": pool,
        "userName": user,
        "callerContext": {"awsSdkVersion": SDK, "clientId": client},
        "triggerSource": source,
        "request": dict(request),
        "response": dict(response),
    }


def answer(payload: bytes | str) -> dict[str, Any]:
    """The response of a function's answer. Raises Unrecognised."""
    try:
        said = json.loads(payload, parse_constant=_no_json)
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # half a letter is one of them
        raise Unrecognised(UNRECOGNISED) from error
    response = said.get("response") if isinstance(said, dict) else None
    if not isinstance(response, dict):
        raise Unrecognised(UNRECOGNISED)
    for name, kind in KINDS.items():
        if response.get(name) is not None and not isinstance(response[name], kind):
            raise Unrecognised(UNRECOGNISED)
    return response


def _no_json(constant: str) -> None:
    """NaN and its like, which Python reads and nobody else. Raises ValueError."""
    raise ValueError(constant)


def attributes(user: Any) -> dict[str, str]:
    """Those of moto's user, with its status."""
    found = {str(name): str(value) for name, value in user.attribute_lookup.items()}
    return {**found, "cognito:user_status": str(getattr(user.status, "value", user.status))}


def lambda_arn(config: Mapping[str, Any], trigger: str) -> str:
    """The function of a trigger, "" for none."""
    if trigger == "PreTokenGeneration":
        detailed = config.get("PreTokenGenerationConfig") or {}
        return str(detailed.get("LambdaArn") or config.get(trigger) or "")
    return str(config.get(trigger) or "")
