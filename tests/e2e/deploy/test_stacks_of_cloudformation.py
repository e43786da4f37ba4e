"""Stacks, by boto3 and the AWS CLI: what they say is there, is there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import RUNTIME, Server
from tests.e2e.deploy import every_type
from tests.e2e.deploy.stacks import deleted, made, settled, template, told

ARN = "arn:aws:{}:us-east-1:000000000000:{}"
APP = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handler
      Environment: {Variables: {STAGE: !Ref Stage, ANSWERS: !Ref Answers}}
      Policies: [SQSSendMessagePolicy: {QueueName: !GetAtt Answers.QueueName}]
      InlineCode: |
        import boto3, os
        def handler(event, context):
            for record in event["Records"]:
                said = os.environ["STAGE"] + record["body"]
                boto3.client("sqs").send_message(QueueUrl=os.environ["ANSWERS"], MessageBody=said)
      Events:
        Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 1}}
  Queue: {Type: AWS::SQS::Queue}
  Answers: {Type: AWS::SQS::Queue}
Outputs:
  Queue: {Value: !Ref Queue}
  Answers: {Value: !Ref Answers}
""".replace("RUNTIME", RUNTIME)


def answer(server: Server, outputs: dict[str, str], said: str) -> str:
    sqs = server.client("sqs")
    sqs.send_message(QueueUrl=outputs["Queue"], MessageBody=said)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        got = sqs.receive_message(QueueUrl=outputs["Answers"], WaitTimeSeconds=5).get("Messages")
        if got:
            sqs.delete_message(QueueUrl=outputs["Answers"], ReceiptHandle=got[0]["ReceiptHandle"])
            return str(got[0]["Body"])
    raise AssertionError("nothing came")


def test_a_serverless_application_is_deployed_driven_updated_and_deleted(server: Server, tmp_path: Path) -> None:
    """By `aws cloudformation deploy`: a change set each time."""
    (tmp_path / "app.yaml").write_text(APP)
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": server.endpoint}

    def deploy(*more: str) -> str:
        command = [Path(sys.executable).with_name("aws"), "cloudformation", "deploy", "--stack-name", "application"]
        command += [
            "--template-file",
            "app.yaml",
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-fail-on-empty-changeset",
            *more,
        ]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, [event for event in told(server, "application") if "FAILED" in event[1]]
        return done.stdout

    assert "Successfully created/updated stack" in deploy()
    outputs = {one["OutputKey"]: one["OutputValue"] for one in settled(server, "application")["Outputs"]}
    assert answer(server, outputs, "1") == "dev1"
    assert "No changes to deploy" in deploy()
    deploy("--parameter-overrides", "Stage=prod")
    assert answer(server, outputs, "2") == "prod2"
    deleted(server, "application")
    assert not [
        one for one in server.client("lambda").list_functions()["Functions"] if "application" in one["FunctionName"]
    ]


def test_a_resource_of_every_kind_is_made_changed_and_deleted(server: Server) -> None:
    made(server, "every", template(every_type.RESOURCES), Tags=[{"Key": "team", "Value": "x"}])
    cloudformation = server.client("cloudformation")
    function = cloudformation.describe_stack_resource(StackName="every", LogicalResourceId="F")
    name = function["StackResourceDetail"]["PhysicalResourceId"]
    tags = server.client("lambda").list_tags(Resource=ARN.format("lambda", f"function:{name}"))["Tags"]
    assert tags["aws:cloudformation:logical-id"] == "F" and (tags["team"], tags["a"]) == ("x", "b")
    cloudformation.update_stack(
        StackName="every", TemplateBody=template(every_type.updated()), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    assert settled(server, "every")["StackStatus"] == "UPDATE_COMPLETE", told(server, "every")
    assert server.client("lambda").get_function_configuration(FunctionName=name)["Timeout"] == 20
    edge = server.client("cloudfront")
    [listed] = edge.list_distributions()["DistributionList"]["Items"]
    said = edge.get_distribution_config(Id=listed["Id"])["DistributionConfig"]
    behavior, [origin] = said["DefaultCacheBehavior"], said["Origins"]["Items"]
    assert (said["Comment"], said["Aliases"]["Items"]) == ("changed", ["a.example.com"])
    assert behavior["AllowedMethods"]["CachedMethods"]["Items"] == ["GET", "HEAD"]
    assert behavior["FunctionAssociations"]["Items"][0]["FunctionARN"].endswith(":function/edge")
    assert origin["OriginAccessControlId"]
    deleted(server, "every")
    assert "Items" not in edge.list_distributions()["DistributionList"]


def test_a_failure_takes_everything_back_with_the_reason_of_the_service(server: Server) -> None:
    resources = {
        "B": {"Type": "AWS::S3::Bucket"},
        "S": {
            "Type": "AWS::EC2::Subnet",
            "DependsOn": "B",
            "Properties": {"VpcId": "vpc-none", "CidrBlock": "10.0.0.0/24"},
        },
    }
    server.client("cloudformation").create_stack(StackName="half-way", TemplateBody=template(resources))
    assert settled(server, "half-way")["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = {(name, status): reason for name, status, reason in told(server, "half-way")}
    assert reasons["S", "CREATE_FAILED"].startswith('Resource handler returned message: "')
    assert not [one for one in server.client("s3").list_buckets()["Buckets"] if one["Name"].startswith("half-way")]
    deleted(server, "half-way")


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("AWS::AppConfig::Application", {"Name": "x"}, "does not make AWS::AppConfig::Application"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {}}, "does not support ReplicationConfiguration"),
        ("AWS::Lambda::Function", {}, "#: required key [Code] not found"),
    ],
)
def test_what_is_not_made_here_fails_by_name(
    server: Server, kind: str, properties: dict[str, Any], reason: str
) -> None:
    name = f"unmade-{kind.replace(':', '')}"
    body = template({"R": {"Type": kind, "Properties": properties}})
    server.client("cloudformation").create_stack(StackName=name, TemplateBody=body)
    assert settled(server, name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(reason in said for _, _, said in told(server, name))


def test_links_to_this_machine_name_a_bucket_and_stacks_lie_in_stacks(server: Server) -> None:
    cloudformation, s3 = server.client("cloudformation"), server.client("s3")
    s3.create_bucket(Bucket="templates")
    inner = template({"Q": {"Type": "AWS::SQS::Queue"}}, Outputs={"Arn": {"Value": {"Fn::GetAtt": "Q.Arn"}}})
    s3.put_object(Bucket="templates", Key="a/inner.json", Body=inner)
    url = f"{server.endpoint}/templates/a/inner.json"
    nested = {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
    outputs = made(server, "outer", template(nested, Outputs={"O": {"Value": {"Fn::GetAtt": "N.Outputs.Arn"}}}))
    assert outputs["O"].startswith(ARN.format("sqs", "outer-N-"))
    deleted(server, "outer")
    assert not [one for one in server.client("sqs").list_queues().get("QueueUrls", []) if "/outer-N" in one]
    with pytest.raises(ClientError, match="key does not exist"):
        cloudformation.create_stack(StackName="nothing", TemplateURL=f"{server.endpoint}/templates/none.json")


def test_what_is_not_here_is_refused_by_name(server: Server) -> None:
    cloudformation = server.client("cloudformation")
    for call, params in (
        (cloudformation.create_stack_set, {"StackSetName": "s", "TemplateBody": "{}"}),
        (cloudformation.detect_stack_drift, {"StackName": "s"}),
        (cloudformation.list_types, {}),
    ):
        with pytest.raises(ClientError) as refused:
            call(**params)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError, match="Stack with id none does not exist"):
        cloudformation.describe_stacks(StackName="none")
    role = template({"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}})
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_IAM\]") as caught:
        cloudformation.create_stack(StackName="role", TemplateBody=role)
    assert caught.value.response["Error"]["Code"] == "InsufficientCapabilitiesException"


def test_a_stack_that_was_under_way_when_the_server_was_killed_is_brought_to_its_end(
    own_server: Callable[..., Server],
) -> None:
    first = own_server()
    queues = {f"Q{n}": {"Type": "AWS::SQS::Queue", "DependsOn": f"Q{n - 1}"} for n in range(1, 60)}
    body = template({"Q0": {"Type": "AWS::SQS::Queue"}, **queues})
    first.client("cloudformation").create_stack(StackName="killed", TemplateBody=body)
    while len(first.client("sqs").list_queues().get("QueueUrls", [])) < 5:
        time.sleep(0.005)
    first.stop(signal.SIGKILL)
    second = own_server()
    assert settled(second, "killed")["StackStatus"] == "CREATE_COMPLETE", told(second, "killed")
    urls = second.client("sqs").list_queues()["QueueUrls"]
    named = second.client("cloudformation").describe_stack_resources(StackName="killed")["StackResources"]
    assert len(urls) == 60 and {one["PhysicalResourceId"].rpartition("/")[2] for one in named} == {
        url.rpartition("/")[2] for url in urls
    }
    said = json.dumps([one[1] for one in told(second, "killed")])
    assert said.count("FAILED") == 0
