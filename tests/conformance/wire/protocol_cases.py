"""botocore's protocol cases, for use in reverse: one value per case, and what is needed to compare.

An input case says which request a client makes of some params; here the request must parse to the params. An
output case says what a client makes of a response; here the result must serialise to a response that says the
same.
"""

import copy
import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.model import Shape
from botocore_sdist import unit_tests_of_botocore

from lambent.wire.http import Request
from lambent.wire.service import Service, from_description

FILES = ("rest-json", "json", "json_1_0", "json_1_0-query-compatible", "query", "rest-xml")
GAPS = Path(__file__).with_name("gaps.json")


@dataclass(frozen=True)
class Case:
    """One case. `protocol` is the file's name, `name` the case's id (or its suite's description and
    number)."""

    protocol: str
    direction: str
    name: str
    description: dict[str, Any]
    data: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.protocol, self.direction, self.name

    @property
    def operation(self) -> str:
        return str(self.data["given"].get("name", "OperationName"))

    def service(self) -> Service:
        """A service with this operation alone."""
        description = copy.deepcopy(self.description)
        given = copy.deepcopy(self.data["given"])
        given.setdefault("name", self.operation)
        if description["metadata"]["protocol"] == "query" and "output" in given:
            given["output"].setdefault("resultWrapper", f"{self.operation}Result")
        description["operations"] = {self.operation: given}
        description["metadata"].setdefault("targetPrefix", "JsonProtocol")
        return from_description(f"case-{self.protocol}", description)


def cases(direction: str) -> list[Case]:
    """All cases of one direction, `input` or `output`."""
    found = []
    for protocol in FILES:
        file = unit_tests_of_botocore() / "protocols" / direction / f"{protocol}.json"
        for suite in json.loads(file.read_text("utf-8")):
            description = {key: value for key, value in suite.items() if key not in {"cases", "description"}}
            for number, data in enumerate(suite["cases"]):
                if ("params" if direction == "input" else "response") in data:
                    name = data.get("id", f"{suite['description']}:{number}")
                    found.append(Case(protocol, direction, name, description, data))
    return found


def gaps() -> dict[tuple[str, str, str], str]:
    """The cases that are known to fail, and why."""
    return {
        (gap["protocol"], gap["direction"], gap["case"]): gap["reason"] for gap in json.loads(GAPS.read_text("utf-8"))
    }


def request_of(case: Case, service: Service) -> Request:
    """The request that the case's client sends."""
    serialized = case.data["serialized"]
    path, _, query = serialized.get("uri", "/").partition("?")
    headers = {name.lower(): value for name, value in serialized.get("headers", {}).items()}
    if service.protocol == "json":
        headers.setdefault("x-amz-target", f"{service.target_prefix}.{case.operation}")
    method = serialized.get("method", case.data["given"].get("http", {}).get("method", "POST"))
    return Request(method, path, query, headers, serialized.get("body", "").encode())


def plain(value: Any) -> Any:
    """A value as the cases write it: seconds for datetimes, text for bytes, names for special floats."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes | bytearray):
        return value.decode()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def result_of(case: Case) -> Any:
    """The case's result as an operation would answer it: special floats are floats."""
    return _special_floats(case.data["result"])


def as_a_client_sends(case: Case, params: dict[str, Any]) -> dict[str, Any]:
    """Parsed params less what a client adds, plus what it leaves out, so that they compare to what it was
    given.

    It sends nothing for None, and in forms, queries and headers nothing for an empty list or map; it makes up
    idempotency tokens; and it sends a query parameter once, whether it comes from a member of its own, from
    the map of parameters, or from both.
    """
    expected = case.data["params"]
    shape = case.service().operation(case.operation).input_shape
    members = shape.members if shape is not None else {}
    unsent = {name: value for name, value in expected.items() if value is None or value in ([], {})}
    seen = {name: value for name, value in params.items() if not _made_up(members[name], name, expected)}
    for name, value in seen.items():
        if members[name].type_name == "map" and members[name].serialization.get("location") == "querystring":
            seen[name] = {key: item for key, item in value.items() if key in expected.get(name, {})} | {
                key: item for key, item in expected.get(name, {}).items() if key in value
            }
    return unsent | {name: value for name, value in seen.items() if value != {} or name in expected}


def _made_up(member: Shape, name: str, expected: dict[str, Any]) -> bool:
    return bool(member.metadata.get("idempotencyToken")) and name not in expected


def _special_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _special_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_special_floats(item) for item in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value
