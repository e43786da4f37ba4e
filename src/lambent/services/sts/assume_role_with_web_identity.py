"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""

import base64
import binascii
import json
from typing import Any

from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.services.sts import faults, sessions
from lambent.services.sts.assume_role import check_duration, session
from lambent.services.sts.env import StsEnv, Wanted

DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
UNVERIFIED = (
    'Nobody checked the token\'s signature here. With the setting web_tokens = "unverified" '
    "such tokens count, for tests that make their own."
)


async def assume_role_with_web_identity(env: StsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keys for whom a provider's token names, if the setting lets tokens count that nobody verified. Raises Fault."""
    account = params["RoleArn"].split(":")[4] if params["RoleArn"].count(":") > 4 else ""
    if caller.held is not None and account != caller.held.account:
        raise faults.denied(DENIED)  # of a function no token opens another account
    if not env.unverified:
        raise faults.bad_token(UNVERIFIED)
    claims = _claims(params["WebIdentityToken"])
    if float(claims.get("exp", 0)) <= env.clock():
        raise faults.old_token()
    issuer = str(claims["iss"]).partition("://")[2] or str(claims["iss"])
    audience = claims.get("aud", "")
    audience = audience[0] if isinstance(audience, list) and audience else audience
    keys = {f"{issuer}:sub".lower(): str(claims["sub"]), f"{issuer}:aud".lower(): str(audience)}
    keys["sts:rolesessionname"] = params["RoleSessionName"]
    provider = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    granted = await env.ask(caller, Wanted("sts:AssumeRoleWithWebIdentity", params["RoleArn"], keys, provider))
    if granted.denied:
        raise faults.denied(DENIED)
    check_duration(params, granted.max_session)
    held = Held("", "", params["RoleArn"], params["RoleSessionName"], policies=sessions.policies_of(params))
    given = await session(env, caller, held, params.get("DurationSeconds", sessions.HOUR))
    return given | {
        "SubjectFromWebIdentityToken": str(claims["sub"]),
        "Audience": str(audience),
        "Provider": provider,
    }


def _claims(token: str) -> dict[str, Any]:
    """What a JSON web token says. Raises Fault for what is none."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        float(claims.get("exp", 0))
    except (IndexError, ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise faults.bad_token("The web identity token provided is not a valid JWT.") from None
    if not {"iss", "sub"} <= claims.keys():
        raise faults.bad_token("Missing a required claim: iss, sub")
    return dict(claims)
