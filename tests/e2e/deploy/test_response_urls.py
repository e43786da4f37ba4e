"""Custom resources whose code speaks https whatever the response URL says, as CDK's own in Node.js and crhelper do."""

import shutil
from typing import Any

import pytest

from tests.e2e.clients.installed import node_runtime
from tests.e2e.conftest import ROLE, RUNTIME, Server
from tests.e2e.deploy.stacks import deleted, made, template

BY_NETLOC = """
import http.client, json, os
from urllib.parse import urlsplit
def handler(event, context):
    parts = urlsplit(event["ResponseURL"])
    seen = [os.environ.get("SSL_CERT_DIR"), os.environ.get("SSL_CERT_FILE")]
    said = {"Status": "SUCCESS", "PhysicalResourceId": "p", "Data": {"Seen": str(seen)}}
    connection = http.client.HTTPSConnection(parts.netloc)
    connection.request("PUT", parts.path, json.dumps({**event, **said}))
    assert connection.getresponse().status == 200
"""
"""As crhelper does it (https://github.com/aws-cloudformation/custom-resource-helper, crhelper/utils.py)."""
BY_HOST_NAME = """
const https = require("https");
const url = require("url");
exports.handler = (event) => new Promise((resolve, reject) => {
  const { hostname, path } = url.parse(event.ResponseURL);
  const seen = Object.keys(process.env).filter((name) => /CA_CERTS/.test(name)).join();
  const said = { Status: "SUCCESS", PhysicalResourceId: "p", Data: { Seen: `[${seen}]` } };
  const body = JSON.stringify({ ...event, ...said });
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body, "utf8") };
  const request = https.request({ hostname, path, method: "PUT", headers }, resolve);
  request.on("error", reject);
  request.end(body);
});
"""
"""As CDK does it (https://github.com/aws/aws-cdk, custom-resource-handlers/lib/core/nodejs-entrypoint.ts)."""


def answering(name: str, runtime: str, code: str) -> dict[str, Any]:
    function = {"Runtime": runtime, "Handler": "index.handler", "Role": ROLE, "Timeout": 30, "Code": {"ZipFile": code}}
    token = {"Fn::GetAtt": [f"{name}F", "Arn"]}
    return {
        f"{name}F": {"Type": "AWS::Lambda::Function", "Properties": function},
        name: {"Type": f"Custom::{name}", "Properties": {"ServiceToken": token, "ServiceTimeout": 30}},
    }


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_code_that_speaks_https_alone_is_heard(server: Server) -> None:
    if server.page("health")["isolation"]["level"] != "namespace":
        pytest.skip("functions have no network of their own: the response URL is the endpoint's, by http")
    resources = answering("Python", RUNTIME, BY_NETLOC) | answering("Node", node_runtime(), BY_HOST_NAME)
    outputs = {name: {"Value": {"Fn::GetAtt": [name, "Seen"]}} for name in ("Python", "Node")}
    seen = made(server, "by-https", template(resources, Outputs=outputs))
    assert seen == {"Python": "[None, None]", "Node": "[]"}
    deleted(server, "by-https")
