"""Service control policies out of a file, and what they do to who asks."""

import json
from pathlib import Path
from typing import Any

import pytest

from lambent.engine.authorisation.decide import Ask, Layer, Policies, decide
from lambent.engine.authorisation.document import read as policy
from lambent.engine.authorisation.principals import root, session
from lambent.permissions import organisation

ACCOUNT = "111111111111"
NO_S3 = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
ONLY_SQS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}
EVERYTHING = policy("own", organisation.FULL)


def write(folder: Path, said: Any) -> Path:
    path = folder / "scp.json"
    path.write_text(said if isinstance(said, str) else json.dumps(said))
    return path


@pytest.mark.parametrize(
    ("said", "action", "allowed"),
    [
        (NO_S3, "s3:GetObject", False),
        (NO_S3, "sqs:SendMessage", True),
        ([[organisation.FULL], [ONLY_SQS]], "sqs:SendMessage", True),
        ([[organisation.FULL], [ONLY_SQS]], "s3:GetObject", False),
        ([[ONLY_SQS, NO_S3]], "dynamodb:GetItem", False),
    ],
)
def test_an_account_may_do_what_every_level_lets_it(tmp_path: Path, said: Any, action: str, allowed: bool) -> None:
    policies = Policies((EVERYTHING,), scps=organisation.read(write(tmp_path, said)))
    for who in (root(ACCOUNT), session(f"arn:aws:iam::{ACCOUNT}:role/r", "s")):
        decision = decide(Ask(who, action, "*"), policies)
        assert decision.allowed is allowed
        assert allowed or decision.layer is Layer.SCP


@pytest.mark.parametrize("said", ["", "{", "[]", "[[]]", "7", '["x"]', '{"Statement": 7}', '[[{"Version": "x"}]]'])
def test_what_is_no_policy_is_said_with_the_files_name(tmp_path: Path, said: str) -> None:
    if said == "[]":
        assert organisation.read(write(tmp_path, said)) == ()
        return
    with pytest.raises(ValueError, match=r"scp\.json"):
        organisation.read(write(tmp_path, said))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none"):
        organisation.read(tmp_path / "none")
