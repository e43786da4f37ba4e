"""Queues of other accounts: their policies decide."""

import json
from pathlib import Path
from typing import Any

import pytest

from lambent.model.scope import Scope
from lambent.services.sqs import sharing
from lambent.services.sqs.operations import OPERATIONS
from tests.unit.services_sqs.sqs_kit import HERE, Sqs, arn, with_sqs

OTHER = Scope("222222222222", HERE.region)


def with_policy(folder: Path, statement: dict[str, Any], *calls: tuple[str, dict[str, Any]]) -> list[str]:
    """What each call of the other account is answered: an error's code, or "" ."""
    said = []

    async def body(sqs: Sqs) -> None:
        url = await sqs.queue("q")
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        await sqs.call("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": document})
        for operation, params in calls:
            answer = await sqs.call(operation, OTHER, **{"QueueUrl": url} | params)
            said.append(answer.get("Error", {}).get("Code", ""))

    with_sqs(folder, body)
    return said


def allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": OTHER.account}, "Action": list(actions), "Resource": arn("q")}


def test_what_the_policy_allows_and_nothing_else(tmp_path: Path) -> None:
    batch = [{"Id": "1", "MessageBody": "x"}]
    assert with_policy(
        tmp_path,
        allow("sqs:SendMessage"),
        ("SendMessage", {"MessageBody": "x"}),
        ("SendMessageBatch", {"Entries": batch}),
        ("ReceiveMessage", {}),
        ("GetQueueAttributes", {}),
        ("PurgeQueue", {}),
    ) == ["", "", "AccessDenied", "AccessDenied", "AccessDenied"]


def test_what_changes_the_queue_is_never_shared(tmp_path: Path) -> None:
    permission = {"Label": "l", "AWSAccountIds": ["333333333333"], "Actions": ["*"]}
    answers = with_policy(
        tmp_path,
        allow("sqs:*"),
        ("SetQueueAttributes", {"Attributes": {"DelaySeconds": "1"}}),
        ("AddPermission", permission),
        ("RemovePermission", {"Label": "l"}),
        ("TagQueue", {"Tags": {"a": "b"}}),
        ("ListQueueTags", {}),
        ("DeleteQueue", {}),
    )
    assert set(answers) == {"AccessDenied"}


def test_other_accounts_queues_are_not_found_by_arn_or_owner(tmp_path: Path) -> None:
    async def body(sqs: Sqs) -> None:
        await sqs.queue("q")
        for operation, params in (
            ("StartMessageMoveTask", {"SourceArn": arn("q")}),
            ("ListMessageMoveTasks", {"SourceArn": arn("q")}),
            ("GetQueueUrl", {"QueueName": "q", "QueueOwnerAWSAccountId": HERE.account}),
        ):
            answer = await sqs.call(operation, OTHER, **params)
            assert answer["Error"]["Code"] == "AccessDenied", operation
        answer = await sqs.call("GetQueueUrl", OTHER, QueueName="none", QueueOwnerAWSAccountId=HERE.account)
        assert answer["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"

    with_sqs(tmp_path, body)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_guarded(name: str) -> None:
    assert OPERATIONS[name].__wrapped__  # type: ignore[attr-defined]


def test_the_actions_that_are_never_shared_are_operations() -> None:
    assert set(OPERATIONS) > sharing.NEVER
