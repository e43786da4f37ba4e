"""GetFunction."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.concurrency import concurrency
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import images
from lambent.services.lambda_.functions.configuration import answer
from lambent.services.lambda_.lookup import find_any, refer
from lambent.store.record import FunctionRecord


async def get_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Configuration, a link to the code, the tags if there are any, and what is reserved if something is."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    env.haste.looked(ref.scope, ref.name)
    record = find_any(env, ref)
    found: dict[str, Any] = {"Configuration": answer(record, ref.qualifier), "Code": _location(env, record)}
    tags = env.functions.tags(ref.scope, ref.name)
    reserved = concurrency.reserved(env, ref.scope, ref.name)
    found |= {"Tags": tags} if tags else {}
    return found | ({"Concurrency": {"ReservedConcurrentExecutions": reserved}} if reserved is not None else {})


def _location(env: LambdaEnv, record: FunctionRecord) -> dict[str, Any]:
    if record.image:
        return images.location(record)
    return {"RepositoryType": "S3", "Location": env.code_url(record.code)}
