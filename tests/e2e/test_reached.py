"""An endpoint that other machines reach: the accounts' own keys that the first start shows, and nobody without one."""

import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.conftest import RUNTIME, Server, package, start

OTHER = "222222222222"
CODE = """
import boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody="m")
    return boto3.client("sts").get_caller_identity()["Arn"]
"""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reached")
    accounts = {"LAMBENT_ACCOUNTS": f"000000000000,{OTHER}"}
    running = start(folder, "--host", "0.0.0.0", "--iam", "enforce", env=accounts)
    yield running
    assert running.stop() == 0, "".join(running.output)


def address() -> str:
    """This machine's address on its network, as others reach it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asks:
        try:
            asks.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(asks.getsockname()[0])


def client(server: Server, service: str, key: str, secret: str) -> Any:
    port = server.endpoint.rpartition(":")[2]
    return boto3.client(
        service, endpoint_url=f"http://{address()}:{port}", region_name="us-east-1", aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}, signature_version="s3v4" if service == "s3" else "v4"),
    )  # fmt: skip


def test_only_who_has_a_key_is_answered(reached: Server) -> None:
    keys = {
        found[1]: found.groups()[1:]
        for line in reached.output
        if (found := re.match(r"  (\d{12})  (\S+)  (\S+)", line))
    }
    mine = keys["000000000000"]
    assert client(reached, "sts", *mine).get_caller_identity()["Account"] == "000000000000"
    assert client(reached, "sts", *keys[OTHER]).get_caller_identity()["Account"] == OTHER
    for key, secret in (("test", "test"), ("000000000000", "x"), (mine[0], "guessed")):
        for service, operation in (("lambda", "list_functions"), ("s3", "list_buckets"), ("dynamodb", "list_tables")):
            with pytest.raises(ClientError) as caught:
                getattr(client(reached, service, key, secret), operation)()
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    for path in (
        "/_lambent/findings",
        "/_lambent/permissions?trail=000000000000",
        "/bucket/key",
        "/moto-api/data.json",
    ):
        url = f"{client(reached, 's3', *mine).meta.endpoint_url}{path}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, timeout=10)
        assert refused.value.code == 403
    assert "findings" in reached.page("findings")

    iam, sqs, functions = (client(reached, name, *mine) for name in ("iam", "sqs", "lambda"))
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}]}
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(may))
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    functions.create_function(
        FunctionName="f", Runtime=RUNTIME, Handler="app.handler", Role=role, Timeout=60, MemorySize=1024,
        Code={"ZipFile": package({"app.py": CODE})},
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    answer = functions.invoke(FunctionName="f", Payload=json.dumps({"queue": queue}))
    assert json.load(answer["Payload"]) == "arn:aws:sts::000000000000:assumed-role/r/f"
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
    with pytest.raises(ClientError):
        client(reached, "lambda", "test", "test").invoke(FunctionName="f", Payload="{}")
    link = client(reached, "s3", *mine)
    link.create_bucket(Bucket="reached")
    link.put_object(Bucket="reached", Key="k", Body=b"v")
    url = link.generate_presigned_url("get_object", Params={"Bucket": "reached", "Key": "k"})
    assert urllib.request.urlopen(url, timeout=10).read() == b"v"
