"""The function, imported as Lambda would, with a stand-in for S3."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

Page = dict[str, Any]


class FakeS3:
    """Pages are given; links are made up; what is uploaded is kept."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self.pages = pages
        self.uploaded: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.on_link: Callable[[], object] = lambda: None
        self.on_upload: Callable[[], object] = lambda: None
        self.keep = True

    def get_paginator(self, operation: str) -> "FakeS3":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **_parameters: str) -> Iterable[Page]:
        return self.pages

    def generate_presigned_url(self, operation: str, Params: dict[str, str], ExpiresIn: int) -> str:
        self.on_link()
        return f"https://{Params['Bucket']}.example/{operation}/{Params['Key']}?{ExpiresIn}"

    def upload_file(self, path: str, bucket: str, key: str, ExtraArgs: dict[str, str], Config: object) -> None:
        self.on_upload()
        if self.keep:
            self.uploaded[key] = (Path(path).read_bytes(), ExtraArgs)


class FakeContext:
    aws_request_id = "8f5aca3e-0000-4000-8000-000000000001"
    function_name = "pdf-manifest"


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The module; its temporary folder is an empty one of the test's."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("URL_EXPIRY_SECONDS", raising=False)
    from examples.pdf_manifest import lambda_function

    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield lambda_function
    assert list(folder.iterdir()) == []


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def fake_s3(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterable[Page]], FakeS3]:
    """Puts a FakeS3 with these pages where the function's client is."""

    def put(pages: Iterable[Page]) -> FakeS3:
        s3 = FakeS3(pages)
        monkeypatch.setattr(function, "S3", s3)
        return s3

    return put
