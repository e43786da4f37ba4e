"""API keys of a file.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html: CSV with a line of names, of
which `Name` and `key` must be there, `description`, `enabled` and `usageplanIds` may.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from lambent.model.scope import Caller
from lambent.services.apigateway import faults
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.tabled import Operation
from lambent.services.apigateway.usage import create_api_key, create_usage_plan_key
from lambent.wire.fault import Fault

KNOWN = ("name", "key", "description", "enabled", "usageplanids")
MOST_KEYS = 10_000


async def import_api_keys(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """One key after another; what can't be is a warning, or refuses all of it with `failOnWarnings`."""
    if params.get("format") != "csv":
        raise faults.bad_request(f"Unsupported API key format: {params.get('format')}. It must be csv")
    lines, ids, warnings = list(_lines(params["body"])), [], []
    for line in lines:
        try:
            ids.append(await _imported(env, caller, line))
        except Fault as fault:
            if params.get("failOnWarnings"):
                raise
            warnings.append(f"{line.get('name')}: {fault.message}")
    return {"ids": ids, "warnings": warnings}


def _lines(body: bytes) -> Iterator[Document]:
    """The file's lines by the names of its first one. Raises 400."""
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig", "replace"))))
    names = [name.strip().lower() for name in rows[0]] if rows else []
    if not {"name", "key"} <= set(names) or not set(names) <= set(KNOWN):
        raise faults.bad_request("The file must have a header row with the columns Name and key")
    if len(rows) > MOST_KEYS:
        raise faults.bad_request(f"The file has more than {MOST_KEYS} keys")
    for row in rows[1:]:
        if any(row):
            yield dict(zip(names, (one.strip() for one in row), strict=False))


async def _imported(env: ApiGatewayEnv, caller: Caller, line: Document) -> str:
    enabled = line.get("enabled", "true").lower() != "false"
    given = {"name": line["name"], "value": line.get("key"), "enabled": enabled}
    made = await create_api_key(env, caller, given | {"description": line.get("description")})
    for plan in (line.get("usageplanids") or "").split(","):
        if plan.strip():
            params = {"usagePlanId": plan.strip(), "keyId": made["id"], "keyType": "API_KEY"}
            await create_usage_plan_key(env, caller, params)
    return str(made["id"])


OPERATIONS: dict[str, Operation] = {"ImportApiKeys": import_api_keys}
