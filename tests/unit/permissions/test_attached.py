"""Whose service is asked for the policy of a resource, and how."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.permissions.attached import Attached

CALLER = Scope("111111111111", "eu-west-1")
OWNER = Scope("222222222222", "us-east-1")
PLACE = "us-east-1:222222222222"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.mark.parametrize(
    ("arn", "asked"),
    [
        (f"arn:aws:lambda:{PLACE}:function:f", ("GetPolicy", {"FunctionName": "f"})),
        (f"arn:aws:lambda:{PLACE}:function:f:prod", ("GetPolicy", {"FunctionName": "f", "Qualifier": "prod"})),
        (f"arn:aws:lambda:{PLACE}:layer:l:3", ("GetLayerVersionPolicy", {"LayerName": "l", "VersionNumber": 3})),
        (f"arn:aws:lambda:{PLACE}:layer:l", ("GetLayerVersionPolicy", {"LayerName": "l", "VersionNumber": 0})),
        (f"arn:aws:sqs:{PLACE}:q", ("GetQueueAttributes", {"AttributeNames": ["Policy"]})),
        (f"arn:aws:ecs:{PLACE}:cluster/c", None),
        ("*", None),
    ],
)
def test_the_owners_service_is_asked(arn: str, asked: tuple[str, dict[str, Any]] | None) -> None:
    seen: list[tuple[str, Mapping[str, Any], Scope]] = []

    async def ask(_service: str, operation: str, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        seen.append((operation, params, scope))
        return {"Policy": POLICY, "Attributes": {"Policy": POLICY}}

    found = asyncio.run(Attached(ask).find(arn, CALLER))
    if asked is None:
        assert (found, seen) == (None, [])
    else:
        [(operation, params, scope)] = seen
        assert (operation, scope, found is not None) == (asked[0], OWNER, True)
        assert asked[1].items() <= params.items()


@pytest.mark.parametrize("operation", ["GetPolicy", "GetBucketPolicy", "ListResourcePolicies", "GetQueueAttributes"])
def test_who_reads_a_policy_changes_none(operation: str) -> None:
    asked = 0

    async def ask(*_asked: object) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        attached.changed(operation)
        return {"Policy": POLICY}

    attached = Attached(ask)
    arn = f"arn:aws:lambda:{PLACE}:function:f"
    assert asyncio.run(attached.find(arn, CALLER)) is asyncio.run(attached.find(arn, CALLER))
    assert (asked, attached.revision) == (1, 0)
    for change in (
        "AddPermission",
        "PutBucketPolicy",
        "RemovePermission",
        "DeleteResourcePolicy",
        "SetQueueAttributes",
    ):
        attached.changed(change)
    assert attached.revision == 5
