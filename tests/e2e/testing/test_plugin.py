"""The pytest plugin, in a pytest run of its own."""

import sys

import pytest

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

def create(client, name, code=CODE):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("app.py")
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, code)
    client.create_function(FunctionName=name, Runtime="%(runtime)s", Handler="app.handler", Timeout=20,
        Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": buffer.getvalue()})
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})

def received(sqs, queue, wait):
    got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=wait, MaxNumberOfMessages=10).get("Messages", [])
    for one in got:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
    return [one["Body"] for one in got]

def test_three_minutes_pass_at_once(lambent):
    client, sqs = lambent.client("lambda"), lambent.client("sqs")
    create(client, "f")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    client.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps({"queue": queue}))
    seen = []
    for _ in range(100):
        seen += received(sqs, queue, 0)
        if seen:
            break
    for minutes in (1, 2):
        before = len(seen)
        lambent.advance(f"{minutes}m")
        for _ in range(300):
            seen += received(sqs, queue, 0)
            if len(seen) > before:
                break
    assert len(seen) == 3 and len(set(seen)) == 1

def test_a_function_lives_in_that_time(lambent):
    client = lambent.client("lambda")
    create(client, "tell", TELL)
    told = [json.loads(client.invoke(FunctionName="tell")["Payload"].read())]
    lambent.advance("30d")
    told.append(json.loads(client.invoke(FunctionName="tell")["Payload"].read()))
    assert told[1] - told[0] == 30 * 86_400
    client.delete_function(FunctionName="tell")

def test_the_sdk_finds_it(lambent_env):
    assert [one["FunctionName"] for one in boto3.client("lambda").list_functions()["Functions"]] == ["f"]
    assert lambent_env.recycle() >= 0
    assert lambent_env.findings() is not None
"""


def test_a_run_with_the_plugin(pytester: pytest.Pytester) -> None:
    runtime = f"python3.{sys.version_info.minor}"
    pytester.makepyfile(TESTS.replace("%(runtime)s", runtime))
    pytester.makeini("[pytest]\nlambent_options = --network none --function-time platform\n")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=120)
    done.assert_outcomes(passed=3)
