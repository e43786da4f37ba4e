"""What code asks of AWS, as far as it stands in it: Python and JavaScript."""

import json
from pathlib import Path

import pytest

from lambent.pitfalls import sdk_operations
from lambent.pitfalls.facts import reading

PYTHON = """
import os, boto3
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
PREFIX = "in/"

def handler(event, context):
    s3.get_object(Bucket="b", Key=PREFIX + event["name"])
    s3.put_object(Bucket=os.environ["OUT"], Key=event["key"], Body=b"x")
    s3.put_object(Bucket=event["bucket"], Key="k")
    s3.upload_file("/tmp/f", "b", "up")
    s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "signed"})
    table.put_item(Item={"id": "1"})
    helper()

def helper():
    boto3.client("ssm").get_parameters(Names=["/a", "/b"], WithDecryption=True)
    boto3.client("dynamodb").batch_get_item(RequestItems={"t": {"Keys": []}, "u": {}})
    boto3.client("cloudwatch").put_metric_data(Namespace="n", MetricData=[])

def unused():
    boto3.client("sqs").send_message(QueueUrl="http://x/1/q", MessageBody="m")
"""
JAVASCRIPT = """
const {S3Client, GetObjectCommand, PutObjectCommand} = require("@aws-sdk/client-s3");
const {DynamoDBClient} = require("@aws-sdk/client-dynamodb");
const {DynamoDBDocumentClient, PutCommand} = require("@aws-sdk/lib-dynamodb");
const s3 = new S3Client({});
const db = DynamoDBDocumentClient.from(new DynamoDBClient({}));
exports.handler = async (event) => {
  await s3.send(new GetObjectCommand({Bucket: "b", Key: `in/${event.name}`}));
  await s3.send(new PutObjectCommand({Bucket: event.bucket, Key: "k"}));
  await db.send(new PutCommand({TableName: process.env.TABLE, Item: {id: "1"}}));
};
"""
EXPECTED = [
    ("s3", "get_object", {"Bucket": "b", "Key": "in/*"}, True),
    ("s3", "put_object", {"Bucket": "out", "Key": "*"}, True),
    ("s3", "put_object", {"Key": "k"}, False),
    ("s3", "put_object", {"Bucket": "b", "Key": "up"}, True),
    ("s3", "get_object", {"Bucket": "b", "Key": "signed"}, True),
    ("dynamodb", "put_item", {"TableName": "deployed"}, True),
    ("ssm", "get_parameters", {"Names": ["/a", "/b"]}, True),
    ("dynamodb", "batch_get_item", {"RequestItems": {"t": {"Keys": []}, "u": {}}}, True),
    ("cloudwatch", "put_metric_data", {"Namespace": "n"}, True),
]


def calls(folder: Path, code: str, file: str, runtime: str) -> list[sdk_operations.SdkOperation]:
    (folder / file).write_text(code)
    handler = f"{file.partition('.')[0]}.handler"
    function = {"FunctionName": "f", "Handler": handler, "Runtime": runtime, "Code": "."}
    template = {"Resources": {"f": {"Type": "AWS::Lambda::Function", "Properties": function}}}
    (folder / "template.json").write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **template}))
    return sdk_operations.of(reading.read(folder), "f", {"TABLE": "deployed", "OUT": "out"})


def test_python(tmp_path: Path) -> None:
    found = calls(tmp_path, PYTHON, "app.py", "python3.12")
    for service, operation, params, told in EXPECTED:
        assert any(
            (one.service, one.operation, one.told) == (service, operation, told)
            and {name: one.params.get(name) for name in params} == params
            for one in found
        ), (operation, found)
    assert not any(one.service == "sqs" for one in found)
    assert found[0].place == "app.py:8"


def test_javascript(tmp_path: Path) -> None:
    found = [
        (one.operation, one.params.get("Bucket") or one.params.get("TableName"), one.params.get("Key"), one.told)
        for one in calls(tmp_path, JAVASCRIPT, "index.js", "nodejs22.x")
    ]
    assert found == [
        ("get_object", "b", "in/*", True), ("put_object", None, "k", False), ("put_item", "deployed", None, True),
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["", "def handler(", "handler = 1", "def handler(e, c): open(e)"])
def test_code_that_asks_for_nothing_or_is_none(tmp_path: Path, code: str) -> None:
    assert calls(tmp_path, code, "app.py", "python3.12") == []
