"""What is deployed in a server, as the API tells it, read as a template is."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambent.pitfalls import checking
from lambent.pitfalls.facts import reading, running
from lambent.pitfalls.facts.project import Function
from lambent.pitfalls.facts.running import Asked

ACCOUNT = "111122223333"
WORK = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:work"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs.fifo"
CODE = "import time\ndef handler(event, context):\n    time.sleep(9)\n"


def function(**more: Any) -> dict[str, Any]:
    said = {
        "FunctionName": "work", "FunctionArn": WORK, "Runtime": "python3.12", "Handler": "app.handler",
        "Timeout": 30, "MemorySize": 512, "Role": f"arn:aws:iam::{ACCOUNT}:role/service-role/worker",
        "Environment": {"Variables": {"QUEUE": QUEUE}},
    }  # fmt: skip
    return {"Configuration": said, "Code": {}, **more}


def read(asked: Asked, folder: Path) -> Function:
    (folder / running.FILE).write_text(running.text(asked))
    (only,) = reading.read(folder).functions
    return only


def test_a_mapping_joins_queue_and_function_and_its_setting_counts(tmp_path: Path) -> None:
    mapping = {"UUID": "0123456789", "EventSourceArn": QUEUE, "FunctionArn": WORK, "State": "Enabled", "BatchSize": 10}
    queue = {"QueueArn": QUEUE, "VisibilityTimeout": "60", "FifoQueue": "true"}
    asked = Asked([function()], mappings=[mapping], queues=[queue])
    (trigger,) = read(asked, tmp_path).triggers
    assert trigger.kind == "sqs" and trigger.fact("BatchSize").number == 10 and not trigger.alias
    (found,) = checking.check(tmp_path, ["ESM001"]).findings
    assert found.place.path == running.FILE and "180 s" in found.message


def test_a_permission_for_what_is_not_seen_drives_as_well(tmp_path: Path) -> None:
    statement = {
        "Sid": "s", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction",
        "Resource": WORK, "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::somewhere"}},
    }  # fmt: skip
    (trigger,) = read(Asked([function(Policy={"Statement": [statement]})]), tmp_path).triggers
    assert (trigger.kind, trigger.source) == ("s3", "arn:aws:s3:::somewhere")


def test_a_method_names_its_function_in_a_path(tmp_path: Path) -> None:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{WORK}:live/invocations"
    method = {"httpMethod": "GET", "methodIntegration": {"type": "AWS_PROXY", "uri": uri, "timeoutInMillis": 29000}}
    alias = {"Name": "live", "FunctionVersion": "1"}
    asked = Asked([function(Aliases=[alias])], rest_apis=[{"id": "a1", "name": "shop", "Methods": [method]}])
    (trigger,) = read(asked, tmp_path).triggers
    assert trigger.kind == "rest" and trigger.alias
    assert [one.code for one in checking.check(tmp_path, ["LIM004"]).findings] == ["LIM004"]


def test_buckets_topics_rules_and_schedules_drive(tmp_path: Path) -> None:
    notified = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": WORK, "Events": ["s3:ObjectCreated:*"]}]}
    asked = Asked(
        [function()],
        buckets=[{"Name": "in.coming", "Notification": notified}],
        subscriptions=[{"Protocol": "lambda", "Endpoint": WORK, "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news"}],
        rules=[{"Name": "hourly", "ScheduleExpression": "rate(1 hour)", "Targets": [{"Id": "1", "Arn": WORK}]}],
        schedules=[{"Name": "daily", "ScheduleExpression": "rate(1 day)", "Target": {"Arn": WORK}}],
    )
    assert sorted(one.kind for one in read(asked, tmp_path).triggers) == ["rule-schedule", "s3", "scheduler", "sns"]


def test_a_role_that_iam_knows_is_all_that_is_allowed(tmp_path: Path) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in.coming/*"}]}
    role = {"RoleName": "worker", "Inline": {"p": document}}
    known = read(Asked([function()], roles=[role], buckets=[{"Name": "in.coming"}]), tmp_path)
    assert known.permissions_known and [one.actions for one in known.statements] == [("s3:GetObject",)]


def test_a_role_that_iam_does_not_know_is_unknown(tmp_path: Path) -> None:
    assert not read(Asked([function()], tables=[{"TableName": "worker"}]), tmp_path).permissions_known


def test_the_package_is_read_where_it_lies(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        target.writestr("app.py", CODE)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/work.zip").write_bytes(made.getvalue())
    read(Asked([function()], packages={"work": "code/work.zip"}), tmp_path)
    (found,) = checking.check(tmp_path, ["ARC005"]).findings
    assert (found.place.path, found.place.line, found.function) == ("code/work.zip/app.py", 3, "work")


@pytest.mark.parametrize("value", [f"{WORK}:live", "arn:aws:states:::lambda:invoke", "arn:aws:s3:::elsewhere/key"])
def test_what_is_not_deployed_here_stays_an_arn(value: str, tmp_path: Path) -> None:
    asked = Asked([], rules=[{"Name": "r", "Targets": [{"Id": "1", "Arn": value}]}])
    assert running.template(asked)["Resources"]["r"]["Properties"]["Targets"][0]["Arn"] == value


def test_things_of_one_name_do_not_hide_one_another() -> None:
    asked = Asked([function()], tables=[{"TableName": "work"}], buckets=[{"Name": "work"}])
    made = json.loads(running.text(asked))["Resources"]
    assert sorted(one["Type"] for one in made.values()) == [
        "AWS::DynamoDB::Table",
        "AWS::Lambda::Function",
        "AWS::S3::Bucket",
    ]
