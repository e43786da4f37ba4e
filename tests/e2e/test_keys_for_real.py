"""Access keys through a crash: who has one stays who they are, and who has none is nobody."""

import json
import signal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.conftest import Server, start

ACCOUNT = "000000000000"
MADE_UP = ("AKIAIOSFODNN7EXAMPLE", "secret")
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}})
TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}


def client(server: Server, service: str, *keys: str) -> Any:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    config = Config(retries={"max_attempts": 0})
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        config=config,
        **dict(zip(names, keys, strict=False)),
    )


def who(server: Server, *keys: str) -> str:
    try:
        return str(client(server, "sts", *keys).get_caller_identity()["Arn"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def given(server: Server, name: str) -> tuple[str, str]:
    iam = server.client("iam")
    iam.create_user(UserName=name, Path="/team/")
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=ALLOW)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_keys_are_whose_they_were_after_a_crash(tmp_path: Path) -> None:
    server = start(tmp_path / "data", "--iam", "enforce")
    try:
        iam = server.client("iam")
        used, inactive, deleted = (given(server, name) for name in ("used", "inactive", "deleted"))
        trust = json.dumps({"Version": "2012-10-17", "Statement": TRUST})
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        said = client(server, "sts", *used).assume_role(RoleArn=role, RoleSessionName="name")["Credentials"]
        session = (said["AccessKeyId"], said["SecretAccessKey"], said["SessionToken"])
        iam.update_access_key(UserName="inactive", AccessKeyId=inactive[0], Status="Inactive")
        iam.delete_access_key(UserName="deleted", AccessKeyId=deleted[0])
        last = iam.create_access_key(UserName="used")["AccessKey"]
    finally:
        server.stop(signal.SIGKILL)
    server = start(tmp_path / "data", "--iam", "enforce")
    try:
        arn = f"arn:aws:iam::{ACCOUNT}:user/team/used"
        assert [who(server, *used), who(server, last["AccessKeyId"], last["SecretAccessKey"])] == [arn, arn]
        assert who(server, *session) == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/name"
        assert who(server, used[0], "forged") == "SignatureDoesNotMatch"
        for keys in (inactive, deleted, MADE_UP, session[:2]):
            assert who(server, *keys) == "InvalidClientTokenId"
        assert who(server, "test", "test") == f"arn:aws:iam::{ACCOUNT}:root"
        with pytest.raises(ClientError, match="is not authorized to perform: iam:CreateUser"):
            client(server, "iam", *used).create_user(UserName="more")
    finally:
        assert server.stop() == 0, "".join(server.output)
