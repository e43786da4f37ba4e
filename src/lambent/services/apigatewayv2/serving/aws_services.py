"""Integrations of HTTP APIs with AWS's services, asked as any client asks, for the API's account.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html.
They are asked in the name of the integration's role or of the API's caller, for what those may do.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

import orjson

from lambent.http_events import http_mapping
from lambent.http_events.json_path import LARGE
from lambent.http_events.payload_v2 import Reply
from lambent.model.door import NotPermitted
from lambent.services.apigatewayv2.serving.exchange import Exchange
from lambent.services.apigatewayv2.serving.functions import broken
from lambent.services.apigatewayv2.serving.ports import Ports
from lambent.services.waiting import aside
from lambent.wire.http import Request, unsigned

FORM, JSON_1_0, JSON_1_1 = (
    "application/x-www-form-urlencoded",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
)
SERVICES = {
    "SQS-SendMessage": ("sqs", FORM, "SendMessage"),
    "SQS-ReceiveMessage": ("sqs", FORM, "ReceiveMessage"),
    "SQS-DeleteMessage": ("sqs", FORM, "DeleteMessage"),
    "SQS-PurgeQueue": ("sqs", FORM, "PurgeQueue"),
    "EventBridge-PutEvents": ("events", JSON_1_1, "AWSEvents.PutEvents"),
    "Kinesis-PutRecord": ("kinesis", JSON_1_1, "Kinesis_20131202.PutRecord"),
    "StepFunctions-StartExecution": ("states", JSON_1_0, "AWSStepFunctions.StartExecution"),
    "StepFunctions-StartSyncExecution": ("states", JSON_1_0, "AWSStepFunctions.StartSyncExecution"),
    "StepFunctions-StopExecution": ("states", JSON_1_0, "AWSStepFunctions.StopExecution"),
}
"""Signing name, content type, action or target."""
PASSED = frozenset({"content-type", "x-amzn-requestid", "x-amzn-errortype"})


async def ask(ports: Ports, exchange: Exchange, integration: Mapping[str, object]) -> Reply:
    """The service's answer."""
    subtype, said = str(integration["IntegrationSubtype"]), integration.get("RequestParameters")
    parameters = said if isinstance(said, Mapping) else {}
    values = await aside(len(exchange.call.body) > LARGE, http_mapping.values, exchange.call, parameters)
    service, kind, action = SERVICES[subtype]
    region = values.pop("Region", "") or exchange.served.scope.region
    try:
        body = _body(subtype, action, values)
    except (ValueError, TypeError) as error:
        raise broken(f"a parameter of {subtype} is not of the form that it needs: {error}") from error
    try:
        acting = await ports.acting(exchange.door(exchange.route_arn, str(integration.get("CredentialsArn") or "")))
    except NotPermitted as error:
        raise broken(str(error)) from error
    headers = {
        "host": "127.0.0.1",
        "content-type": kind,
        "authorization": unsigned(acting.account, region, service),
        "x-amzn-trace-id": exchange.call.trace_id,
    }
    if kind != FORM:
        headers["x-amz-target"] = action
    response = await ports.ask(Request("POST", "/", "", headers, body, acting=acting))
    content = response.body
    whole = content if isinstance(content, bytes) else b"".join([part async for part in content])
    return Reply(response.status, [one for one in response.headers if one[0].lower() in PASSED], whole)


def _body(subtype: str, action: str, values: dict[str, str]) -> bytes:
    if subtype.startswith("SQS-"):
        return urlencode({"Action": action, "Version": "2012-11-05", **_attributes(values)}).encode()
    if subtype == "EventBridge-PutEvents":
        return orjson.dumps({"Entries": [_entry(values)]})
    if subtype.startswith("StepFunctions-"):
        return orjson.dumps({name[:1].lower() + name[1:]: value for name, value in values.items()})
    return orjson.dumps(values)


def _entry(values: dict[str, str]) -> dict[str, object]:
    entry: dict[str, object] = dict(values)
    if "Resources" in values:
        entry["Resources"] = orjson.loads(values["Resources"])
    if values.get("Time", "").replace(".", "", 1).isdigit():
        entry["Time"] = float(values["Time"])
    return entry


def _attributes(values: dict[str, str]) -> dict[str, str]:
    """Attributes of messages and their names, which are JSON in a parameter, as fields of a form."""
    fields = {name: value for name, value in values.items() if not name.endswith(("Attributes", "AttributeNames"))}
    for member in ("AttributeNames", "MessageAttributeNames"):
        names = orjson.loads(values[member]) if values.get(member, "").startswith("[") else [values.get(member)]
        fields |= {f"{member[:-1]}.{number}": str(name) for number, name in enumerate(names, 1) if name}
    for member, prefix in (("MessageAttributes", "MessageAttribute"), ("MessageSystemAttributes", None)):
        given = orjson.loads(values[member]) if values.get(member) else {}
        for number, (name, value) in enumerate(given.items(), 1):
            place = f"{prefix or 'MessageSystemAttribute'}.{number}"
            fields[f"{place}.Name"] = name
            fields |= {f"{place}.Value.{key}": str(one) for key, one in value.items()}
    return fields
