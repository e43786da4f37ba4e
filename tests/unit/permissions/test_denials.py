"""What the errors of denials say, service by service, and what is held against policies where nothing in particular is
asked for. The texts are those that users of AWS report (denials.json has where)."""

import json
import re
from typing import Any

import pytest

from lambent.model.credentials import Held
from lambent.model.scope import Caller, Scope
from lambent.permissions.refusals import refusal
from lambent.topics import policies
from lambent.wire import service as wire_service
from lambent.wire.fault import Fault
from tests.unit.permissions.test_gate import ACCOUNT, PLAIN, ROLE, SESSION, World

R = "us-east-1"
HERE = f"{R}:{ACCOUNT}"
WHO = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/f"
TEXTS: list[tuple[str, str, dict[str, Any], str, int, str]] = [
    ("lambda", "Invoke", {"FunctionName": "f"}, "AccessDeniedException", 403,
     f"lambda:InvokeFunction on resource: arn:aws:lambda:{HERE}:function:f"),
    ("lambda", "ListFunctions", {}, "AccessDeniedException", 403, "lambda:ListFunctions on resource: *"),
    ("s3", "GetObject", {"Bucket": "b", "Key": "a k"}, "AccessDenied", 403,
     's3:GetObject on resource: "arn:aws:s3:::b/a k"'),
    ("s3", "ListBuckets", {}, "AccessDenied", 403, "s3:ListAllMyBuckets"),
    ("sqs", "SendMessageBatch", {"QueueUrl": f"http://h/{ACCOUNT}/q"}, "AccessDenied", 403,
     f"sqs:sendmessage on resource: arn:aws:sqs:{HERE}:q"),
    ("sqs", "ListQueues", {}, "AccessDenied", 403, f"sqs:listqueues on resource: arn:aws:sqs:{HERE}:"),
    ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, "AuthorizationError", 403,
     f"SNS:Publish on resource: arn:aws:sns:{HERE}:t"),
    ("sns", "Publish", {"PhoneNumber": "+358401"}, "AuthorizationError", 403, "SNS:Publish on resource: +358401"),
    ("sns", "ListTopics", {}, "AuthorizationError", 403, f"SNS:ListTopics on resource: arn:aws:sns:{HERE}:*"),
    ("dynamodb", "GetItem", {"TableName": "t"}, "AccessDeniedException", 400,
     f"dynamodb:GetItem on resource: arn:aws:dynamodb:{HERE}:table/t"),
    ("dynamodb", "ListTables", {}, "AccessDeniedException", 400,
     f"dynamodb:ListTables on resource: arn:aws:dynamodb:{HERE}:table/*"),
    ("kinesis", "ListShards", {"StreamName": "s"}, "AccessDeniedException", 400,
     f"kinesis:ListShards on resource: arn:aws:kinesis:{HERE}:stream/s"),
    ("kms", "ListKeys", {}, "AccessDeniedException", 400, "kms:ListKeys on resource: *"),
    ("kms", "CreateKey", {}, "AccessDeniedException", 400, "kms:CreateKey on resource: *"),
    ("secretsmanager", "GetSecretValue", {"SecretId": "none"}, "AccessDeniedException", 400,
     "secretsmanager:GetSecretValue on resource: none"),
    ("secretsmanager", "GetSecretValue", {"SecretId": "db"}, "AccessDeniedException", 400,
     f"secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:{HERE}:secret:db-a1b2c3"),
    ("secretsmanager", "CreateSecret", {"Name": "none"}, "AccessDeniedException", 400,
     "secretsmanager:CreateSecret on resource: none"),
    ("secretsmanager", "ListSecrets", {}, "AccessDeniedException", 400, "secretsmanager:ListSecrets"),
    ("ssm", "DescribeParameters", {}, "AccessDeniedException", 400,
     f"ssm:DescribeParameters on resource: arn:aws:ssm:{HERE}:*"),
    ("ssm", "GetParameter", {"Name": "/a/b"}, "AccessDeniedException", 400,
     f"ssm:GetParameter on resource: arn:aws:ssm:{HERE}:parameter/a/b"),
    ("stepfunctions", "ListStateMachines", {}, "AccessDeniedException", 400,
     f"states:ListStateMachines on resource: arn:aws:states:{HERE}:stateMachine:*"),
    ("events", "ListRules", {}, "AccessDeniedException", 400,
     f"events:ListRules on resource: arn:aws:events:{HERE}:rule/*"),
    ("scheduler", "GetSchedule", {"Name": "s"}, "AccessDeniedException", 403,
     f"scheduler:GetSchedule on resource: arn:aws:scheduler:{HERE}:schedule/default/s"),
    ("logs", "DescribeLogGroups", {}, "AccessDeniedException", 400,
     f"logs:DescribeLogGroups on resource: arn:aws:logs:{HERE}:log-group::log-stream:"),
    ("logs", "FilterLogEvents", {"logGroupName": "g"}, "AccessDeniedException", 400,
     f"logs:FilterLogEvents on resource: arn:aws:logs:{HERE}:log-group:g:log-stream:"),
    ("cloudwatch", "PutMetricData", {}, "AccessDenied", 403, "cloudwatch:PutMetricData"),
    ("xray", "PutTraceSegments", {}, "AccessDeniedException", 403, "xray:PutTraceSegments"),
    ("apigateway", "GetRestApis", {}, "AccessDeniedException", 403,
     f"apigateway:GET on resource: arn:aws:apigateway:{R}::/restapis"),
    ("cloudformation", "ListStacks", {}, "AccessDenied", 403,
     f"cloudformation:ListStacks on resource: arn:aws:cloudformation:{HERE}:stack/*/*"),
    ("cloudformation", "DescribeStacks", {"StackName": "s"}, "AccessDenied", 403,
     f"cloudformation:DescribeStacks on resource: arn:aws:cloudformation:{HERE}:stack/s/*"),
    ("cloudformation", "ValidateTemplate", {}, "AccessDenied", 403, "cloudformation:ValidateTemplate"),
    ("ecr", "GetAuthorizationToken", {}, "AccessDeniedException", 400, "ecr:GetAuthorizationToken on resource: *"),
    ("ecr", "DescribeRepositories", {}, "AccessDeniedException", 400,
     f"ecr:DescribeRepositories on resource: arn:aws:ecr:{HERE}:repository/*"),
    ("iam", "ListUsers", {}, "AccessDenied", 403, f"iam:ListUsers on resource: arn:aws:iam::{ACCOUNT}:user/"),
    ("iam", "ListPolicies", {}, "AccessDenied", 403, "iam:ListPolicies on resource: policy path /"),
    ("iam", "CreateAccessKey", {"UserName": "al"}, "AccessDenied", 403, "iam:CreateAccessKey on resource: user al"),
    ("iam", "AttachRolePolicy", {"RoleName": "r"}, "AccessDenied", 403, "iam:AttachRolePolicy on resource: role r"),
    ("iam", "AddUserToGroup", {"GroupName": "g"}, "AccessDenied", 403, "iam:AddUserToGroup on resource: group g"),
    ("iam", "GetInstanceProfile", {"InstanceProfileName": "p"}, "AccessDenied", 403,
     "iam:GetInstanceProfile on resource: instance profile p"),
    ("iam", "CreatePolicy", {"PolicyName": "p"}, "AccessDenied", 403, "iam:CreatePolicy on resource: policy p"),
    ("iam", "GetPolicy", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}, "AccessDenied", 403,
     f"iam:GetPolicy on resource: policy arn:aws:iam::{ACCOUNT}:policy/p"),
    ("iam", "CreateRole", {"RoleName": "r"}, "AccessDenied", 403,
     f"iam:CreateRole on resource: arn:aws:iam::{ACCOUNT}:role/r"),
    ("tag", "GetResources", {}, "AccessDeniedException", 400, "tag:GetResources"),
    ("cognito-idp", "ListUserPools", {}, "AccessDeniedException", 400, "cognito-idp:ListUserPools on resource: *"),
    ("ecs", "ListClusters", {}, "AccessDeniedException", 400, "ecs:ListClusters on resource: *"),
    ("rds", "DescribeDBInstances", {}, "AccessDenied", 403,
     f"rds:DescribeDBInstances on resource: arn:aws:rds:{HERE}:db:*"),
]  # fmt: skip
NAMES = {"tag": "resourcegroupstaggingapi"}


def denial(world: World, service: str, operation: str, params: dict[str, Any], caller: Caller = SESSION) -> Fault:
    with pytest.raises(Fault) as caught:
        world.call(caller, operation, params, NAMES.get(service, service))
    return caught.value


@pytest.mark.parametrize(("service", "operation", "params", "code", "status", "what"), TEXTS)
def test_the_text_of_a_denial(
    service: str, operation: str, params: dict[str, Any], code: str, status: int, what: str
) -> None:
    fault = denial(World(mode="enforce"), service, operation, params)
    action = what.partition(" ")[0]
    why = f"because no identity-based policy allows the {action} action"
    assert (fault.code, fault.status) == (code, status)
    assert fault.message == f"User: {WHO} is not authorized to perform: {what} {why}"


def test_ec2_says_so_first() -> None:
    fault = denial(World(mode="enforce"), "ec2", "DescribeVpcs", {})
    assert (fault.code, fault.status) == ("UnauthorizedOperation", 403)
    assert fault.message == (
        f"You are not authorized to perform this operation. User: {WHO} is not authorized to perform: "
        "ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action"
    )


def test_a_service_that_is_not_known_denies_in_json() -> None:
    assert refusal(None, "no").code == "AccessDeniedException"


DENY = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def test_a_managed_policy_that_denies_is_called_by_its_arn() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/no"

    class Managed(World):
        async def ask(self, service: str, operation: str, params: Any, scope: Scope) -> dict[str, Any] | None:
            said = await super().ask(service, operation, params, scope)
            if operation == "GetAccountAuthorizationDetails" and said is not None:
                said["RoleDetailList"] = [{"Arn": ROLE, "AttachedManagedPolicies": [{"PolicyArn": arn}]}]
                version = {"Document": {"Version": "2012-10-17", "Statement": DENY}, "IsDefaultVersion": True}
                said["Policies"] = [{"Arn": arn, "DefaultVersionId": "v1", "PolicyVersionList": [version]}]
            return said

    world = Managed(mode="enforce")
    world.managed = [DENY]
    assert str(denial(world, "sqs", "ListQueues", {}).message).endswith(
        f"with an explicit deny in an identity-based policy: {arn}"
    )
    assert str(denial(World(DENY, mode="enforce"), "sqs", "ListQueues", {}).message).endswith(
        "with an explicit deny in an identity-based policy"
    )


@pytest.mark.parametrize(
    ("service", "operation", "resource", "allowed"),
    [
        ("sqs", "ListQueues", "arn:aws:sqs:*:*:*", True),
        ("sqs", "ListQueues", f"arn:aws:sqs:{HERE}:q", False),
        ("sns", "ListTopics", f"arn:aws:sns:{R}:*:*", True),
        ("dynamodb", "ListTables", f"arn:aws:dynamodb:{HERE}:table/*", True),
        ("dynamodb", "ListTables", f"arn:aws:dynamodb:{HERE}:table/t", False),
        ("logs", "DescribeLogGroups", f"arn:aws:logs:{HERE}:*", True),
        ("logs", "DescribeLogGroups", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/*", False),
        ("ssm", "DescribeParameters", f"arn:aws:ssm:{HERE}:*", True),
        ("ssm", "DescribeParameters", f"arn:aws:ssm:{HERE}:parameter/*", False),
        ("lambda", "ListFunctions", "arn:aws:lambda:*:*:*", False),
        ("s3", "ListBuckets", "arn:aws:s3:::*", False),
        ("kms", "ListKeys", "arn:aws:kms:*:*:*", False),
        ("iam", "ListRoles", f"arn:aws:iam::{ACCOUNT}:role/*", True),
    ],
)
def test_what_is_asked_for_at_large_is_held_against_policies_as_aws_does(
    service: str, operation: str, resource: str, allowed: bool
) -> None:
    world = World({"Effect": "Allow", "Action": "*", "Resource": resource}, mode="enforce")
    assert world.allows(SESSION, operation, {}, service) is allowed


def test_a_message_to_a_phone_is_about_no_topic() -> None:
    topics = World({"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:*:*"}, mode="enforce")
    assert not topics.allows(SESSION, "Publish", {"PhoneNumber": "+358401"}, "sns")
    anything = World({"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}, mode="enforce")
    assert anything.allows(SESSION, "Publish", {"PhoneNumber": "+358401"}, "sns")


def test_the_least_that_allows_what_is_asked_for_at_large_names_everything() -> None:
    world = World({"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:{HERE}:q"})
    world.call(SESSION, "ListQueues", {}, "sqs")
    [finding] = world.findings.values()
    assert "this action is about no single resource: * is needed" in finding.message
    assert json.loads(re.sub("^[^{]*", "", finding.hint or ""))["Resource"] == "*"


def test_the_policy_that_a_topic_has_at_first_lets_in_its_owner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles and users need sns:Publish of their own.

    Source: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.iam.permissions.html
    """
    topic = f"arn:aws:sns:{HERE}:t"
    policy = json.dumps(policies.default(Scope(ACCOUNT), topic))
    monkeypatch.setitem(PLAIN, "GetTopicAttributes", {"Attributes": {"Policy": policy}})
    asked = {"TopicArn": topic, "Message": "m"}
    assert not World(mode="enforce").allows(SESSION, "Publish", asked, "sns")
    user = Caller(Scope(ACCOUNT), "id", "AKIA1", held=Held("s", ACCOUNT, user=f"arn:aws:iam::{ACCOUNT}:user/u"))
    assert not World(mode="enforce").allows(user, "Publish", asked, "sns")
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    assert World(publish, mode="enforce").allows(SESSION, "Publish", asked, "sns")


def test_every_service_of_wire_words_a_denial() -> None:
    for name in ("sqs", "s3", "lambda", "dynamodb", "ec2", "iam", "cloudformation"):
        assert refusal(wire_service.load(name), "text").status in (400, 403)
