"""ExportApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-exports-specification.html

An HTTP API as it is, or what a stage serves of it.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
import yaml

from lambent.model.api_kinds import SNAPSHOT
from lambent.model.scope import Caller, Scope
from lambent.services.apigatewayv2 import deploying, faults
from lambent.services.apigatewayv2.apis import HTTP
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Changes, Document, Params
from lambent.services.apigatewayv2.kinds import API, DEPLOYMENT, STAGE
from lambent.services.apigatewayv2.openapi_export import DEFAULT, Export
from lambent.services.apigatewayv2.tabled import Operation


async def export_api(env: ApiGatewayV2Env, caller: Caller, params: Params) -> dict[str, Any]:
    """The document. Raises 400 for what is not exported, 404."""
    api = env.asked(API, caller.scope, params)
    if api.document["ProtocolType"] != HTTP:
        raise faults.bad_request("Only HTTP APIs are exported")
    if params["Specification"] != "OAS30":
        raise faults.bad_request("Specification must be OAS30")
    if params["OutputType"] not in ("JSON", "YAML"):
        raise faults.bad_request("OutputType must be one of JSON, YAML")
    if (params.get("ExportVersion") or "1.0") != "1.0":
        raise faults.bad_request("ExportVersion must be 1.0")
    stage = params.get("StageName") or ""
    snapshot = _served(env, caller.scope, params) if stage else _latest(env, caller.scope, api.name)
    now = f"{datetime.fromtimestamp(env.wall(), UTC):%Y-%m-%d %H:%M:%SUTC}"
    url = f"https://{api.name}.execute-api.{caller.scope.region}.amazonaws.com"
    base = "" if stage == DEFAULT else stage
    export = Export(snapshot, url, base, now, params.get("IncludeExtensions", True))
    return {"body": _text(export.document(), params["OutputType"])}


def _latest(env: ApiGatewayV2Env, scope: Scope, api_id: str) -> Document:
    return deploying.snapshot(env, scope, api_id, Changes())


def _served(env: ApiGatewayV2Env, scope: Scope, params: Params) -> Document:
    """What a stage serves. Raises 400 where that is nothing yet."""
    stage = env.asked(STAGE, scope, params).document
    if not stage.get("DeploymentId"):
        raise faults.bad_request(f"The stage {stage['StageName']} has no deployment")
    found: Document = env.find(DEPLOYMENT, scope, params["ApiId"], stage["DeploymentId"]).document[SNAPSHOT]
    return found


def _text(document: Document, kind: str) -> bytes:
    if kind == "YAML":
        text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        return text.encode()
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


OPERATIONS: dict[str, Operation] = {"ExportApi": export_api}
