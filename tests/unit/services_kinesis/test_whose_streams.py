"""Whose streams an account reaches by their ARNs."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from lambent.model.scope import Caller, Scope
from lambent.services.kinesis.env import KinesisEnv
from lambent.streams.errors import StreamError

FOUND = object()
REGISTRY = SimpleNamespace(by_arn=lambda _arn: FOUND)
ENV = KinesisEnv(*(cast(Any, REGISTRY if name == "registry" else None) for name in KinesisEnv.__dataclass_fields__))
ARN = "arn:aws:kinesis:us-east-1:{}:stream/s"
ME = Caller(Scope("1" * 12, "us-east-1"), "id")


def test_its_own() -> None:
    assert ENV.by_arn(ME, ARN.format("1" * 12)) is FOUND


def test_none_of_another_account() -> None:
    with pytest.raises(StreamError, match="no resource-based policy") as caught:
        ENV.stream(ME, {"StreamARN": ARN.format("2" * 12)})
    assert caught.value.code == "AccessDeniedException"
