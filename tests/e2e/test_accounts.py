"""What a function can do with keys that it was not given, as docs/isolation.md has it."""

import json

import boto3

from tests.e2e.conftest import Deploy, Server, package
from tools.keys import CODE, EXPECTED

TRUSTED = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
CLOSED = TRUSTED | {"Principal": {"AWS": "arn:aws:iam::333333333333:root"}}


def test_a_function_acts_in_its_own_account_only(server: Server, deploy: Deploy) -> None:
    theirs = {"endpoint_url": server.endpoint, "region_name": "us-east-1", "aws_secret_access_key": "x"}
    other = {
        service: boto3.client(service, aws_access_key_id="222222222222", **theirs) for service in ("iam", "sqs", "s3")
    }
    roles = {"trusting": TRUSTED, "closed": CLOSED}
    for name, statement in roles.items():
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        other["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=document)
    queue = other["sqs"].create_queue(QueueName="theirs")["QueueUrl"]
    twin = boto3.client("lambda", aws_access_key_id="222222222222", **theirs)
    function = deploy(CODE, Timeout=60, MemorySize=1024)
    code = server.client("lambda").get_function(FunctionName=function)["Configuration"]
    package_of_twin = {
        "Runtime": code["Runtime"],
        "Handler": "app.handler",
        "Role": "arn:aws:iam::222222222222:role/closed",
    }
    twin.create_function(FunctionName="twin", Code={"ZipFile": package({"app.py": ""})}, **package_of_twin)
    s3 = server.client("s3")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="a", Body=b"a")
    try:
        links = {
            name: client.generate_presigned_url("get_object", Params={"Bucket": "shared", "Key": "a"})
            for name, client in (("link", s3), ("other_link", other["s3"]))
        }
        event = {name: link.removeprefix(server.endpoint) for name, link in links.items()}
        answer = server.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        said = json.load(answer["Payload"])
        assert said == {name: code for name, (code, _) in EXPECTED.items()}
    finally:
        twin.delete_function(FunctionName="twin")
        other["sqs"].delete_queue(QueueUrl=queue)
        s3.delete_object(Bucket="shared", Key="a")
        s3.delete_bucket(Bucket="shared")
        for name in roles:
            other["iam"].delete_role(RoleName=name)
