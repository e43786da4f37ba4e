"""A server that answers from a table, and the console before it."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from starlette.testclient import TestClient

from lambent.cli.errors import explain
from lambent.console.api import Api
from lambent.console.app import application
from lambent.console.door import HEADER, NAME, Door
from lambent.console.site import Site

NOW = 1_800_000_000.0
ORIGIN = f"http://{NAME}:4568"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"
FUNCTION = {
    "FunctionName": "hello",
    "FunctionArn": ARN,
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "Role": "arn:aws:iam::000000000000:role/r",
    "MemorySize": 128,
    "Timeout": 3,
    "CodeSize": 300,
    "CodeSha256": "sha",
    "Description": "",
    "LastModified": "2026-11-30T10:00:00.000+0000",
    "Version": "$LATEST",
    "RevisionId": "rev-1",
    "Environment": {"Variables": {"API_KEY": "s3cr3t"}},
}


class Refused(ClientError):  # type: ignore[misc]
    """What AWS answers where there is nothing."""

    def __init__(self, code: str, status: int = 404) -> None:
        said = {"Error": {"Code": code, "Message": "<i>no</i>"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        super().__init__(said, "Op")


@dataclass
class FakeClient:
    service: str
    endpoint: "FakeEndpoint"

    def can_paginate(self, _operation: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def ask(**params: Any) -> Any:
            self.endpoint.calls.append((self.service, operation, params))
            said = self.endpoint.answers.get(f"{self.service}.{operation}", {})
            if isinstance(said, Exception):
                raise said
            return said(**params) if callable(said) else said

        return ask


@dataclass
class FakeEndpoint:
    """`answers` by `service.operation` and by the name of a page of Lambent's own."""

    answers: dict[str, Any]
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    endpoint: str = "http://127.0.0.1:4566"
    region: str = "us-east-1"

    def client(self, service: str, _read_timeout: float = 60) -> Any:
        return FakeClient(service, self)

    def page(
        self, method: str, name: str, said: Any = None, headers: Mapping[str, str] = {}, seconds: float = 5
    ) -> Any:
        self.calls.append((method, name, said or {}))
        found = self.answers[name.partition("?")[0]]
        return found(said) if callable(found) else found

    def now(self) -> float:
        return NOW


class Browser:
    """Who has opened the console."""

    def __init__(self, site: Site) -> None:
        self.door = Door()
        self.calls: list[tuple[str, str, dict[str, Any]]] = site.api.endpoint.calls  # type: ignore[attr-defined]
        self.client = TestClient(application(site, self.door), base_url=ORIGIN)
        assert self.client.get("/enter", params={"token": self.door.ticket()}).status_code == 200
        [self.secret] = self.door._sessions.values()

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def post(self, path: str, **form: str) -> Any:
        return self.client.post(path, data=form, headers={"Origin": ORIGIN, HEADER: self.secret})


def usual() -> dict[str, Any]:
    """What a server with one function answers."""
    return {
        "health": {"environments": 1},
        "findings": {"findings": [], "dropped": 0},
        "mappings": {"mappings": []},
        "environments": {"now": NOW, "environments": []},
        "permissions": {"policy": {"Statement": []}, "missing": ["s3:GetObject on x"], "excess": []},
        "clock": {"kind": "real", "scale": 1.0, "time": "2026-11-30T10:00:00.000Z"},
        "lambda.get_account_settings": {"AccountUsage": {"FunctionCount": 1}, "AccountLimit": {}},
        "lambda.get_function_configuration": FUNCTION,
        "lambda.list_functions": {"Functions": [FUNCTION]},
        "lambda.list_versions_by_function": {"Versions": [FUNCTION]},
        "cloudwatch.get_metric_data": measured,
    }


def measured(MetricDataQueries: list[dict[str, Any]], **_params: Any) -> dict[str, Any]:
    """Nothing was measured."""
    return {"MetricDataResults": [{"Id": one["Id"], "Timestamps": [], "Values": []} for one in MetricDataQueries]}


def site(answers: dict[str, Any], events: Path = Path("/nonexistent")) -> Site:
    """A console before a server that answers so."""
    return Site(Api(FakeEndpoint(answers), "000000000000"), explain, lambda _seconds: [], events, "0", tuned)


def tuned(_asked: Any, told: Any) -> dict[str, Any]:
    """Something was measured."""
    told("128 MB: 10 ms")
    stats = [{"value": 128, "averageDuration": 10.0, "averagePrice": 1e-6}]
    return {"picture": "<svg></svg>", "sentence": "128 MB is it", "link": "l", "notes": [], "best": 128, "stats": stats}


def package(**files: str) -> bytes:
    """A zip; `app_py` stands for `app.py`."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name.replace("_", "."), (2026, 1, 2, 3, 4, 6))
            info.external_attr = 0o755 << 16
            archive.writestr(info, text)
    return made.getvalue()
