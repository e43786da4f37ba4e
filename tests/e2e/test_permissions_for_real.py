"""Permissions with real clients: the rows G1-G11 of what AWS does, the four mistakes, KMS' two documents, STS.

One server denies (`enforce`), the shared one reports.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from examples.demo import job
from examples.pdf_manifest import seed
from lambent.model.door import CALLERS
from tests.e2e.clients.installed import files_of, installed
from tests.e2e.conftest import RUNTIME, TEMPLATE, Deploy, Server, package, start

ACCOUNT = "000000000000"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
CODE = """
import boto3, json
from botocore.exceptions import ClientError
def handler(event, context):
    said = []
    for service, operation, params in event:
        try:
            answer = getattr(boto3.client(service), operation)(**params)
            answer.pop("ResponseMetadata", None)
            said.append(["ok", str(answer.get("Arn", ""))])
        except ClientError as error:
            said.append([error.response["Error"]["Code"], error.response["Error"]["Message"]])
    return said
"""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that denies."""
    running = start(tmp_path_factory.mktemp("strict"), "--iam", "enforce")
    yield running
    assert running.stop() == 0, "".join(running.output)


def role(server: Server, name: str, *statements: dict[str, Any], basic: bool = True, trust: Any = TRUST) -> str:
    iam = server.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if basic:
        iam.attach_role_policy(RoleName=name, PolicyArn=BASIC)
    if statements:
        allow(server, name, *statements)
    return arn


def allow(server: Server, name: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | one for one in statements]}
    server.client("iam").put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(document))


def user_key(server: Server, name: str, *statements: dict[str, Any]) -> Credentials:
    """A key of a new user who may do this."""
    server.client("iam").create_user(UserName=name)
    allow_user(server, name, *statements)
    made = server.client("iam").create_access_key(UserName=name)["AccessKey"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


def allow_user(server: Server, name: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | one for one in statements]}
    server.client("iam").put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))


def function(
    server: Server, name: str, role_arn: str, code: str = CODE, files: dict[str, Any] | None = None, **more: Any
) -> None:
    client = server.client("lambda")
    client.create_function(
        FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=role_arn, Timeout=60, MemorySize=1024,
        Code={"ZipFile": package(files or {"app.py": code})}, **more,
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})


def calls(server: Server, name: str, *asked: tuple[str, str, dict[str, Any]]) -> list[tuple[str, str]]:
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(asked))
    said = json.load(answer["Payload"])
    assert isinstance(said, list), said
    return [tuple(one) for one in said]


def findings(server: Server, code: str, about: str = "", seconds: float = 10.0) -> list[dict[str, str]]:
    """Those with that code about a resource (or all); they are found out after the answer."""
    until = time.monotonic() + seconds
    while True:
        said = [one for one in server.page("findings")["findings"] if one["code"] == code]
        found = [one for one in said if about in ("", one["resource"])]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.05)


def test_the_four_mistakes_and_their_mends(strict: Server) -> None:
    """G4, G8, G9: ListBucket missing, the bucket for its objects, the key's two documents, no resource policy."""
    s3, kms = strict.client("s3"), strict.client("kms")
    s3.create_bucket(Bucket="mistakes")
    s3.put_object(Bucket="mistakes", Key="there", Body=b"1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"].hex()
    arn = role(strict, "mistaken", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::mistakes"})
    function(strict, "mistaken", arn)
    get = ("s3", "get_object", {"Bucket": "mistakes", "Key": "there"})
    missing = ("s3", "get_object", {"Bucket": "mistakes", "Key": "missing"})
    listing = ("s3", "list_objects_v2", {"Bucket": "mistakes"})
    encrypt = ("kms", "encrypt", {"KeyId": key, "Plaintext": "x"})
    assert [code for code, _ in calls(strict, "mistaken", get, listing, encrypt)] == [
        "AccessDenied", "AccessDenied", "AccessDeniedException",
    ]  # fmt: skip
    [found] = [one for one in findings(strict, "denied/s3:GetObject") if one["resource"] == arn]
    assert "arn:aws:s3:::mistakes/* is needed" in found["message"]
    objects = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::mistakes/*"}
    allow(strict, "mistaken", objects, {"Action": "kms:Encrypt", "Resource": key})
    said = calls(strict, "mistaken", get, missing, encrypt)
    assert [code for code, _ in said] == ["ok", "AccessDenied", "ok"], "403 for 404 without ListBucket"
    assert "s3:ListBucket" in said[1][1]
    allow(strict, "mistaken", objects, {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::mistakes"})
    assert [code for code, _ in calls(strict, "mistaken", get, missing, listing)] == ["ok", "NoSuchKey", "ok"]
    closed = {
        "Sid": "a",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/admin"},
        "Action": "kms:*",
        "Resource": "*",
    }
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [closed]})
    )
    allow(strict, "mistaken", {"Action": "kms:*", "Resource": "*"})
    [(code, text)] = calls(strict, "mistaken", encrypt)
    assert (code, "no resource-based policy allows the kms:Encrypt action" in text) == ("AccessDeniedException", True)
    assert blob


def test_logs_are_lost_without_the_rights(strict: Server) -> None:
    """G2: the function runs, in silence; with the rights its lines are there."""
    function(strict, "silent", role(strict, "silent", basic=False), code="def handler(event, context): print('said')")
    client, logs = strict.client("lambda"), strict.client("logs")
    answer = client.invoke(FunctionName="silent", LogType="Tail")
    assert (answer["StatusCode"], "FunctionError" in answer, bool(answer["LogResult"])) == (200, False, True)
    assert "logs:CreateLogGroup" in next(
        one["hint"] for one in findings(strict, "logs-lost") if one["resource"].endswith(":role/silent")
    )
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/silent")["logGroups"] == []
    strict.client("iam").attach_role_policy(RoleName="silent", PolicyArn=BASIC)
    client.invoke(FunctionName="silent")
    until = time.monotonic() + 10
    while not (said := logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/silent")["logGroups"]):
        assert time.monotonic() < until
        time.sleep(0.1)
    lines = logs.filter_log_events(logGroupName=said[0]["logGroupName"])["events"]
    assert [one["message"].strip() for one in lines].count("said") == 1


def test_a_batch_answers_what_may_be_read(strict: Server) -> None:
    """A user reads one of two secrets, by their names and by a filter."""
    secrets = strict.client("secretsmanager")
    may, _ = (secrets.create_secret(Name=f"batch-{name}", SecretString=name)["ARN"] for name in ("may", "not"))
    every = {"Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"], "Resource": "*"}
    key = user_key(strict, "batch", every, {"Action": "secretsmanager:Get*", "Resource": may})
    theirs = boto3.client(
        "secretsmanager", endpoint_url=strict.endpoint, region_name="us-east-1",
        aws_access_key_id=key.access_key, aws_secret_access_key=key.secret_key,
    )  # fmt: skip
    for asked in ({"SecretIdList": ["batch-may", "batch-not"]}, {"Filters": [{"Key": "name", "Values": ["batch-"]}]}):
        said = theirs.batch_get_secret_value(**asked)
        assert [one["SecretString"] for one in said["SecretValues"]] == ["may"]
        [error] = said["Errors"]
        assert ("batch-not" in error["SecretId"], error["ErrorCode"]) == (True, "AccessDeniedException")


def test_every_call_is_asked_of_the_role(strict: Server) -> None:
    """G1, G8: the session has the role's name and the function's; an explicit Deny wins."""
    queue = strict.client("sqs").create_queue(QueueName="asked")["QueueUrl"]
    arn = role(strict, "asked", {"Action": "sqs:*", "Resource": "*"})
    function(strict, "asked", arn)
    send = ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "m"})
    who = ("sts", "get_caller_identity", {})
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/asked/asked"
    assert calls(strict, "asked", send, who) == [("ok", ""), ("ok", session)]
    allow(
        strict,
        "asked",
        {"Action": "sqs:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"},
    )
    [(code, text)] = calls(strict, "asked", send)
    assert code == "AccessDenied"
    assert text == (
        f"User: {session} is not authorized to perform: sqs:sendmessage on resource: "
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:asked with an explicit deny in an identity-based policy"
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"Role": f"arn:aws:iam::{ACCOUNT}:role/nobody"},
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
            "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
        ),
        (
            {"TracingConfig": {"Mode": "Active"}},
            "The provided execution role does not have permissions to call PutTraceSegments on XRAY",
        ),
        (
            {"DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"}},
            "The provided execution role does not have permissions to call SendMessage on SQS",
        ),
    ],
)
def test_what_a_function_is_set_to_do_is_asked_of_its_role(strict: Server, options: dict[str, Any], text: str) -> None:
    """G3, G5: rights for the VPC and for X-Ray; that Lambda may assume the role."""
    iam = strict.client("iam")
    try:
        arn = role(strict, "plain")
    except iam.exceptions.EntityAlreadyExistsException:
        arn = f"arn:aws:iam::{ACCOUNT}:role/plain"
    with pytest.raises(ClientError) as caught:
        function(strict, "refused", options.pop("Role", arn), **options)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert caught.value.response["Error"]["Message"] == text


def test_a_mapping_needs_a_role_that_may_read(strict: Server) -> None:
    queue = strict.client("sqs").create_queue(QueueName="read", Attributes={"VisibilityTimeout": "360"})["QueueUrl"]
    source = strict.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    function(strict, "reader", role(strict, "reader"), "def handler(event, context): pass")
    client = strict.client("lambda")
    with pytest.raises(ClientError) as caught:
        client.create_event_source_mapping(FunctionName="reader", EventSourceArn=source)
    text = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    assert caught.value.response["Error"]["Message"] == text
    allow(strict, "reader", {"Action": "sqs:*", "Resource": source})
    made = client.create_event_source_mapping(FunctionName="reader", EventSourceArn=source)["UUID"]

    def comes_to(said: str) -> None:
        until = time.monotonic() + 60
        while all(one.get("LastResult") != said for one in strict.page("mappings")["mappings"]):
            assert time.monotonic() < until, strict.page("mappings")
            time.sleep(0.05)

    strict.client("sqs").send_message(QueueUrl=queue, MessageBody="read with the right")
    comes_to("OK")
    strict.client("iam").delete_role_policy(RoleName="reader", PolicyName="inline")
    strict.client("sqs").send_message(QueueUrl=queue, MessageBody="left where it is")
    comes_to(f"PROBLEM: {text}")
    client.delete_event_source_mapping(UUID=made)


def test_the_trail_and_the_least_policy(strict: Server) -> None:
    """G10, G11: calls as CloudTrail records them; a policy under which the function runs, and `lambent why`."""
    queue = strict.client("sqs").create_queue(QueueName="least")["QueueUrl"]
    arn = role(strict, "least", {"Action": ["sqs:*"], "Resource": "*"})
    function(strict, "least", arn)
    send = ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "m"})
    assert calls(strict, "least", send, ("sns", "list_topics", {}))[0] == ("ok", "")
    events = strict.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ListTopics"}]
    )["Events"]
    said = json.loads(events[0]["CloudTrailEvent"])
    assert (said["errorCode"], said["eventSource"]) == ("AuthorizationError", "sns.amazonaws.com")
    assert said["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/least/least"
    assert events[0]["Username"] == "least"
    why = lambent(strict, "why", said["requestID"])
    assert "because no identity-based policy allows the SNS:ListTopics action" in why
    assert '{"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}' in why
    assert "sns:ListTopics" in lambent(strict, "trail")
    policy = json.loads(lambent(strict, "policy", "least"))
    assert policy["Statement"][-1] == {
        "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [f"arn:aws:sqs:us-east-1:{ACCOUNT}:least"],
    }  # fmt: skip
    reads = "import boto3\ndef handler(event, context): boto3.client('s3').get_object(Bucket='b', Key=event)"
    function(strict, "unrun", arn, reads)
    assert '"arn:aws:s3:::b/*"' in lambent(strict, "policy", "unrun")
    least(strict, "least")
    assert [code for code, _ in calls(strict, "least", send)] == ["ok"]


def least(server: Server, name: str) -> None:
    """The function's role (of the same name) has nothing but the policy that `lambent policy` writes now."""
    iam, document = server.client("iam"), lambent(server, "policy", name)
    iam.detach_role_policy(RoleName=name, PolicyArn=BASIC)
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document)


def test_the_demo_runs_with_the_policy_that_was_written_for_it(strict: Server) -> None:
    """What opens its links counts as its own, as on AWS: they are signed with its role's key."""
    files = dict(seed.made(8))
    role(strict, job.FUNCTION, {"Action": "s3:*", "Resource": "*"})
    job.fill(strict.client("s3"), files, lambda: None)
    client = strict.client("lambda")
    job.deploy(client)
    for cold in (True, False):
        job.open_links(job.read_manifest(job.invoke(client, cold), files), files, lambda: None)
        if cold:
            least(strict, job.FUNCTION)
    written = json.loads(lambent(strict, "policy", job.FUNCTION))
    assert "*" not in [action for one in written["Statement"] for action in one["Action"]]


POWERTOOLS = """
import boto3
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, idempotent

@idempotent(persistence_store=DynamoDBPersistenceLayer(table_name="idempotent"))
def handler(event, context):
    return [parameters.get_parameter("/app/greeting"), parameters.get_secret("app-secret")]
"""


def test_powertools_runs_with_the_policy_that_was_written_for_it(strict: Server) -> None:
    strict.client("ssm").put_parameter(Name="/app/greeting", Value="hello", Type="String")
    strict.client("secretsmanager").create_secret(Name="app-secret", SecretString="shh")
    strict.client("dynamodb").create_table(
        TableName="idempotent", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    all_of = [f"{service}:*" for service in ("dynamodb", "ssm", "secretsmanager")]
    arn = role(strict, "powertools", {"Action": all_of, "Resource": "*"})
    files = {"app.py": POWERTOOLS, **files_of(installed("aws-lambda-powertools>=3,<4"))}
    function(strict, "powertools", arn, files=files)
    client = strict.client("lambda")

    def ask(event: str) -> Any:
        return json.load(client.invoke(FunctionName="powertools", Payload=json.dumps({"id": event}))["Payload"])

    assert ask("one") == ask("one") == ["hello", "shh"]
    least(strict, "powertools")
    assert ask("two") == ask("two") == ["hello", "shh"]
    allow(strict, "powertools", {"Action": ["ssm:*", "secretsmanager:*"], "Resource": "*"})
    assert "dynamodb:PutItem" in ask("three")["errorMessage"]


def lambent(server: Server, *arguments: str) -> str:
    ran = TEMPLATE.run(["--endpoint", server.endpoint, *arguments])
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_what_a_key_keeps_needs_the_key(strict: Server) -> None:
    """Of a topic, a stream, a table, a secret and parameters, by the role's policy and the key's."""
    key = strict.client("kms").create_key()["KeyMetadata"]["Arn"]
    topic = strict.client("sns").create_topic(Name="kept", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    strict.client("kinesis").create_stream(StreamName="kept", ShardCount=1)
    strict.client("kinesis").start_stream_encryption(StreamName="kept", EncryptionType="KMS", KeyId=key)
    for table, more in (("kept", {"KMSMasterKeyId": key}), ("awss", {})):
        strict.client("dynamodb").create_table(
            TableName=table, KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            SSESpecification={"Enabled": True, "SSEType": "KMS", **more},
        )  # fmt: skip
    strict.client("secretsmanager").create_secret(Name="kept", SecretString="s", KmsKeyId=key)
    for name in ("/kept/db", "/kept/own"):
        secure = {"KeyId": key} if name == "/kept/db" else {}
        strict.client("ssm").put_parameter(Name=name, Value="v", Type="SecureString", **secure)
    services = ("sns", "kinesis", "dynamodb", "secretsmanager", "ssm")
    arn = role(strict, "keeps", {"Action": [f"{one}:*" for one in services], "Resource": "*"})
    function(strict, "keeps", arn)
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("sns", "publish", {"TopicArn": topic, "Message": "m"}),
        ("kinesis", "put_record", {"StreamName": "kept", "Data": "d", "PartitionKey": "p"}),
        ("dynamodb", "get_item", {"TableName": "kept", "Key": {"k": {"S": "1"}}}),
        ("dynamodb", "put_item", {"TableName": "kept", "Item": {"k": {"S": "1"}}}),
        ("secretsmanager", "put_secret_value", {"SecretId": "kept", "SecretString": "t"}),
        ("secretsmanager", "create_secret", {"Name": "new", "SecretString": "t", "KmsKeyId": key}),
        ("ssm", "put_parameter", {"Name": "/kept/new", "Value": "v", "Type": "SecureString", "KeyId": key}),
        ("ssm", "get_parameters_by_path", {"Path": "/kept", "WithDecryption": True}),
    ]
    free: list[tuple[str, str, dict[str, Any]]] = [
        ("ssm", "get_parameter", {"Name": "/kept/own", "WithDecryption": True}),
        ("ssm", "get_parameter", {"Name": "/kept/db"}),
        ("dynamodb", "get_item", {"TableName": "awss", "Key": {"k": {"S": "1"}}}),
    ]
    assert [code for code, _ in calls(strict, "keeps", *free)] == ["ok"] * len(free)
    denied = calls(strict, "keeps", *asked)
    assert [(code, "kms:" in text and key in text) for code, text in denied] == [
        ("AuthorizationError" if asked[place][0] == "sns" else "AccessDeniedException", True) for place in range(8)
    ]
    allow(strict, "keeps", {"Action": [f"{one}:*" for one in (*services, "kms")], "Resource": "*"})
    assert [code for code, _ in calls(strict, "keeps", *asked)] == ["ok"] * len(asked)
    written = strict.page("permissions?policy=keeps")["policy"]["Statement"]
    keys = {action: one["Resource"] for one in written for action in one["Action"] if action.startswith("kms:")}
    assert sorted(keys) == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    assert list(keys.values()) == [[key]] * 3


def test_sessions_of_sts(strict: Server) -> None:
    """Who may assume a role, what bounds the session, and that it is signed for."""
    mine = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    arn = role(strict, "assumed", {"Action": "sqs:*", "Resource": "*"}, trust=mine)
    sts = strict.client("sts")
    only = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]}
    given = sts.assume_role(RoleArn=arn, RoleSessionName="jane", Policy=json.dumps(only))
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/assumed/jane"
    sqs = signed(strict, "sqs", given["Credentials"])
    sqs.list_queues()
    with pytest.raises(ClientError, match="no session policy allows the sqs:createqueue action"):
        sqs.create_queue(QueueName="no")
    forged = given["Credentials"] | {"SecretAccessKey": "guessed"}
    with pytest.raises(ClientError, match="signature we calculated does not match"):
        signed(strict, "sqs", forged).list_queues()
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=role(strict, "closed", basic=False), RoleSessionName="jane")
    with pytest.raises(ClientError, match="Syntax errors in policy"):
        sts.assume_role(RoleArn=arn, RoleSessionName="jane", Policy="{}}")
    with pytest.raises(ClientError, match="exceeds the MaxSessionDuration"):
        sts.assume_role(RoleArn=arn, RoleSessionName="jane", DurationSeconds=7_200)
    chained = signed(strict, "sts", sts.get_session_token()["Credentials"])
    assert chained.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        chained.get_session_token()
    with pytest.raises(ClientError, match="Nobody checked the token's signature"):
        sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="jane", WebIdentityToken="a.b.c")
    with pytest.raises(ClientError, match="DecodeAuthorizationMessage"):
        sts.decode_authorization_message(EncodedMessage="x")


def signed(server: Server, service: str, keys: dict[str, Any]) -> Any:
    return boto3.client(
        service, endpoint_url=server.endpoint, region_name="us-east-1",
        aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"), config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip


def test_users_groups_and_boundaries(strict: Server) -> None:
    iam = strict.client("iam")
    lists = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:List*", "Resource": "*"}]}
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=json.dumps(lists))["Policy"]["Arn"]
    iam.create_user(UserName="jane", PermissionsBoundary=bound)
    iam.create_group(GroupName="makers")
    iam.attach_group_policy(GroupName="makers", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    keys = iam.create_access_key(UserName="jane")["AccessKey"]
    sqs = signed(strict, "sqs", keys)
    with pytest.raises(ClientError, match="no identity-based policy allows the sqs:listqueues action"):
        sqs.list_queues()
    iam.add_user_to_group(GroupName="makers", UserName="jane")
    sqs.list_queues()
    with pytest.raises(ClientError, match="no permissions boundary allows the sqs:createqueue action"):
        sqs.create_queue(QueueName="beyond")
    iam.delete_user_permissions_boundary(UserName="jane")
    sqs.create_queue(QueueName="within")
    mine = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    arn = role(strict, "bounded", {"Action": "sqs:*", "Resource": "*"}, trust=mine)
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=bound)
    bounded = strict.client("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    with pytest.raises(ClientError, match="no permissions boundary allows the sqs:createqueue action"):
        signed(strict, "sqs", bounded).create_queue(QueueName="beyond")
    assert signed(strict, "sts", keys).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/jane"


def test_the_cli_and_boto3_assume_a_role_by_its_profile(strict: Server, tmp_path: Path) -> None:
    mine = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    arn = role(strict, "by-profile", trust=mine)
    config = tmp_path / "config"
    config.write_text(
        "[profile base]\nregion=us-east-1\naws_access_key_id=test\naws_secret_access_key=test\n"
        f"[profile acting]\nregion=us-east-1\nrole_arn={arn}\nsource_profile=base\nrole_session_name=cli\n"
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    env = kept | {
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": strict.endpoint,
        "AWS_PROFILE": "acting",
        "HOME": str(tmp_path),
    }
    asks = "import boto3, json; print(json.dumps(boto3.client('sts').get_caller_identity()))"
    for command in (
        [str(Path(sys.executable).parent / "aws"), "sts", "get-caller-identity"],
        [sys.executable, "-c", asks],
    ):
        said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/by-profile/cli"


def test_a_service_is_asked_of_the_functions_policy(strict: Server) -> None:
    """G7, G9: a topic invokes a function whose policy names it, and no other."""
    function(strict, "told", role(strict, "told"))
    lambda_, sns = strict.client("lambda"), strict.client("sns")
    arn = lambda_.get_function(FunctionName="told")["Configuration"]["FunctionArn"]
    topic = sns.create_topic(Name="telling")["TopicArn"]
    lambda_.add_permission(
        FunctionName="told", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com",
        SourceArn=f"{topic}-other",
    )  # fmt: skip
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="m")
    [found] = findings(strict, "denied/lambda:InvokeFunction")
    assert (found["resource"], "ArnLike AWS:SourceArn" in found["message"]) == (arn, True)
    [lost] = findings(strict, "undelivered/sns")
    assert "because no resource-based policy allows the lambda:InvokeFunction action" in lost["message"]


def test_a_report_lets_it_through_and_says_so(server: Server, deploy: Deploy) -> None:
    """G2, G9: a finding with the reason; logs that AWS would lose."""
    queue = server.client("sqs").create_queue(QueueName="reported")["QueueUrl"]
    arn = role(server, "reported", {"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:*:*"}, basic=False)
    name = deploy(CODE, Role=arn, Timeout=60, MemorySize=1024)
    assert calls(server, name, ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "m"})) == [("ok", "")]
    [found] = findings(server, "denied/sqs:SendMessage", arn)
    assert "it names the region eu-west-1, the resource's is us-east-1" in found["message"]
    assert json.loads(found["hint"].partition(": ")[2]) == {
        "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:reported",
    }  # fmt: skip
    assert [one["resource"] for one in findings(server, "logs-lost")] == [arn]


def test_a_bucket_sends_only_to_what_lets_it(strict: Server) -> None:
    s3, sqs = strict.client("s3"), strict.client("sqs")
    s3.create_bucket(Bucket="sends")
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    said = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(Bucket="sends", NotificationConfiguration=said)
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    allowed = {
        "Statement": [
            {**statement, "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::sends"}}}
        ]
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(allowed)})
    s3.put_bucket_notification_configuration(Bucket="sends", NotificationConfiguration=said)
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(message["Body"])["Event"] == "s3:TestEvent"


def test_an_integration_may_what_its_role_may(strict: Server) -> None:
    """The role has to trust API Gateway, and the service asks the role's policies; so does a function."""
    queue = strict.client("sqs").create_queue(QueueName="behind")["QueueUrl"]
    function(strict, "behind", role(strict, "of-behind"), code="def handler(event, context): return 'yes'")
    lambda_arn = strict.client("lambda").get_function(FunctionName="behind")["Configuration"]["FunctionArn"]
    gateway = {**TRUST, "Principal": {"Service": "apigateway.amazonaws.com"}}
    arn = role(strict, "integrating", basic=False, trust=gateway)
    untrusted = role(strict, "not-integrating", basic=False)
    client = strict.client("apigatewayv2")
    api = client.create_api(Name="behind", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    to_queue = {
        "IntegrationSubtype": "SQS-SendMessage", "PayloadFormatVersion": "1.0",
        "RequestParameters": {"QueueUrl": queue, "MessageBody": "$request.body"},
    }  # fmt: skip
    to_function = {"IntegrationUri": lambda_arn, "PayloadFormatVersion": "2.0"}
    for path, one in (
        ("/queue", {**to_queue, "CredentialsArn": arn}),
        ("/untrusted", {**to_queue, "CredentialsArn": untrusted}),
        ("/function", {**to_function, "CredentialsArn": arn}),
        ("/callers", {**to_function, "CredentialsArn": CALLERS}),
    ):
        made = client.create_integration(ApiId=api, IntegrationType="AWS_PROXY", **one)
        client.create_route(
            ApiId=api, RouteKey=f"POST {path}", Target=f"integrations/{made['IntegrationId']}",
            AuthorizationType="AWS_IAM" if path == "/callers" else "NONE",
        )  # fmt: skip

    def ask(path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        return asked(f"{strict.endpoint}/_aws/execute-api/{api}{path}", headers)

    key = user_key(strict, "calling", {"Action": "execute-api:Invoke", "Resource": "*"})

    def signed(path: str) -> int:
        request = AWSRequest("POST", f"{strict.endpoint}/_aws/execute-api/{api}{path}", data=b"[]")
        SigV4Auth(key, "execute-api", "us-east-1").add_auth(request)
        return ask(path, dict(request.headers))[0]

    assert (ask("/callers")[0], signed("/callers")) == (403, 500)
    allow_user(strict, "calling", {"Action": ["execute-api:Invoke", "lambda:InvokeFunction"], "Resource": "*"})
    assert signed("/callers") == 200

    status, body = ask("/queue")
    assert (status, b"AccessDenied" in body) == (403, True)
    assert ask("/untrusted")[0] == ask("/function")[0] == 500
    allow(
        strict, "integrating", {"Action": "sqs:SendMessage", "Resource": "*"},
        {"Action": "lambda:InvokeFunction", "Resource": lambda_arn},
    )  # fmt: skip
    assert [ask(path)[0] for path in ("/queue", "/untrusted", "/function")] == [200, 500, 200]


def asked(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, b"[]", headers or {}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_stacks_and_state_machines_act_for_somebody(strict: Server) -> None:
    """With no right but CloudFormation's nobody makes a role; a stack's role and a machine's are asked of each call."""
    iam = strict.client("iam")
    iam.create_user(UserName="stacker")
    key = iam.create_access_key(UserName="stacker")["AccessKey"]
    services = {"Principal": {"Service": ["cloudformation.amazonaws.com", "states.amazonaws.com"]}}
    deputy = role(strict, "deputy", basic=False, trust={**TRUST, **services})
    may = {"Effect": "Allow", "Action": ["cloudformation:*", "iam:PassRole"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_user_policy(UserName="stacker", PolicyName="p", PolicyDocument=document)
    stacks = boto3.client(
        "cloudformation", endpoint_url=strict.endpoint, region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip
    queue = {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "deputys"}}}
    trusts = {"Version": "2012-10-17", "Statement": [TRUST]}
    admin = {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "pwn", "AssumeRolePolicyDocument": trusts}}}

    def make(name: str, resources: Any, **more: Any) -> str:
        stacks.create_stack(
            StackName=name,
            TemplateBody=json.dumps({"Resources": resources}),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **more,
        )
        until = time.monotonic() + 30
        while stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"].endswith("IN_PROGRESS"):
            assert time.monotonic() < until
            time.sleep(0.1)
        told = stacks.describe_stack_events(StackName=name)["StackEvents"]
        return next((one["ResourceStatusReason"] for one in told if one["ResourceStatus"] == "CREATE_FAILED"), "")

    denied = make("own", admin)
    assert (
        "user/stacker is not authorized to perform: iam:CreateRole on resource" in denied and "AccessDenied" in denied
    )
    assert "assumed-role/deputy/AWSCloudFormation is not authorized" in make("poor", queue, RoleARN=deputy)
    with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
        make("none", queue, RoleARN=role(strict, "untrusting"))
    machines = strict.client("stepfunctions")
    states = {
        "A": {
            "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:createQueue", "Parameters": {"QueueName": "q"},
            "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "B"}], "End": True,
        },
        "B": {"Type": "Pass", "End": True},
    }  # fmt: skip
    machine = {"name": "m", "definition": json.dumps({"StartAt": "A", "States": states})}
    with pytest.raises(ClientError, match="is authorized to assume the provided role"):
        machines.create_state_machine(**machine, roleArn=f"arn:aws:iam::{ACCOUNT}:role/untrusting")
    arn = machines.create_state_machine(**machine, roleArn=deputy)["stateMachineArn"]
    said = [_executed(machines, arn)]
    allow(strict, "deputy", {"Action": "sqs:*", "Resource": "*"})
    said.append(_executed(machines, arn))
    assert "assumed-role/deputy/" in said[0] and "sqs:createqueue" in said[0] and "QueueUrl" in said[1]
    assert make("good", queue, RoleARN=deputy) == ""


def _executed(machines: Any, arn: str) -> str:
    """What an execution answers."""
    execution = machines.start_execution(stateMachineArn=arn)["executionArn"]
    until = time.monotonic() + 30
    while (said := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert said["status"] == "SUCCEEDED", said
    return str(said["output"])
