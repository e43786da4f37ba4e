"""`check --running`, `watch` and `torture` against a real server: what is deployed, what happens, what is left."""

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.conftest import RUNTIME, TEMPLATE, Server

ACCOUNT = "555566667777"
EXAMPLES = Path(__file__).parents[3] / "examples/footguns"
GET_THEN_PUT = """
import os
import boto3

ddb, sqs = boto3.client("dynamodb"), boto3.client("sqs")


def handler(event, context):
    print("key", os.environ["API_KEY"])
    for record in event["Records"]:
        if ddb.get_item(TableName="seen", Key={"id": {"S": record["messageId"]}}).get("Item"):
            continue
        sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=record["body"])
        ddb.put_item(TableName="seen", Item={"id": {"S": record["messageId"]}})
"""
CONDITION = """
import boto3

ddb, s3 = boto3.client("dynamodb"), boto3.client("s3")


def handler(event, context):
    for record in event["Records"]:
        s3.put_object(Bucket="watched-receipts", Key=record["messageId"], Body=record["body"].encode())
        ddb.put_item(TableName="seen", Item={"id": {"S": record["messageId"]}, "body": {"S": record["body"]}})
"""
HASHES = """
import hashlib


def handler(event, context):
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 100_000)
"""
SENDER = """
import os
import boto3

sqs = boto3.client("sqs")


def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=event["Records"][0]["body"])
"""
FOLLOWER = """
import os
import boto3

s3 = boto3.client("s3")


def handler(event, context):
    for record in event["Records"]:
        key = record["body"] + (record["messageId"] if os.environ.get("ANEW") else "")
        s3.put_object(Bucket="watched-receipts", Key=key, Body=b"sent")
"""
EVENT = {"Records": [{"messageId": "m-1", "body": "one", "eventSourceARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"}]}


class Account:
    """An account of the server's, and `lambent` in it."""

    def __init__(self, server: Server, home: Path) -> None:
        self._server = server
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBENT_"))}
        keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": server.endpoint}
        self._environ = {**environ, **keys, "AWS_REGION": "us-east-1", "HOME": str(home)}
        self.home = home

    def client(self, service: str, account: str = ACCOUNT) -> Any:
        return boto3.client(
            service, endpoint_url=self._server.endpoint, region_name="us-east-1", aws_access_key_id=account,
            aws_secret_access_key="x",
        )  # fmt: skip

    def deploy(self, name: str, source: str, **variables: str) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as target:
            entry = zipfile.ZipInfo("app.py")
            entry.external_attr = 0o644 << 16
            target.writestr(entry, source)
        client = self.client("lambda")
        client.create_function(
            FunctionName=name, Runtime=RUNTIME, Handler="app.handler", Role=f"arn:aws:iam::{ACCOUNT}:role/r",
            Code={"ZipFile": made.getvalue()}, Timeout=30, MemorySize=512, Environment={"Variables": variables},
        )  # fmt: skip
        client.get_waiter("function_active_v2").wait(FunctionName=name)

    def lambent(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return TEMPLATE.run(arguments, self._environ, given, seconds=150)


@pytest.fixture(scope="module")
def account(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    made = Account(server, tmp_path_factory.mktemp("home"))
    queue = made.client("sqs").create_queue(QueueName="out")["QueueUrl"]
    jobs = made.client("sqs").create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    key = {"AttributeName": "id"}
    made.client("dynamodb").create_table(
        TableName="seen", KeySchema=[{**key, "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
    )  # fmt: skip
    made.client("s3").create_bucket(Bucket="watched-receipts")
    made.deploy("guarded", GET_THEN_PUT, QUEUE=queue, API_KEY="a-secret-of-this-test")
    made.deploy("repeatable", CONDITION)
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
    made.client("lambda").create_event_source_mapping(FunctionName="guarded", EventSourceArn=arn, Enabled=False)
    yield made
    made.client("sqs").delete_queue(QueueUrl=jobs)


def test_what_is_deployed_is_checked(account: Account) -> None:
    done = account.lambent("check", "--running", "--format", "json")
    said = json.loads(done.stdout)
    found = {(one["code"], one["path"], one["function"]) for one in said["findings"]}
    assert ("ASY006", "code/guarded.zip/app.py", "guarded") in found, done.stdout
    assert ("ESM001", "deployed.json", None) in found or any(code == "ESM001" for code, _, _ in found)
    assert done.returncode == 1 and said["not_read"] == []


@pytest.mark.parametrize("example", ["recursion", "idempotency"])
def test_what_is_deployed_has_the_footguns_of_its_template(account: Account, example: str) -> None:
    source = EXAMPLES / example / "bad"
    asked = ("--all", "--format", "json", "--fail-on", "never", "--ignore", "OBS007")  # which is told once in all
    read = json.loads(account.lambent("check", str(source), *asked).stdout)["findings"]
    done = account.lambent("deploy", str(source), "--name", f"read-{example}")
    assert done.returncode == 0, done.stderr
    resource = account.client("cloudformation").describe_stack_resource(
        StackName=f"read-{example}", LogicalResourceId="Function"
    )
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    only = ("--running", "--function", name)
    deployed = json.loads(account.lambent("check", *only, *asked).stdout)["findings"]
    assert footguns(deployed) == footguns(read) and read


def footguns(findings: list[Any]) -> list[tuple[str, str, int]]:
    """What is found, with the place in code; what stands in a template has another line in each."""
    return sorted(
        (one["code"], one["message"], one["line"] if one["path"].endswith("app.py") else 0) for one in findings
    )


def test_what_happens_is_seen_with_its_evidence(account: Account) -> None:
    other = {"Records": [{"messageId": "m-0", "body": "other"}]}
    said = account.client("lambda").invoke(FunctionName="guarded", Payload=json.dumps(other))
    assert "FunctionError" not in said, said["Payload"].read()
    lines = account.lambent("watch", "guarded", "--for", "3s", "--json").stdout.splitlines()
    (found,) = [one for one in map(json.loads, lines) if one["code"] == "SEC005"]
    assert found["function"] == "guarded" and "API_KEY" in found["message"] and len(found["evidence"]) == 1
    assert "a-secret-of-this-test" not in "".join(lines)


def torture(account: Account, name: str, *arguments: str) -> Any:
    done = account.lambent("torture", name, "--event", "-", "--json", *arguments, given=json.dumps(EVENT))
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def left(account: Account) -> Any:
    """What the account itself has, which no trial may touch."""
    items = account.client("dynamodb").scan(TableName="seen")["Items"]
    url = account.client("sqs").get_queue_url(QueueName="out")["QueueUrl"]
    attributes = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    objects = account.client("s3").list_objects_v2(Bucket="watched-receipts").get("Contents", [])
    return items, attributes["ApproximateNumberOfMessages"], objects


def test_get_then_put_fails_when_two_are_before_it_at_once(account: Account) -> None:
    before = left(account)
    said = torture(account, "guarded", "--only", "together:1")
    assert len(said["broken"]) == 1, said
    (broken,) = said["broken"]
    assert broken["code"] == "ASY006" and broken["code_places"] == ["code/guarded.zip/app.py:13"]
    assert broken["differences"][0]["place"] == "sqs:SendMessage"
    assert left(account) == before


def test_a_crash_between_an_effect_and_its_mark(account: Account) -> None:
    said = torture(account, "guarded", "--only", "crash-after:1")
    assert len(said["broken"]) == 1, said
    (broken,) = said["broken"]
    assert broken["code"] == "ASY008" and not broken["remains"]


def test_what_may_be_repeated_stands_it_all_and_nothing_is_left(account: Account) -> None:
    before, buckets = left(account), account.client("s3").list_buckets()["Buckets"]
    said = torture(account, "repeatable", "--runs", "12", "--seed", "3")
    assert said["broken"] == [] and said["trials"] == 12
    assert left(account) == before and account.client("s3").list_buckets()["Buckets"] == buckets


@pytest.mark.parametrize(("anew", "codes"), [("", []), ("yes", ["ASY002"])])
def test_what_follows_counts(account: Account, anew: str, codes: list[str]) -> None:
    name = f"letters{anew}"
    queue = account.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    account.deploy(f"sender{anew}", SENDER, QUEUE=queue)
    account.deploy(f"follower{anew}", FOLLOWER, ANEW=anew)
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    account.client("lambda").create_event_source_mapping(FunctionName=f"follower{anew}", EventSourceArn=arn)
    said = torture(account, f"sender{anew}", "--only", "duplicate")
    assert [one["code"] for one in said["broken"]] == codes, said
    assert said["follows"] == [f"follower{anew}"]


def test_an_event_that_does_not_work_is_told_and_an_unknown_trial(account: Account) -> None:
    done = account.lambent("torture", "repeatable", "--event", "-", given='{"Records": [{}]}')
    assert done.returncode == 1 and "does not work without any harm done: KeyError" in done.stderr
    done = account.lambent("torture", "repeatable", "--event", "-", "--only", "x:1", given=json.dumps(EVENT))
    assert done.returncode == 2 and "no trial x:1" in done.stderr
    assert account.lambent("torture", "repeatable", "--event", "nowhere.json").returncode == 2


def test_a_function_is_tuned_on_throttled_cpu_and_stays_as_it_is(account: Account) -> None:
    account.deploy("hashes", HASHES)
    client = account.client("lambda")
    before = client.get_function_configuration(FunctionName="hashes")["RevisionId"], left(account)
    done = account.lambent("tune", "hashes", "--event", "-", "--powers", "128,1024", "--num", "5", "--json", given="{}")
    after = client.get_function_configuration(FunctionName="hashes")["RevisionId"], left(account)
    assert after == before and len(client.list_versions_by_function(FunctionName="hashes")["Versions"]) == 1
    if done.returncode:
        assert "CPU is not throttled here" in done.stderr and os.environ.get("CI") != "true", done.stderr
        return
    said = json.loads(done.stdout)
    slow, fast = said["results"]["stats"]
    assert slow["averageDuration"] > 3 * fast["averageDuration"], said
    assert said["results"]["stateMachine"]["visualization"].startswith("https://lambda-power-tuning.show/#gAAABA==;")
