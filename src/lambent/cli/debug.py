"""`lambent invoke --debug PORT`: the same, in an environment of its own whose runtime waits for a debugger at PORT.

Ctrl-C ends the environment with the command.
"""

import base64
import os
from typing import Any

from lambent.cli import output
from lambent.cli.errors import CliError
from lambent.cli.target import Target, account_of


def invoke_under_debugger(target: Target, request: dict[str, Any], port: int) -> tuple[dict[str, Any], bytes]:
    """The answer to Invoke's `request` as boto3 gives it, and its payload. Raises CliError."""
    token = target.token("--debug")
    said = {
        "account": account_of(os.environ),
        "region": target.region,
        "function": request["FunctionName"],
        "qualifier": request.get("Qualifier"),
        "port": port,
        "payload": request["Payload"].decode("utf-8", "surrogateescape"),
    }
    last: dict[str, Any] = {}
    for last in target.lines("POST", "debug", said, {"X-Lambent-Token": token}):
        if "waiting" in last:
            output.note(f"waiting for a debugger on {last['waiting']}")
    if "failed" in last:
        raise CliError(last["failed"])
    if "payload" not in last:
        raise CliError(f"{target.endpoint} closed the connection before the function answered: is Lambent still up?")
    return _as_boto3(last, "LogType" in request), base64.b64decode(last["payload"])


def _as_boto3(said: dict[str, Any], log: bool) -> dict[str, Any]:
    answer = {
        "StatusCode": said["status_code"],
        "ExecutedVersion": said["executed_version"],
        "ResponseMetadata": {"RequestId": said["request_id"]},
    }
    if said["function_error"] is not None:
        answer["FunctionError"] = said["function_error"]
    return answer | ({"LogResult": said["log"]} if log else {})
