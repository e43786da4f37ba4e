"""Topic rules of IoT on a server that denies: a template of SAM's, actions in their roles' names, an error action."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import RUNTIME, Server, start
from tests.e2e.deploy.stacks import deleted, made

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{{}}"
APP = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hears:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      InlineCode: |
        import boto3, json, os
        def handler(event, context):
            boto3.client("sqs").send_message(QueueUrl=os.environ["ANSWERS"], MessageBody=json.dumps(event))
      Environment: {Variables: {ANSWERS: !Ref Answers}}
      Policies: [SQSSendMessagePolicy: {QueueName: !GetAtt Answers.QueueName}]
      Events:
        Warm: {Type: IoTRule, Properties: {Sql: "SELECT *, topic(2) AS room FROM 'home/+/air' WHERE t > 20"}}
  Answers: {Type: AWS::SQS::Queue}
Outputs:
  Answers: {Value: !Ref Answers}
""".replace("RUNTIME", RUNTIME)


def role(server: Server, name: str, *actions: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = server.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    if actions:
        may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(may))
    return ROLE.format(name)


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if (one := found()) is not None:
                return one
        except ClientError:
            pass
        time.sleep(0.05)
    raise AssertionError("it has not come")


def test_messages_go_where_rules_send_them(tmp_path: Path) -> None:
    server = start(tmp_path, "--iam", "enforce")
    iot, data, sqs, s3 = (server.client(name) for name in ("iot", "iot-data", "sqs", "s3"))

    def message(url: str) -> str:
        def received() -> str | None:
            found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages") or []
            for one in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            return str(found[0]["Body"]) if found else None

        return str(until(received))

    answers = made(server, "heard", APP)["Answers"]
    data.publish(topic="home/hall/air", qos=1, payload=b'{"t": 19}')
    data.publish(topic="home/hall/air", qos=1, payload=b'{"t": 21}')
    assert json.loads(message(answers)) == {"t": 21, "room": "hall"}

    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    s3.create_bucket(Bucket="heard")
    table = {"AttributeName": "k", "AttributeType": "S"}
    server.client("dynamodb").create_table(
        TableName="heard", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], AttributeDefinitions=[table],
        BillingMode="PAY_PER_REQUEST",
    )  # fmt: skip
    good = role(server, "good", "sqs:SendMessage", "s3:PutObject", "dynamodb:PutItem", "iot:Publish")
    iot.create_topic_rule(
        ruleName="all",
        topicRulePayload={
            "sql": "SELECT *, topic(2) AS k FROM 'all/#'",
            "actions": [
                {"s3": {"roleArn": good, "bucketName": "heard", "key": "${topic(2)}.json"}},
                {"dynamoDBv2": {"roleArn": good, "putItem": {"tableName": "heard"}}},
                {"republish": {"roleArn": good, "topic": "again/${topic(2)}"}},
            ],
        },
    )
    bad = {"sqs": {"roleArn": role(server, "bad"), "queueUrl": url}}
    iot.create_topic_rule(
        ruleName="again",
        topicRulePayload={
            "sql": "SELECT v FROM 'again/+'",
            "actions": [{"sqs": {"roleArn": good, "queueUrl": url}}, bad],
            "errorAction": {"s3": {"roleArn": good, "bucketName": "heard", "key": "error"}},
        },
    )
    data.publish(topic="all/x", payload=json.dumps({"v": 1.5}).encode())
    assert json.loads(message(url)) == {"v": 1.5}

    def read(key: str) -> Any:
        return until(lambda: json.loads(s3.get_object(Bucket="heard", Key=key)["Body"].read()))

    assert read("x.json") == {"v": 1.5, "k": "x"}
    [failure] = read("error")["failures"]
    assert (failure["failedAction"], failure["failedResource"]) == ("SqsAction", url)
    assert "sqs:sendmessage" in failure["errorMessage"]
    item = until(lambda: server.client("dynamodb").get_item(TableName="heard", Key={"k": {"S": "x"}}).get("Item"))
    assert item == {"k": {"S": "x"}, "v": {"N": "1.5"}}
    iot.disable_topic_rule(ruleName="all")
    [arn] = [one["ruleArn"] for one in iot.list_topic_rules()["rules"] if one["ruleName"].startswith("heard")]
    tags = {one["Key"]: one["Value"] for one in iot.list_tags_for_resource(resourceArn=arn)["tags"]}
    assert tags["aws:cloudformation:stack-name"] == "heard"
    rules = {one["ruleName"]: one["ruleDisabled"] for one in iot.list_topic_rules()["rules"]}
    assert (rules.pop("all"), rules.pop("again"), list(rules.values())) == (True, False, [False])
    assert iot.get_topic_rule(ruleName="again")["rule"]["errorAction"]["s3"]["key"] == "error"
    iot.delete_topic_rule(ruleName="all")
    stream = {"firehose": {"roleArn": good, "deliveryStreamName": "s"}}
    for asked, match in (
        ({"sql": "SELECT", "actions": []}, "SqlParseException"),
        ({"sql": "SELECT * FROM 'a'", "actions": [stream]}, "the action firehose"),
    ):
        with pytest.raises(ClientError, match=match):
            iot.create_topic_rule(ruleName="none", topicRulePayload=asked)
    with pytest.raises(ClientError, match="UnauthorizedException"):
        iot.get_topic_rule(ruleName="all")
    iot.create_thing(thingName="t")
    assert iot.list_things()["things"][0]["thingName"] == "t"
    deleted(server, "heard")
    assert server.stop() == 0, "".join(server.output)
