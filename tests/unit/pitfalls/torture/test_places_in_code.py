"""Where the code makes the calls that a trial broke."""

from pathlib import Path

import pytest

from lambent.cli.torture import Said
from lambent.pitfalls.facts import reading
from lambent.pitfalls.torture import places, shown
from lambent.pitfalls.torture.judging import Broken
from lambent.pitfalls.torture.schedules import Attempt, Schedule

TEMPLATE = """
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: orders, Handler: app.handler, Runtime: RUNTIME, Code: .}
"""
PYTHON = """
import boto3
sqs = boto3.client("sqs")
def handler(event, context):
    sqs.send_message(QueueUrl="q", MessageBody="m")
"""
NODE = """
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
const sqs = new SQSClient({});
exports.handler = async (event) => {
  await sqs.send(new SendMessageCommand({ QueueUrl: 'q', MessageBody: 'm' }));
};
"""


@pytest.mark.parametrize(
    ("runtime", "file", "source"), [("python3.13", "app.py", PYTHON), ("nodejs22.x", "app.js", NODE)]
)
def test_a_call_stands_in_a_line_of_the_code(runtime: str, file: str, source: str, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE.replace("RUNTIME", runtime))
    (tmp_path / file).write_text(source)
    assert places.of(reading.read(tmp_path), "orders") == {("sqs", "SendMessage"): [f"{file}:5"]}


def test_a_call_whose_line_is_not_known_is_named() -> None:
    broken = Broken(
        "ASY001", Schedule("duplicate", ("ASY001",), (Attempt({}),)), "more", calls=(("sqs", "SendMessage"),)
    )
    said = Said(1, 1.0, [broken], [], {"duplicate": 1})
    assert "      call: sqs:SendMessage" in shown.text(said, {}).splitlines()
    assert shown.document(said, {}, 0)["broken"][0]["calls"] == ["sqs:SendMessage"]
