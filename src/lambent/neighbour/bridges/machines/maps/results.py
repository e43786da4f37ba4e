"""What a map run leaves: the output of its state, or files in a bucket.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lambent.neighbour.bridges.machines.context import written
from lambent.neighbour.bridges.results import to_json_str

SUCCEEDED = "SUCCEEDED"
STATUSES = {"SUCCEEDED": "SUCCEEDED", "FAILED": "FAILED", "TIMED_OUT": "FAILED", "ABORTED": "FAILED"}
"""Of a child -> in which file it stands."""
INCLUDED = {"Included": True}


def whole(execution: Any, status: str) -> dict[str, Any]:
    """All that is told of a child's execution."""
    found = {
        "ExecutionArn": execution.execution_arn,
        "Input": execution.execution_input,
        "InputDetails": INCLUDED,
        "Name": execution.name,
        "RedriveCount": 0,
        "StartDate": written(execution.start_date),
        "StateMachineArn": execution.state_machine.arn,
        "Status": status,
        "StopDate": written(execution.stop_date),
    }
    if status == SUCCEEDED:
        found |= {"Output": to_json_str(execution.output), "OutputDetails": INCLUDED}
        reason = "Execution is SUCCEEDED and cannot be redriven"
        return dict(sorted({**found, "RedriveStatus": "NOT_REDRIVABLE", "RedriveStatusReason": reason}.items()))
    said = {"Error": execution.error, "Cause": execution.cause, "RedriveStatus": "REDRIVABLE"}
    return dict(sorted({**found, **{name: one for name, one in said.items() if one is not None}}.items()))


def transformed(children: Iterable[tuple[Any, str]], transformation: str) -> list[Any]:
    """Children (with their status) as a list: what they put out, or all that is told of them."""
    found: list[Any] = []
    for execution, status in children:
        if transformation == "NONE" or status != SUCCEEDED:
            found.append(whole(execution, status))
        elif transformation == "FLATTEN" and isinstance(execution.output, list):
            found.extend(execution.output)
        else:
            found.append(execution.output)
    return found


def files(children: Iterable[tuple[Any, str]], config: Mapping[str, Any]) -> dict[str, bytes]:
    """What is written of children: by status the content of a file."""
    by_status: dict[str, list[tuple[Any, str]]] = {}
    for execution, status in children:
        by_status.setdefault(STATUSES[status], []).append((execution, status))
    how, lines = config.get("Transformation") or "NONE", config.get("OutputType") == "JSONL"
    return {name: _file(transformed(some, how), lines=lines) for name, some in by_status.items()}


def _file(found: list[Any], *, lines: bool) -> bytes:
    if lines:
        return "".join(f"{to_json_str(one)}\n" for one in found).encode()
    return to_json_str(found).encode()


def manifest(bucket: str, map_run: str, sizes: Mapping[str, tuple[str, int]]) -> bytes:
    """What says which files there are: by status a key and a size."""
    listed = {
        name: [{"Key": sizes[name][0], "Size": sizes[name][1]}] if name in sizes else []
        for name in ("FAILED", "PENDING", "SUCCEEDED")
    }
    return json.dumps({"DestinationBucket": bucket, "MapRunArn": map_run, "ResultFiles": listed}).encode()
