"""Web frameworks, unmodified, behind every door: FastAPI by Mangum, Express by serverless-express, Powertools' event
handler, and any HTTP server by the pattern of AWS's Lambda Web Adapter.

The adapter itself is in no registry of packages (it comes as images and layers,
https://github.com/awslabs/aws-lambda-web-adapter). Its protocol is written down here as documented: an extension that
registers for no events, waits for the port to answer (AWS_LWA_READINESS_CHECK_PATH), takes invocations from the Runtime
API and asks the server with them; and a wrapper (AWS_LAMBDA_EXEC_WRAPPER=/opt/bootstrap) that starts the server in the
runtime's place.
"""

import base64
import json
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.clients.installed import files_of, from_npm, installed, node_runtime
from tests.e2e.conftest import Deploy, Server
from tests.e2e.doors.four_doors import Ask, asker, behind_all
from tests.e2e.extensions.runtime_kit import executables
from tests.e2e.lambda_.test_http_doors import opened

FASTAPI = """
from fastapi import FastAPI, Request, Response
from mangum import Mangum

app = FastAPI()


@app.get("/pets/{id}")
def pet(id: int, request: Request, q: str = ""):
    return {"id": id, "q": q, "cookie": request.cookies.get("a"), "host": request.headers["host"]}


@app.post("/upload")
async def upload(request: Request):
    reply = Response(bytes(reversed(await request.body())), media_type="application/octet-stream", status_code=201)
    reply.set_cookie("seen", "1")
    return reply


handler = Mangum(app, lifespan="off")
"""
EXPRESS = """
const express = require("express");
const serverlessExpress = require("@codegenie/serverless-express");
const app = express();
app.use(express.raw({ type: "application/octet-stream" }));
app.get("/pets/:id", (request, response) => {
  response.json({ id: Number(request.params.id), q: request.query.q, host: request.get("host") });
});
app.post("/upload", (request, response) => {
  response.status(201).cookie("seen", "1").type("application/octet-stream").send(Buffer.from(request.body).reverse());
});
app.use((request, response) => response.status(404).end()); // Express's own needs a socket, which there is none of
exports.handler = serverlessExpress({ app, binarySettings: { contentTypes: ["application/octet-stream"] } });
"""
POWERTOOLS = """
from aws_lambda_powertools.event_handler import (
    ALBResolver, APIGatewayHttpResolver, APIGatewayRestResolver, LambdaFunctionUrlResolver, Response)
from aws_lambda_powertools.shared.cookies import Cookie
import base64

resolvers = [ALBResolver(), APIGatewayHttpResolver(), APIGatewayRestResolver(), LambdaFunctionUrlResolver()]


def kind(event):
    if "elb" in event["requestContext"]:
        return resolvers[0]
    if event.get("version") != "2.0":
        return resolvers[2]
    return resolvers[3 if ".lambda-url." in event["requestContext"]["domainName"] else 1]


def add(app):
    @app.get("/pets/<id>")
    def pet(id):
        found = app.current_event
        return {"id": int(id), "q": found.get_query_string_value("q"), "host": found.headers["host"]}

    @app.post("/upload")
    def upload():
        assert app.current_event.is_base64_encoded
        body = bytes(reversed(base64.b64decode(app.current_event.body)))
        return Response(201, "application/octet-stream", body, cookies=[Cookie("seen", "1", secure=False)])


for one in resolvers:
    add(one)


def handler(event, context):
    return kind(event).resolve(event, context)
"""
BYTES = bytes(range(256))
QUERY = "x y&z"


def check(doors: Mapping[str, Ask], name: str, query: str) -> None:
    """What every framework is asked at one door; it finds that in the query's q."""
    ask = doors[name]
    status, headers, body = ask("/pets/7?q=x%20y%26z", Cookie="a=1; b=2")
    assert (status, json.loads(body)["id"], json.loads(body)["q"]) == (200, 7, query), (name, body)
    assert headers["content-type"].startswith("application/json")
    status, headers, body = ask("/upload", "POST", BYTES, Content_Type="application/octet-stream")
    assert (status, body) == (201, BYTES[::-1]), (name, body[:200])
    assert headers["set-cookie"].startswith("seen=1")
    assert ask("/none")[0] == 404, (name, ask("/none"))


def everywhere(server: Server, deploy: Deploy, code: str, alb_query: str = QUERY, **options: Any) -> None:
    name = deploy(code, MemorySize=512, **options)
    arn = server.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    doors = behind_all(server, arn, opened(server, name))
    for door in doors:
        check(doors, door, alb_query if door == "alb" else QUERY)


def test_fastapi_by_mangum(server: Server, deploy: Deploy) -> None:
    packages = installed("mangum>=0.19,<1", "fastapi>=0.115,<1")
    everywhere(server, deploy, FASTAPI, files=files_of(packages))


def test_powertools_event_handler(server: Server, deploy: Deploy) -> None:
    """Load balancers hand on queries as they were sent, and its resolver takes them so."""
    files = files_of(installed("aws-lambda-powertools>=3,<4"))
    everywhere(server, deploy, POWERTOOLS, "x%20y%26z", files=files)


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="it needs Node.js and npm")
def test_express_by_serverless_express(server: Server, deploy: Deploy) -> None:
    packages = files_of(from_npm("@codegenie/serverless-express@^5", "express@^5"))
    files = {**packages, "index.js": EXPRESS}
    everywhere(server, deploy, "", Runtime=node_runtime(), Handler="index.handler", files=files)


ADAPTER = """#!/usr/bin/env python3
import base64, http.client, json, os, threading, time, urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]
PORT = int(os.environ.get("AWS_LWA_PORT") or os.environ.get("PORT") or 8080)


def ask(method, path, body=None, **headers):
    request = urllib.request.Request(API + path, data=body, method=method,
                                     headers={name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(request) as answer:
        return dict(answer.headers), answer.read()


about, _ = ask("POST", "/2020-01-01/extension/register", json.dumps({"events": []}).encode(),
               Lambda_Extension_Name=os.path.basename(__file__))
threading.Thread(target=ask, args=("GET", "/2020-01-01/extension/event/next"), daemon=True,
                 kwargs={"Lambda_Extension_Identifier": about["Lambda-Extension-Identifier"]}).start()
while True:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        connection.request("GET", os.environ.get("AWS_LWA_READINESS_CHECK_PATH", "/"))
        if connection.getresponse().status < 500:
            break
    except OSError:
        time.sleep(0.01)
while True:
    about, body = ask("GET", "/2018-06-01/runtime/invocation/next")
    event = json.loads(body)
    if "rawPath" in event:
        said = event["requestContext"]["http"]
        path = event["rawPath"] + ("?" + event["rawQueryString"] if event["rawQueryString"] else "")
        method, headers = said["method"], dict(event["headers"])
        if event.get("cookies"):
            headers["cookie"] = "; ".join(event["cookies"])
        body = event.get("body") or ""
        sent = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    else:
        method, path, headers, sent = "POST", os.environ.get("AWS_LWA_PASS_THROUGH_PATH", "/events"), {}, body
    headers["x-amzn-request-context"] = json.dumps(event.get("requestContext"))
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    connection.request(method, path, sent, headers)
    answer = connection.getresponse()
    content = answer.read()
    lines = answer.getheaders()
    reply = {"statusCode": answer.status, "isBase64Encoded": True, "body": base64.b64encode(content).decode(),
             "headers": {name: value for name, value in lines if name.lower() != "set-cookie"},
             "cookies": [value for name, value in lines if name.lower() == "set-cookie"]}
    ask("POST", "/2018-06-01/runtime/invocation/" + about["Lambda-Runtime-Aws-Request-Id"] + "/response",
        json.dumps(reply).encode())
"""
BOOTSTRAP = '#!/bin/sh\nexec sh "$LAMBDA_TASK_ROOT/$_HANDLER"\n'
SERVER = """
import http.server, json, os

class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        context = json.loads(self.headers.get("x-amzn-request-context") or "{}")
        self.answer(200, json.dumps({"path": self.path, "cookie": self.headers["cookie"],
                                     "method": (context or {}).get("http", {}).get("method")}).encode())

    def do_POST(self):
        self.answer(201, self.rfile.read(int(self.headers["content-length"]))[::-1])

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Pages).serve_forever()
"""


def test_the_pattern_of_the_web_adapter(server: Server, deploy: Deploy) -> None:
    layer = {"extensions/lambda-adapter": ADAPTER, "bootstrap": BOOTSTRAP}
    made = server.client("lambda").publish_layer_version(LayerName="web", Content={"ZipFile": executables(layer)})
    run = "#!/bin/sh\nexec python3 $LAMBDA_TASK_ROOT/server.py\n"
    name = deploy(
        "",
        Handler="run.sh",
        Layers=[made["LayerVersionArn"]],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap", "PORT": "8000"}},
        files={"run.sh": run, "server.py": SERVER},
    )
    host = opened(server, name)
    ask = asker(server, host)
    status, _, body = ask("/a%20b?q=1", Cookie="x=1")
    assert (status, json.loads(body)) == (200, {"path": "/a%20b?q=1", "cookie": "x=1", "method": "GET"})
    assert ask("/", "POST", BYTES, Content_Type="image/png")[2] == BYTES[::-1]
    client = server.client("lambda")
    payload = json.loads(client.invoke(FunctionName=name, Payload=b'{"not": "http"}')["Payload"].read())
    assert json.loads(base64.b64decode(payload["body"])[::-1]) == {"not": "http"}
