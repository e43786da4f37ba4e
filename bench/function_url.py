"""A function through its URL, beside the same function invoked directly, in turns."""

import json

from bench.client import Endpoint
from bench.doors import beside_invoke
from bench.figures import Figure, Goal
from bench.lab import Functions, Lab


async def measure(lab: Lab) -> list[Figure]:
    """What the door adds to the median, and its share of the rate at 8 connections."""
    goal = Goal(0.85, at_least=True, of_ratio=True)
    return await beside_invoke(lab, "its URL", "function URL", opened, added=Goal(0.15), rate=goal)


async def opened(functions: Functions, name: str, **settings: str) -> bytes:
    """The function's URL, open to everybody. A request to it."""
    endpoint: Endpoint = functions.endpoint
    path = f"/2021-10-31/functions/{name}/url"
    asked = json.dumps({"AuthType": "NONE", **settings}).encode()
    made = await functions.caller.call(endpoint.request("POST", path, asked))
    host = str(made.json()["FunctionUrl"]).split("/")[2]
    for grant in (
        {"StatementId": "u", "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
        {"StatementId": "i", "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
    ):
        body = json.dumps(grant).encode()
        await functions.caller.call(endpoint.request("POST", f"/2015-03-31/functions/{name}/policy", body))
    return f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8\r\n\r\n".encode() + b'{"a": 1}'
