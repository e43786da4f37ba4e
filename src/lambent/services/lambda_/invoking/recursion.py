"""What happens when a function calls itself in a loop: it is stopped (Terminate, the default) or not (Allow)."""

from lambent.model.scope import Caller, Scope
from lambent.services.lambda_.concurrency.concurrency import unqualified
from lambent.services.lambda_.env import LambdaEnv
from lambent.store.record import FunctionRecord

KIND = "recursion"
DEFAULT = "Terminate"


def meant(env: LambdaEnv, caller: Caller, name: str) -> FunctionRecord:
    """The function of a request; a qualifier is refused by the model's pattern already. Raises 404."""
    return unqualified(env, caller.scope, name)


def stops(env: LambdaEnv, scope: Scope, name: str) -> bool:
    """Whether a loop of this function is stopped."""
    config = env.resources.get(KIND, scope, name, "")
    return config is None or config.document["RecursiveLoop"] != "Allow"
