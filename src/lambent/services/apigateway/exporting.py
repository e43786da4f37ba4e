"""GetExport: what a stage serves, as an OpenAPI document.

https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html
"""

from datetime import UTC, datetime
from typing import Any

import orjson
import yaml

from lambent.model.scope import Caller
from lambent.services.apigateway import documenting, faults
from lambent.services.apigateway.deployments import SNAPSHOT
from lambent.services.apigateway.env import ApiGatewayEnv, Document, Params
from lambent.services.apigateway.kinds import DEPLOYMENT, DOCUMENTATION_VERSION, STAGE
from lambent.services.apigateway.openapi_export import Export
from lambent.services.apigateway.tabled import Operation
from lambent.store.resources import Resource

KINDS = {"oas30": True, "swagger": False}
EXTENSIONS = frozenset({"integrations", "authorizers", "apigateway", "documentation"})
TYPES = {"application/json": "json", "application/yaml": "yaml"}


async def get_export(env: ApiGatewayEnv, caller: Caller, params: Params) -> dict[str, Any]:
    """The snapshot that the stage serves. Raises 400 for what is no type, 501 for Postman's extensions."""
    stage = env.asked(STAGE, caller.scope, params)
    three = KINDS.get(params["exportType"])
    if three is None:
        raise faults.bad_request(f"Invalid export type specified: {params['exportType']}")
    kind = params.get("accepts") or "application/json"
    if kind not in TYPES:
        raise faults.bad_request(f"Unsupported media type: {kind}")
    deployment = env.find(DEPLOYMENT, caller.scope, params["restApiId"], stage.document["deploymentId"])
    at = f"{datetime.fromtimestamp(deployment.document['createdDate'], UTC):%Y-%m-%dT%H:%M:%SZ}"
    host = f"{params['restApiId']}.execute-api.{caller.scope.region}.amazonaws.com"
    version = deployment.document[SNAPSHOT]["api"].get("version") or at
    extensions = _extensions(params)
    document = Export(deployment.document[SNAPSHOT], host, stage.name, version, extensions, three).document()
    if "documentation" in extensions:
        document |= _documentation(env, stage)
    name = f"{params['exportType']}_{version}.{TYPES[kind]}"
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{name}"',
        "body": _text(document, kind),
    }


def _extensions(params: Params) -> frozenset[str]:
    said = (params.get("parameters") or {}).get("extensions", "")
    asked = frozenset(part.strip() for part in said.split(",") if part.strip())
    if "postman" in asked:
        raise faults.unbuilt("exporting with the extensions of Postman")
    return asked & EXTENSIONS


def _documentation(env: ApiGatewayEnv, stage: Resource) -> Document:
    """The version of the documentation that the stage has."""
    version = str(stage.document.get("documentationVersion") or "")
    found = env.resources.get(DOCUMENTATION_VERSION.stored, stage.scope, stage.parent, version) if version else None
    if found is None:
        return {}
    parts = [
        {"location": one["location"], "properties": orjson.loads(one["properties"])}
        for one in found.document.get("parts") or ()
    ]
    return {documenting.EXTENSION: {"version": version, "documentationParts": parts}}


def _text(document: Document, kind: str) -> bytes:
    if kind == "application/yaml":
        text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        return text.encode()
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


OPERATIONS: dict[str, Operation] = {"GetExport": get_export}
