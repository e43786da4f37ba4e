"""GetFunction."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.configuration import answer
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.lookup import find, refer


async def get_function(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Configuration, a link to the code, and the tags if there are any."""
    ref = refer(caller.scope, params["FunctionName"], params.get("Qualifier"))
    record = find(env.functions, ref)
    found = {
        "Configuration": answer(record, ref.qualifier),
        "Code": {"RepositoryType": "S3", "Location": env.code_url(record.code)},
    }
    tags = env.functions.tags(ref.scope, ref.name)
    return found | ({"Tags": tags} if tags else {})
