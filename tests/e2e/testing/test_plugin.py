"""The pytest plugin, in a pytest run of its own."""

import sys

import pytest

from tests.e2e.runtimes.harness import CACHE

pytest_plugins = ("pytester",)

TESTS = """
import io, json, zipfile
import boto3

CODE = '''
import boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=context.aws_request_id)
    raise ValueError("again")
'''

TELL = "import time\\ndef handler(event, context):\\n    return time.time()"

def create(lambent, name, code=CODE):
    client = lambent.client("lambda")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("app.py")
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, code)
    client.create_function(FunctionName=name, Runtime="%(runtime)s", Handler="app.handler", Timeout=20,
        Role=f"arn:aws:iam::{lambent.account}:role/r", Code={"ZipFile": buffer.getvalue()})
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})

def received(sqs, queue, wait):
    got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=wait, MaxNumberOfMessages=10).get("Messages", [])
    for one in got:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
    return [one["Body"] for one in got]

def test_three_minutes_pass_at_once(lambent):
    client, sqs = lambent.client("lambda"), lambent.client("sqs")
    create(lambent, "f")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    client.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps({"queue": queue}))
    seen = []
    for _ in range(3000):
        seen += received(sqs, queue, 0)
        if seen:
            break
    for minutes in (1, 2):
        before = len(seen)
        lambent.advance(f"{minutes}m")
        for _ in range(3000):
            seen += received(sqs, queue, 0)
            if len(seen) > before:
                break
    assert len(seen) == 3 and len(set(seen)) == 1

def test_a_function_lives_in_that_time(lambent):
    client = lambent.client("lambda")
    lambent.client("s3").create_bucket(Bucket="left")
    assert client.list_functions()["Functions"] == []
    assert lambent.client("sqs").list_queues().get("QueueUrls") is None
    create(lambent, "tell", TELL)
    told = [json.loads(client.invoke(FunctionName="tell")["Payload"].read())]
    lambent.advance("30d")
    told.append(json.loads(client.invoke(FunctionName="tell")["Payload"].read()))
    assert told[1] - told[0] == 30 * 86_400
    first = lambent.account
    assert lambent.reset() != first
    assert lambent.client("lambda").list_functions()["Functions"] == []
    assert client.list_functions()["Functions"] != []

def test_the_sdk_finds_it(lambent_env):
    client = boto3.client("lambda")
    create(lambent_env, "f")  # as in the first test, which had an account of its own
    assert [one["FunctionName"] for one in client.list_functions()["Functions"]] == ["f"]
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert lambent_env.recycle() >= 0
    assert lambent_env.findings() is not None

COUNT = "def handler(event, context):\\n    print('GOT', len(event['Records']))"

def driven(lambent, source, **settings):
    client = lambent.client("lambda")
    create(lambent, "counts", COUNT)
    client.create_event_source_mapping(FunctionName="counts", EventSourceArn=source, **settings)

def counted(lambent):
    found = lambent.client("logs").filter_log_events(logGroupName="/aws/lambda/counts", filterPattern="GOT")
    return sum(int(one["message"].split()[1]) for one in found["events"])

def test_a_queue_is_drained(lambent):
    sqs = lambent.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    driven(lambent, f"arn:aws:sqs:us-east-1:{lambent.account}:jobs")
    for start in range(0, 30, 10):
        entries = [{"Id": str(one), "MessageBody": "x"} for one in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    lambent.drain(url)
    assert counted(lambent) == 30

def test_a_stream_is_active_at_once_and_drained(lambent):
    kinesis = lambent.client("kinesis")
    kinesis.create_stream(StreamName="jobs", ShardCount=2)
    driven(lambent, f"arn:aws:kinesis:us-east-1:{lambent.account}:stream/jobs", StartingPosition="TRIM_HORIZON")
    for expected in (20, 40, 60):
        records = [{"Data": b"x", "PartitionKey": str(one)} for one in range(20)]
        assert kinesis.put_records(StreamName="jobs", Records=records)["FailedRecordCount"] == 0
        lambent.drain("jobs")
        assert counted(lambent) == expected

def test_a_stream_is_drained_just_after_it_was_split(lambent):
    kinesis = lambent.client("kinesis")
    kinesis.create_stream(StreamName="jobs", ShardCount=1)
    driven(lambent, f"arn:aws:kinesis:us-east-1:{lambent.account}:stream/jobs", StartingPosition="TRIM_HORIZON")
    records = [{"Data": b"x", "PartitionKey": str(one)} for one in range(20)]
    assert kinesis.put_records(StreamName="jobs", Records=records)["FailedRecordCount"] == 0
    kinesis.split_shard(StreamName="jobs", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(1 << 127))
    while kinesis.describe_stream_summary(StreamName="jobs")["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE":
        pass
    assert kinesis.put_records(StreamName="jobs", Records=records)["FailedRecordCount"] == 0
    lambent.drain("jobs")
    assert counted(lambent) == 40

def test_a_table_is_drained(lambent):
    client = lambent.client("dynamodb")
    made = client.create_table(
        TableName="jobs", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    driven(lambent, made["TableDescription"]["LatestStreamArn"], StartingPosition="TRIM_HORIZON")
    for expected in (10, 20):
        for one in range(10):
            client.put_item(TableName="jobs", Item={"id": {"S": str(one)}, "n": {"N": str(expected)}})
        lambent.drain("jobs")
        assert counted(lambent) == expected

def test_what_no_mapping_reads_is_not_drained_in_silence(lambent):
    try:
        lambent.drain("jobs")
    except LookupError as error:
        assert "jobs" in str(error)
    else:
        raise AssertionError("those of the tests before are in other accounts")

def test_what_tests_share_is_in_an_account_that_none_of_them_sees(lambent_server, lambent):
    assert lambent_server is lambent
    assert lambent.client("lambda").list_functions()["Functions"] == []
"""


def test_a_run_with_the_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE.parent))  # its home is another
    runtime = f"python3.{sys.version_info.minor}"
    pytester.makepyfile(TESTS.replace("%(runtime)s", runtime))
    pytester.makeini("[pytest]\nlambent_options = --network none --function-time platform\n")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=120)
    done.assert_outcomes(passed=9)
    assert not list(pytester.path.rglob("state.db")), "it leaves its data folder"
