"""Requests of buckets are counted for what they cost, by the tier that they are billed in."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from lambent.model.metric import Metric
from lambent.model.scope import Caller, Scope
from lambent.services.s3.operations import tier_of, worded

OWNER = Scope("111111111111", "eu-west-1")


@pytest.mark.parametrize(
    ("operation", "tier"),
    [("PutObject", "1"), ("ListObjectsV2", "1"), ("CopyObject", "1"), ("UploadPart", "1"), ("GetObject", "2"),
     ("HeadObject", "2"), ("GetBucketPolicy", "2"), ("DeleteObjects", ""), ("AbortMultipartUpload", "")],
)  # fmt: skip
def test_tiers(operation: str, tier: str) -> None:
    assert tier_of(operation) == tier


def test_requests_count_for_the_bucket_s_owner_and_none_for_what_is_no_bucket() -> None:
    measured: list[Metric] = []

    async def informed(_params: Any) -> Any:
        return None

    async def nothing(*_: Any) -> dict[str, Any]:
        return {}

    bucket = SimpleNamespace(name="b", scope=OWNER)
    registry = SimpleNamespace(find=lambda name: bucket if name == "b" else None)
    env = SimpleNamespace(registry=registry, measure=lambda metric, _unit, _value: measured.append(metric))
    call: Any = SimpleNamespace(env=env, informed=informed)
    caller = Caller(Scope("222222222222"), "id")
    for name, asked in (("ListObjectsV2", "b"), ("GetObject", "b"), ("GetObject", "none"), ("DeleteObject", "b")):
        asyncio.run(worded(name, nothing)(call, caller, {"Bucket": asked}))  # type: ignore[arg-type]
    tiers = [dict(one.dimensions) for one in measured]
    assert tiers == [{"BucketName": "b", "Tier": "1"}, {"BucketName": "b", "Tier": "2"}]
    assert {(one.scope, one.namespace) for one in measured} == {(OWNER, "Lambent")}
