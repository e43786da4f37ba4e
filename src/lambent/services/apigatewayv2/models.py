"""Models of WebSocket APIs: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-models.html"""

import re

import orjson

from lambent.model.scope import Scope
from lambent.services.apigatewayv2 import faults
from lambent.services.apigatewayv2.env import ApiGatewayV2Env, Document
from lambent.services.apigatewayv2.kinds import MODEL

NAME = re.compile(r"[a-zA-Z0-9]{1,128}")
JSON = "application/json"


def model(env: ApiGatewayV2Env, scope: Scope, api_id: str, document: Document) -> Document:
    """The whole document of a model. Raises 400, 409."""
    name = document["Name"]
    if not NAME.fullmatch(name):
        raise faults.bad_request(f"Model name must be alphanumeric: {name}")
    for other in env.resources.children(MODEL.stored, scope, api_id):
        if other.document["Name"] == name and other.name != document["ModelId"]:
            raise faults.conflict("Model name already exists for this API")
    made = {"ContentType": JSON} | document
    if made["ContentType"] == JSON and not _is_schema(made["Schema"]):
        raise faults.bad_request("Invalid model schema specified")
    return made


def _is_schema(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
