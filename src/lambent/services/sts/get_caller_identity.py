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
        return {"UserId": f"{role_id(held.role)}:{held.session or 'session'}", "Account": account, "Arn": arn}
    if held is not None and held.user:
        name = held.user.rpartition("/")[2]
        own = f"{account}:{name}" if ":federated-user/" in held.user else role_id(held.user, "AIDA")
        return {"UserId": own, "Account": account, "Arn": held.user}
    return {"UserId": account, "Account": account, "Arn": f"arn:aws:iam::{account}:root"}


def role_id(arn: str, prefix: str = "AROA") -> str:
    """A stable id of the form that AWS gives."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    number = int.from_bytes(arn.encode(), "big") % (1 << 85)
    return prefix + "".join(letters[(number >> (5 * place)) & 31] for place in range(17))
