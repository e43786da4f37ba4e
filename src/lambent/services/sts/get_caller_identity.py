"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

from typing import Any

from lambent.engine.authorisation import principals
from lambent.model.scope import Caller
from lambent.services.sts.env import StsEnv


async def get_caller_identity(env: StsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Who asks: of an environment the session of its role, which has the function's name."""
    held = caller.held
    account = caller.scope.account
    if held is not None and held.role:
        arn = principals.session(held.role, held.session or "session").arn
        session = f"{await unique_id(env, held.role, caller.scope.region)}:{held.session or 'session'}"
        return {"UserId": session, "Account": account, "Arn": arn}
    if held is not None and held.user:
        name = held.user.rpartition("/")[2]
        federated = ":federated-user/" in held.user
        own = f"{account}:{name}" if federated else await unique_id(env, held.user, caller.scope.region, "AIDA")
        return {"UserId": own, "Account": account, "Arn": held.user}
    return {"UserId": account, "Account": account, "Arn": f"arn:aws:iam::{account}:root"}


async def unique_id(env: StsEnv, arn: str, region: str, prefix: str = "AROA") -> str:
    """The id that IAM gave a role or user; of one that it does not know, a stable one of the form that AWS gives."""
    return await env.known_id(arn, region) or _stable(arn, prefix)


def _stable(arn: str, prefix: str) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    number = int.from_bytes(arn.encode(), "big") % (1 << 85)
    return prefix + "".join(letters[(number >> (5 * place)) & 31] for place in range(17))
