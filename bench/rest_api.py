"""A function through a REST API's and an HTTP API's proxy integration, beside the same function invoked directly, in
turns."""

import json
from collections.abc import Mapping
from typing import cast

from bench.client import Endpoint
from bench.doors import beside_invoke
from bench.figures import Figure, Goal
from bench.lab import Functions, Lab

ARN = "arn:aws:lambda:us-east-1:000000000000:function:{}"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


async def measure(lab: Lab) -> list[Figure]:
    """What the door of REST APIs adds to the median, and the rate at 8 connections."""
    return await beside_invoke(lab, "a REST API", "REST API", _api, added=Goal(0.5))


async def measure_http(lab: Lab) -> list[Figure]:
    """The same of HTTP APIs."""
    return await beside_invoke(lab, "an HTTP API", "HTTP API", _http_api, added=Goal(0.3))


async def _api(functions: Functions, name: str) -> bytes:
    """An API with `POST /` for the function, deployed. A request to it."""
    api = await ask(functions, "POST", "/restapis", {"name": "bench"})
    at = f"/restapis/{api['id']}"
    method = f"{at}/resources/{api['rootResourceId']}/methods/POST"
    await ask(functions, "PUT", method, {"authorizationType": "NONE"})
    uri = URI.format(ARN.format(name))
    await ask(functions, "PUT", f"{method}/integration", {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri})
    await ask(functions, "POST", f"{at}/deployments", {"stageName": "dev"})
    grant = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    await ask(functions, "POST", f"/2015-03-31/functions/{name}/policy", grant, "lambda")
    host = f"{api['id']}.execute-api.us-east-1.amazonaws.com"
    return f"POST /dev HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8\r\n\r\n".encode() + b'{"a": 1}'


async def _http_api(functions: Functions, name: str) -> bytes:
    """An API whose every request is for the function. A request to it."""
    given = {"name": "bench", "protocolType": "HTTP", "target": ARN.format(name)}
    api = await ask(functions, "POST", "/v2/apis", given)
    grant = {"StatementId": "h", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    await ask(functions, "POST", f"/2015-03-31/functions/{name}/policy", grant, "lambda")
    host = f"{api['apiId']}.execute-api.us-east-1.amazonaws.com"
    return f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8\r\n\r\n".encode() + b'{"a": 1}'


async def ask(
    functions: Functions, method: str, path: str, body: Mapping[str, object], service: str = "apigateway"
) -> dict[str, str]:
    """What API Gateway, or another service, answers."""
    endpoint: Endpoint = functions.endpoint
    request = endpoint.request(method, path, json.dumps(body).encode(), service=service)
    return cast(dict[str, str], (await functions.caller.call(request)).json())
