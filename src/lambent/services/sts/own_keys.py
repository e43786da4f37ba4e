"""Temporary keys of those who ask: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html,
API_GetFederationToken.html and API_GetAccessKeyInfo.html."""

from typing import Any

from lambent.model.credentials import Held
from lambent.model.scope import Caller
from lambent.services.sts import faults, sessions
from lambent.services.sts.env import StsEnv


async def get_session_token(env: StsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keys of a user's or the account's own, for a while. Raises Fault for whom has such keys already."""
    _refuse_sessions(caller, "GetSessionToken")
    if params.get("TokenCode") or params.get("SerialNumber"):
        raise faults.not_built("multi-factor authentication")
    held = Held("", caller.scope.account, user=caller.held.user if caller.held else "")
    return {"Credentials": await sessions.give(env, held, params.get("DurationSeconds", sessions.HALF_A_DAY))}


async def get_federation_token(env: StsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Keys for somebody who may do what the asking user and the session's policy allow. Raises Fault."""
    _refuse_sessions(caller, "GetFederationToken")
    account, name = caller.scope.account, params["Name"]
    user = f"arn:aws:sts::{account}:federated-user/{name}"
    issuer = caller.held.user if caller.held else ""
    policies = sessions.policies_of(params) or ()
    held = Held("", account, user=user, policies=policies, tags=tuple(sessions.tags_of(params).items()), issuer=issuer)
    return {
        "Credentials": await sessions.give(env, held, params.get("DurationSeconds", sessions.HALF_A_DAY)),
        "FederatedUser": {"FederatedUserId": f"{account}:{name}", "Arn": user},
        "PackedPolicySize": sum(map(len, policies)) * 100 // 2_048,
    }


async def get_access_key_info(env: StsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The account of a key."""
    return {"Account": env.account_of(params["AccessKeyId"])}


def _refuse_sessions(caller: Caller, operation: str) -> None:
    if caller.held is not None and (caller.held.expires is not None or caller.held.role):
        raise faults.denied(f"Cannot call {operation} with session credentials")
