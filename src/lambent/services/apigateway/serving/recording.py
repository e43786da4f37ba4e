"""The segment of a stage that traces (`tracingEnabled`): AWS::ApiGateway::Stage, and in it the call of the integration.

Sources: https://docs.aws.amazon.com/xray/latest/devguide/xray-services-apigateway.html;
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-using-xray-maps.html. Members are those of
traces that AWS answered, as public ones show them.
"""

from typing import Any

import orjson

from lambent.engine.traces.documents import MOST_NAME, flags_by
from lambent.http_events.rest_proxy import Reply
from lambent.model import trace
from lambent.model.trace import Segment, Traced
from lambent.services.apigateway.serving.exchange import Exchange
from lambent.services.apigateway.serving.integrating import function_in
from lambent.services.apigateway.serving.ports import Ports

NAMES = {"AWS": "Lambda", "AWS_PROXY": "Lambda"}
"""Type of an integration that calls a function -> what the call is named."""


def begin(ports: Ports, exchange: Exchange) -> None:
    """Decide whether a request is recorded, and hand its header on accordingly; once its stage is known."""
    request = exchange.request
    if not exchange.stage.get("tracingEnabled") or exchange.site is None:
        return
    given = exchange.site.named.get("x-amzn-trace-id")
    header = ports.trace_header(_arn(exchange), given, request.request_id)
    said = trace.read(header)
    if said.sampled and said.root:
        own, call = ports.segment_id(), ports.segment_id()
        exchange.traced = Traced(said.root, said.parent, own, "", call, request.now)
        header = trace.beneath(header, call)
    request.trace_id = header


def end(ports: Ports, exchange: Exchange, reply: Reply, now: float) -> None:
    """Its segment, if it is recorded."""
    if exchange.traced is not None:
        ports.record(Segment(exchange.scope, orjson.dumps(_segment(exchange, exchange.traced, reply, now))))


def _arn(exchange: Exchange) -> str:
    request = exchange.request
    return f"arn:aws:apigateway:{request.region}::/restapis/{request.api_id}/stages/{request.stage}"


def _segment(exchange: Exchange, traced: Traced, reply: Reply, now: float) -> dict[str, Any]:
    request = exchange.request
    asked = {
        "url": f"{request.scheme}://{request.host}{exchange.site.path if exchange.site else request.path}",
        "method": request.method,
        "client_ip": request.peer,
        "user_agent": request.header("user-agent") or "",
    }
    about = {"account_id": request.account, "request_id": request.request_id, "rest_api_id": request.api_id}
    call = _call(exchange, traced, reply)
    return {
        "id": traced.service,
        "trace_id": traced.root,
        **({"parent_id": traced.parent} if traced.parent else {}),
        "name": f"{exchange.deployed.api['name']}/{request.stage}"[:MOST_NAME],
        "start_time": traced.received,
        "end_time": now,
        "http": {"request": asked, "response": {"status": reply.status, "content_length": len(reply.body)}},
        "aws": {"api_gateway": about | {"stage": request.stage}},
        "annotations": {"aws:api_id": request.api_id, "aws:api_stage": request.stage},
        "metadata": {"default": {"extended_request_id": request.extended_id, "request_id": request.request_id}},
        "origin": "AWS::ApiGateway::Stage",
        "resource_arn": _arn(exchange),
        **flags_by(reply.status),
        **({"subsegments": [call]} if call else {}),
    }


def _call(exchange: Exchange, traced: Traced, reply: Reply) -> dict[str, Any] | None:
    """Of the integration, if it was asked at all."""
    if exchange.integrated is None or exchange.integration.get("type") == "MOCK":
        return None
    said = exchange.integration
    function = function_in(str(said.get("uri") or "")) if said.get("type") in NAMES else None
    name = function.partition(":function:")[2].partition(":")[0] if function else ""
    target = {"function_name": name, "operation": "Invoke", "resource_names": [name]} if name else {}
    return {
        "id": traced.invocation,
        "name": NAMES[said["type"]] if function else str(said.get("uri") or said.get("type"))[:MOST_NAME],
        "start_time": exchange.integrating,
        "end_time": exchange.integrating + exchange.integrated,
        "namespace": "aws" if str(said.get("type")).startswith("AWS") else "remote",
        "aws": target | {"region": exchange.request.region},
        "http": {"response": {"status": reply.status, "content_length": len(reply.body)}},
        **flags_by(reply.status),
    }
