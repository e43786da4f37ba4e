"""Temporary credentials: their shape, how long they last, and what bounds them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lambent.engine.authorisation import checking
from lambent.model.credentials import Held
from lambent.services.sts import faults
from lambent.services.sts.env import StsEnv

HOUR = 3_600
HALF_A_DAY = 12 * HOUR
MOST_ARNS = 10


async def give(env: StsEnv, held: Held, seconds: int) -> dict[str, Any]:
    """A new key for somebody, as the member Credentials; `held` without its secret and token."""
    key = "ASIA" + base64.b32encode(env.token(10)).decode("ascii")
    secret = base64.b64encode(env.token(30)).decode("ascii")
    token = base64.b64encode(env.token(96)).decode("ascii")
    now = env.clock()
    ends = now + seconds
    await env.learn(key, replace(held, secret_key=secret, token=token, expires=ends, issued=now))
    return {
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": datetime.fromtimestamp(int(ends), UTC),
    }


def policies_of(params: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The documents, and the ARNs of managed policies, that bound a session; None for none.

    Raises Fault as AWS does for what it would not take.
    """
    arns = tuple(one["arn"] for one in params.get("PolicyArns", ()))
    if len(arns) > MOST_ARNS:
        raise faults.invalid(f"The number of policy ARNs exceeds the quota of {MOST_ARNS}.")
    text = params.get("Policy")
    if not text:
        return arns or None
    if len(text) > checking.SESSION_BYTES:
        raise faults.too_large(len(text), checking.SESSION_BYTES)
    wrong = checking.wrong(text)
    if wrong:
        raise faults.malformed(wrong)
    return (text, *arns)


def tags_of(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a session. Raises Fault for two of one key."""
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
    if len(tags) != len(params.get("Tags", ())):
        raise faults.invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    return tags
