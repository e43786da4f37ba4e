"""Code that stands in a template: a package of one file, with the module that answers CloudFormation beside it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
(what the modules are called and take; they are there for inline code only).
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

EPOCH = (1980, 1, 1, 0, 0, 0)
PYTHON_MODULE = """\
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(request) as answered:
        print("Status code:", answered.status)
"""
NODE_MODULE = """\
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";
exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  const url = new URL(event.ResponseURL);
  const client = require(url.protocol === "https:" ? "https" : "http");
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const request = client.request(url, { method: "PUT", headers }, (response) => {
      response.resume();
      response.on("end", () => { if (context.done) context.done(); resolve(); });
    });
    request.on("error", (error) => { console.log("send failed: " + error); resolve(); });
    request.end(body);
  });
};
"""


def package(text: str, runtime: str) -> bytes:
    """The package of a function whose code is `text`: always the same bytes for the same code."""
    if runtime.startswith("python"):
        files = {"index.py": text, "cfnresponse.py": PYTHON_MODULE}
    else:
        files = {"index.js": text, "node_modules/cfn-response/index.js": NODE_MODULE}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def code_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """`Code` as the API takes it."""
    code = dict(properties.get("Code") or {})
    if isinstance(code.get("ZipFile"), str):
        code["ZipFile"] = package(code["ZipFile"], str(properties.get("Runtime", "")))
    return code
